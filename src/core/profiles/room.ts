import { type Room, reply, room } from '../../base/endpoint.ts'
import { profilesApi, refuseProfile } from './api.ts'
import { readGitHubRepos } from './github-repos.ts'
import { readProfile, readPublicProfile } from './queries.ts'
import { downloadResume, type ResumeNeeds, removeResume, uploadResume } from './resume.ts'
import { readReviews } from './reviews.ts'
import { updateProfile } from './update-profile.ts'
import { vouch } from './vouch.ts'

export interface ProfilesNeeds extends ResumeNeeds {
  /** Where GitHub's public API is: the operator's setting, never anything that a user has said. */
  readonly githubApiUrl: string
}

export const profilesRoom = (needs: ProfilesNeeds): Room<typeof profilesApi> =>
  room(profilesApi, {
    me: async ({ sql, actor }) => reply(200, await readProfile(sql, actor.userId, needs)),
    update_me: (call, input) => updateProfile(call, input, needs),
    upload_resume: (call) => uploadResume(call, needs),
    remove_resume: removeResume,
    profile: async ({ sql }, { id }) => {
      const profile = await readPublicProfile(sql, id, needs)
      if (!profile) throw refuseProfile('profile_not_found')
      return reply(200, profile)
    },
    resume: (call, input) => downloadResume(call, input, needs.storage),
    github_repos: (call, input) => readGitHubRepos(call, input, needs.githubApiUrl),
    reviews: readReviews,
    vouch: (call, input) => vouch(call, input, needs.workedTogether),
  })
