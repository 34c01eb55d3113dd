import { z } from 'zod'
import { contract, endpoint } from '../../base/endpoint.ts'
import { edgeRefusals, refusing } from '../../base/refusals.ts'
import { PersonName } from '../accounts/user.ts'
import { Bio, Profile, Skills, UserType, WebsiteUrl } from './profile.ts'

export const profileRefusals = {
  resume_not_there: [
    'invalid',
    'There is no uploaded résumé at this address of ours; upload one with POST /api/profile/me/resume.',
  ],
} as const

export const refuseProfile = refusing({ ...edgeRefusals, ...profileRefusals })

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
})
