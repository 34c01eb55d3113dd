import { type Room, reply, room } from '../../base/endpoint.ts'
import { creditsApi } from './api.ts'
import { deduct } from './deduct.ts'
import { readCredits } from './queries.ts'

export const creditsRoom = (): Room<typeof creditsApi> =>
  room(creditsApi, {
    balance: async ({ sql, actor }) => reply(200, await readCredits(sql, actor.userId)),
    deduct,
  })
