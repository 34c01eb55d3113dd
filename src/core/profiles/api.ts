import { z } from 'zod'
import { contract, endpoint } from '../../base/endpoint.ts'
import { Cursor, Int, Limit } from '../../base/page.ts'
import { edgeRefusals, refusing } from '../../base/refusals.ts'
import { PersonName } from '../accounts/user.ts'
import { fileRefusals } from '../files/api.ts'
import {
  Bio,
  GitHubRepos,
  Profile,
  PublicProfile,
  profileLimits,
  Review,
  Skills,
  UserType,
  Vouch,
  WebsiteUrl,
} from './profile.ts'

export const profileRefusals = {
  profile_not_found: ['not_found', 'There is nobody with this id.'],
  resume_missing: ['invalid', 'Send one file as multipart/form-data in the field "resume".'],
  resume_type: [
    'invalid',
    'A résumé is a PDF, JPEG, PNG or WebP file, and this is none by its content, whatever its name says.',
  ],
  resume_too_large: ['too_large', 'A résumé may have at most 5 MB.'],
  resume_not_found: ['not_found', 'They have no résumé uploaded here.'],
  quota_reached: fileRefusals.quota_reached,
  storage_away: fileRefusals.storage_away,
  no_github: ['not_found', 'They have no GitHub name here, or GitHub does not know it any more.'],
  github_away: ['unavailable', 'GitHub does not answer now; try again in a moment.'],
  own_vouch: ['invalid', 'You cannot vouch for yourself.'],
  vouch_exists: ['conflict', 'You vouch for them already; that is for good.'],
  too_many_vouches: ['invalid', 'You have vouched for 20 people within 24 hours, which is the most; go on tomorrow.'],
  resume_not_there: [
    'invalid',
    'There is no uploaded résumé at this address of ours; upload one with POST /api/profile/me/resume.',
  ],
} as const

export const refuseProfile = refusing({ ...edgeRefusals, ...profileRefusals })

const userId = { id: z.uuid().describe('Of the user.') }

export const profilesApi = contract('profiles', profileRefusals, {
  me: endpoint({
    route: 'GET /api/profile/me',
    summary: 'Your profile, with your type, score, credits and plan.',
    kind: 'read',
    access: 'caller',
    scope: 'account',
    input: z.strictObject({}),
    answers: { 200: Profile },
    refusals: [],
  }),
  update_me: endpoint({
    route: 'PATCH /api/profile/me',
    summary: 'Change your profile; fields you leave out stay.',
    description: 'A client posts gigs and starts negotiations, a freelancer applies; you may switch at any time.',
    kind: 'transaction',
    access: 'caller',
    scope: 'account',
    input: z.strictObject({
      user_type: UserType.optional().describe('Which side you are on from now on: client or freelancer.'),
      display_name: PersonName.optional().describe('How people call you.'),
      bio: Bio.nullable().optional().describe('Who you are; null clears it.'),
      skills: Skills.optional().describe('What you can do, at most 50 words or phrases.'),
      portfolio_website_url: WebsiteUrl.nullable().optional().describe('A page that shows your work; null clears it.'),
      resume_url: WebsiteUrl.nullable()
        .optional()
        .describe('An https address of your résumé; null clears it, and deletes an uploaded one.'),
    }),
    answers: { 200: Profile },
    refusals: ['resume_not_there'],
    example: { input: { user_type: 'freelancer', bio: 'I write compilers.', skills: ['rust', 'llvm'] } },
  }),
  upload_resume: endpoint({
    route: 'POST /api/profile/me/resume',
    summary:
      'Upload your résumé (multipart field "resume": PDF, JPEG, PNG or WebP, at most 5 MB) in place of what was there.',
    description: 'What it is, its content says, not its name. Everybody who can see your profile can download it.',
    kind: 'upload',
    fileField: 'resume',
    access: 'caller',
    scope: 'account',
    input: z.strictObject({}),
    answers: { 200: z.strictObject({ resume_url: z.string(), profile: Profile }) },
    refusals: ['resume_missing', 'resume_type', 'resume_too_large', 'quota_reached', 'storage_away'],
  }),
  remove_resume: endpoint({
    route: 'DELETE /api/profile/me/resume',
    summary: 'Take your résumé off your profile; an uploaded one is deleted.',
    kind: 'transaction',
    access: 'caller',
    scope: 'account',
    input: z.strictObject({}),
    answers: { 200: z.strictObject({ ok: z.literal(true), resume_url: z.null() }) },
    refusals: [],
  }),
  profile: endpoint({
    route: 'GET /api/profile/:id',
    summary: 'What anybody may know of a person.',
    kind: 'read',
    access: 'public',
    input: z.strictObject(userId),
    answers: { 200: PublicProfile },
    refusals: ['profile_not_found'],
  }),
  resume: endpoint({
    route: 'GET /api/profile/:id/resume',
    summary: 'The résumé that somebody uploaded; always a download.',
    kind: 'read',
    access: 'public',
    input: z.strictObject(userId),
    answers: { 200: 'bytes' },
    refusals: ['resume_not_found', 'storage_away'],
  }),
  github_repos: endpoint({
    route: 'GET /api/profile/:id/github-repos',
    summary: 'The public repositories of a person who signs in with GitHub, the last changed first.',
    description: 'As GitHub’s public API tells them, at most ten minutes old.',
    kind: 'read',
    access: 'public',
    input: z.strictObject({
      ...userId,
      per_page: Int(1, profileLimits.reposMax).default(10).describe('How many to list, at most 30.'),
    }),
    answers: { 200: GitHubRepos },
    refusals: ['profile_not_found', 'no_github', 'github_away'],
  }),
  reviews: endpoint({
    route: 'GET /api/profile/:id/reviews',
    summary: 'The published reviews of a person by those they had contracts with, newest first.',
    description: 'Their average over the reviews that count stands in the profile.',
    kind: 'read',
    access: 'public',
    input: z.strictObject({ ...userId, limit: Limit, cursor: Cursor }),
    answers: { 200: z.array(Review) },
    refusals: ['profile_not_found'],
  }),
  vouch: endpoint({
    route: 'POST /api/vouches',
    summary: 'Vouch for somebody; it shows on their profile and cannot be undone.',
    kind: 'transaction',
    access: 'caller',
    scope: 'account',
    input: z.strictObject({ vouched_user_id: z.uuid().describe('Whom you vouch for.') }),
    answers: { 201: Vouch },
    refusals: ['profile_not_found', 'own_vouch', 'vouch_exists', 'too_many_vouches'],
    example: { input: { vouched_user_id: '01a20226-00b5-7bc1-9461-989abfd9ed53' } },
  }),
})
