import { type Call, type Input, type Reply, reply } from '../../../base/endpoint.ts'
import type { negotiationsApi } from './api.ts'
import { change, make } from './change.ts'
import { type Negotiation, viewNegotiation } from './negotiation.ts'
import { holdNegotiation, readNegotiation } from './queries.ts'

const shareText = `insert into contact_share (negotiation_id, user_id, contact_type, contact_value, shared_at) values ($1, $2, $3, $4, app_now())
  on conflict (negotiation_id, user_id) do update
    set contact_type = excluded.contact_type, contact_value = excluded.contact_value, shared_at = excluded.shared_at
    where (contact_share.contact_type, contact_share.contact_value) <> (excluded.contact_type, excluded.contact_value)
  returning user_id`

// A contact is no answer: neither state nor deadline moves.
const noteText = change(`update negotiation set updated_at = app_now() where id = $1`, 'negotiation.updated')

/** Shares a contact with the other party of a negotiation, at once and with nobody else; a new one takes the place of the old. */
export async function shareContact(
  { sql, actor }: Call,
  { id, contact_type, contact_value }: Input<(typeof negotiationsApi)['endpoints']['share_contact']>,
): Promise<Reply<Negotiation>> {
  await holdNegotiation(sql, actor.userId, id)
  const [shared] = await sql.rows(shareText, [id, actor.userId, contact_type, contact_value])
  // The value itself stands in one place only.
  if (shared) await make(sql, noteText, id, actor.userId, 'contact_shared', { contact_type })
  return reply(200, viewNegotiation((await readNegotiation(sql, actor.userId, id))!, actor.userId))
}
