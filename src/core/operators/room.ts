import { reply, room } from '../../base/endpoint.ts'
import { decodeCursor, decodePlace, encodeCursor, encodePlace } from '../../base/page.ts'
import { platformBalances, readAudit, readSeals, readTransfers } from '../ledger/look.ts'
import { operatorsApi, refuseOperator } from './api.ts'
import { readActs } from './audit.ts'
import { type Oversight, readFreezeAt, readOverview } from './overview.ts'
import { readPeople } from './people.ts'
import { readStuck } from './stuck.ts'
import { restore, suspend } from './suspend.ts'

const unknownCursor = () =>
  refuseOperator('invalid_input', { issues: [{ path: 'cursor', message: 'is not one of ours' }] })

/** Every endpoint here has `access: 'operator'`: to anybody else there is nothing. What desks let operators do stands in their own contracts. */
export const operatorsRoom = (oversight: Oversight) =>
  room(operatorsApi, {
    overview: async ({ sql }) => reply(200, await readOverview(sql, oversight)),
    stuck: async ({ sql }, { limit }) => reply(200, await readStuck(sql, oversight.stuck, limit)),
    users: async ({ sql }, { q, suspended, limit, cursor }) => {
      const after = cursor === undefined ? null : decodeCursor(cursor)
      if (cursor !== undefined && !after) throw unknownCursor()
      const { people, last } = await readPeople(sql, oversight.emails, {
        q,
        suspended: suspended === undefined ? undefined : suspended === 'true',
        limit,
        after,
      })
      return last ? reply(200, people, { 'x-next-cursor': encodeCursor(last.at, last.id) }) : reply(200, people)
    },
    ledger: async ({ sql }, { ref, limit }) =>
      reply(200, {
        freeze: await readFreezeAt(sql),
        seal: await readSeals(sql),
        platform: await platformBalances(sql),
        audit: await readAudit(sql),
        transfers: ref === undefined ? [] : await readTransfers(sql, ref, limit),
      }),
    suspend: (call, input) => suspend(call, input, oversight.emails),
    restore: (call, input) => restore(call, input, oversight.emails),
    audit: async ({ sql }, { ref, limit, cursor }) => {
      const before = cursor === undefined ? undefined : decodePlace(cursor)
      if (before === null) throw unknownCursor()
      const acts = await readActs(sql, { ref, before, limit })
      return acts.length === limit
        ? reply(200, acts, { 'x-next-cursor': encodePlace(acts.at(-1)!.id) })
        : reply(200, acts)
    },
  })
