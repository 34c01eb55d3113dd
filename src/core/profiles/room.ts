import { type Room, reply, room } from '../../base/endpoint.ts'
import { profilesApi } from './api.ts'
import { type ProfileReading, readProfile } from './queries.ts'
import { updateProfile } from './update-profile.ts'

export type ProfilesNeeds = ProfileReading

export const profilesRoom = (needs: ProfilesNeeds): Room<typeof profilesApi> =>
  room(profilesApi, {
    me: async ({ sql, actor }) => reply(200, await readProfile(sql, actor.userId, needs)),
    update_me: (call, input) => updateProfile(call, input, needs),
  })
