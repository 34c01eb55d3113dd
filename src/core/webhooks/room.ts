import { type Call, type Input, type Reply, type Room, reply, room } from '../../base/endpoint.ts'
import { decodeCursor, encodeCursor } from '../../base/page.ts'
import { refuseWebhook, webhooksApi } from './api.ts'
import { create, type WebhookNeeds } from './create.ts'
import { isOwn, readDeliveries, readWebhooks } from './queries.ts'
import { redeliver, redeliverRange } from './redeliver.ts'
import { remove } from './remove.ts'
import { rotate } from './rotate.ts'
import { tryOut } from './try-out.ts'
import { update } from './update.ts'
import type { Delivery } from './webhook.ts'

export const webhooksRoom = (needs: WebhookNeeds): Room<typeof webhooksApi> =>
  room(webhooksApi, {
    list: async ({ sql, actor }) => reply(200, await readWebhooks(sql, actor.userId)),
    create: (call, input) => create(call, input, needs),
    update: (call, input) => update(call, input, needs),
    delete: remove,
    test: tryOut,
    rotate: (call, input) => rotate(call, input, needs.sealer),
    deliveries,
    redeliver,
    redeliver_range: redeliverRange,
  })

async function deliveries(
  { sql, actor }: Call,
  { id, status, limit, cursor }: Input<(typeof webhooksApi)['endpoints']['deliveries']>,
): Promise<Reply<Delivery[]>> {
  const after = cursor === undefined ? null : decodeCursor(cursor)
  if (cursor !== undefined && !after)
    throw refuseWebhook('invalid_input', { issues: [{ path: 'cursor', message: 'is not one of ours' }] })
  if (!(await isOwn(sql, actor.userId, id))) throw refuseWebhook('webhook_not_found')
  const { deliveries: found, last } = await readDeliveries(sql, id, status, limit, after)
  return found.length === limit && last
    ? reply(200, found, { 'x-next-cursor': encodeCursor(last.created_at, last.id) })
    : reply(200, found)
}
