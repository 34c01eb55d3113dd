import { reply, room } from '../../../base/endpoint.ts'
import { pageOf } from '../page-of.ts'
import { agree } from './agree.ts'
import { negotiationsApi, refuseNegotiation } from './api.ts'
import { decline } from './decline.ts'
import { viewNegotiation } from './negotiation.ts'
import { readAudit, readNegotiation, readNegotiations } from './queries.ts'
import { round } from './round.ts'
import { shareContact } from './share-contact.ts'
import { negotiate, start } from './start.ts'

export const negotiationsRoom = () =>
  room(negotiationsApi, {
    negotiations: ({ sql, actor: { userId } }, input) =>
      pageOf(
        input,
        (page) => readNegotiations(sql, userId, input.state, page),
        (rows) => rows.map((row) => viewNegotiation(row, userId)),
      ),
    start,
    negotiate,
    negotiation: async ({ sql, actor: { userId } }, { id, audit }) => {
      const row = await readNegotiation(sql, userId, id)
      if (!row) throw refuseNegotiation('negotiation_not_found')
      const seen = viewNegotiation(row, userId)
      return reply(200, audit === '1' || audit === 'true' ? { ...seen, audit: await readAudit(sql, id) } : seen)
    },
    round,
    agree,
    decline,
    share_contact: shareContact,
  })
