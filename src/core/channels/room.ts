import { type Room, reply, room } from '../../base/endpoint.ts'
import { channelsApi } from './api.ts'
import { confirm, resend } from './confirm.ts'
import { type ChannelsNeeds, create } from './create.ts'
import { readChannels, readMessages } from './queries.ts'
import { remove } from './remove.ts'
import { stop } from './stop.ts'
import { tryOut } from './try-out.ts'
import { update } from './update.ts'

export const channelsRoom = (needs: ChannelsNeeds): Room<typeof channelsApi> =>
  room(channelsApi, {
    list: async ({ sql, actor }) => reply(200, await readChannels(sql, actor.userId, needs)),
    create: (call, input) => create(call, input, needs),
    update: (call, input) => update(call, input, needs),
    delete: remove,
    test: tryOut,
    confirm: (call, input) => confirm(call, input, needs),
    resend: (call, input) => resend(call, input, needs),
    messages: async ({ sql, actor }, { id, limit }) => reply(200, await readMessages(sql, actor.userId, id, limit)),
    stop: (call, input) => stop(call, input, needs.sealer),
  })
