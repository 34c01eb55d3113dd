import type { Sql } from '../../../base/db.ts'
import { type Actor, type Call, type Input, type Reply, reply } from '../../../base/endpoint.ts'
import { newId } from '../../../base/ids.ts'
import { sqlList } from '../../../base/states.ts'
import { applicationLife } from '../gig/application.ts'
import { maySeeGig } from '../gig/gig.ts'
import { holdGig } from '../gig/queries.ts'
import { timers } from '../timers.ts'
import { isOfType } from '../user-type.ts'
import { type negotiationsApi, refuseNegotiation } from './api.ts'
import { change, make, turn } from './change.ts'
import { lapse } from './lapse.ts'
import { liveStates, type Negotiation, negotiationStates, viewNegotiation } from './negotiation.ts'
import { holdNegotiation, isSilent, readNegotiation } from './queries.ts'
import { propose, type Terms } from './round.ts'

/** Live negotiations a client may have at once. */
const liveMost = 50

const live = sqlList(liveStates)

const startText = change(
  `insert into negotiation (id, gig_id, client_id, worker_id, state, due_at, created_at, updated_at)
  select $1, $5, $2, $6, '${negotiationStates[0]}', now + interval '${timers.silence}', now, now from (select app_now() as now) as clock`,
  'negotiation.created',
)

type Start = Input<(typeof negotiationsApi)['endpoints']['start']>

/** A client starts to negotiate with somebody they have shortlisted: one live negotiation for each gig and worker. */
export async function start({ sql, actor }: Call, input: Start): Promise<Reply<Negotiation>> {
  return begun(sql, actor, await begin(sql, actor, input))
}

/** The same, with the first round in it where any terms are named. */
export async function negotiate(
  { sql, actor }: Call,
  { gig_id, worker_user_id, ...terms }: Start & Terms,
): Promise<Reply<Negotiation>> {
  const id = await begin(sql, actor, { gig_id, worker_user_id })
  if (Object.values(terms).some((term) => term !== undefined))
    await propose(sql, await holdNegotiation(sql, actor.userId, id), actor.userId, terms)
  return begun(sql, actor, id)
}

const begun = async (sql: Sql, { userId }: Actor, id: string): Promise<Reply<Negotiation>> =>
  reply(201, viewNegotiation((await readNegotiation(sql, userId, id))!, userId))

async function begin(sql: Sql, { userId }: Actor, { gig_id: gigId, worker_user_id: worker }: Start): Promise<string> {
  // One at a time for a person, or two at once would both be the fiftieth, or both the one with this worker.
  await sql.rows(`select account_lock($1)`, [userId])
  if (!(await isOfType(sql, userId, 'client'))) throw refuseNegotiation('client_only')
  const gig = await holdGig(sql, gigId, 'for share')
  if (!gig || !maySeeGig(gig, userId)) throw refuseNegotiation('gig_not_found')
  if (gig.owner_id !== userId) throw refuseNegotiation('gig_not_yours')
  const [shortlisted] = await sql.rows(
    `select id from application where gig_id = $1 and worker_id = $2 and status = ${applicationLife.to('shortlist')} for share`,
    [gigId, worker],
  )
  if (!shortlisted) throw refuseNegotiation('not_shortlisted')
  await mustBeFirst(sql, gigId, worker)
  const [count] = await sql.rows<{ n: number }>(
    `select count(*) as n from negotiation n where n.client_id = $1 and n.state in (${live}) and not (${isSilent})`,
    [userId],
  )
  if (count!.n >= liveMost) throw refuseNegotiation('too_many_negotiations')
  const id = newId()
  await make(sql, startText, id, userId, 'created', {}, [gigId, worker])
  await turn.pass(sql, id, userId)
  return id
}

/** There is no other live negotiation about this gig with this worker; one that silence has ended is written down as over. */
async function mustBeFirst(sql: Sql, gig: string, worker: string): Promise<void> {
  const [other] = await sql.rows<{ id: string }>(
    `select id from negotiation where gig_id = $1 and worker_id = $2 and state in (${live})`,
    [gig, worker],
  )
  if (other && !(await lapse(sql, other.id)))
    throw refuseNegotiation('negotiation_exists', { negotiation_id: other.id })
}
