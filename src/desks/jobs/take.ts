import type { Actor, Call, Input, Reply, StatementVerb } from '../../base/endpoint.ts'
import { reply } from '../../base/endpoint.ts'
import { newId } from '../../base/ids.ts'
import type { Signals } from '../../base/signals.ts'
import { run, statement } from '../../base/statement.ts'
import { type jobsApi, refuseJob } from './api.ts'
import { type Job, type JobRow, timers, viewJob } from './job.ts'

type Endpoints = (typeof jobsApi)['endpoints']

const takeJob = statement(
  `done as (
  select row from job_take($1::uuid, $2::uuid, $3::text, $4::uuid, $5::uuid, $6::bigint, $7::text[], $8::real, $9::boolean, $10::boolean,
    '${timers.hold}', '${timers.notAgain}', '${timers.queued}') as row
  where row is not null
)`,
  'done.row',
)

/** The agent a call means: the one it names; a key bound to an agent means that one and no other. */
export function agentMeant(actor: Actor, named: string | undefined): string | null {
  if (actor.agentId && named && named !== actor.agentId) throw refuseJob('agent_not_allowed')
  return actor.agentId ?? named ?? null
}

/** How many of those who wait are roused by one job, and how often the others look by themselves. */
const rousedAtOnce = 3
const lookEveryMs = 2_000

/**
 * Holds the best matching job for an agent for 30 seconds; null when none is eligible. The oldest is served now and then. With
 * `wait_seconds` it looks again whenever a job is queued, in no transaction meanwhile.
 */
export const pull = (settings: { live: boolean; signals: Signals }): StatementVerb<Endpoints['pull'], JobRow> => {
  // Every 16th pull of a process serves whoever has waited longest, so that a poor match is not passed over for ever.
  let pulls = 0
  const once = (call: Call, input: Input<Endpoints['pull']>): Promise<JobRow | null> =>
    run<JobRow>(call, takeJob, [
      call.actor.userId,
      agentMeant(call.actor, input.agent_id),
      input.agent_name,
      null,
      newId(),
      input.min_price_cents,
      input.skills,
      input.min_score,
      ++pulls % 16 === 0,
      settings.live,
    ])
  return {
    async act(call, input) {
      let gone: AbortSignal | undefined
      const until = Date.now() + 1_000 * (input.wait_seconds ?? 0)
      for (;;) {
        const row = await once(call, input)
        const left = until - Date.now()
        if (row || left <= 0) return row
        gone ??= call.gone?.()
        const options = { most: rousedAtOnce, ...(gone ? { signal: gone } : {}) }
        if (!(await settings.signals.wait('queued', Math.min(left, lookEveryMs), options))) return null
      }
    },
    show: (call, row) => (row ? showHeld(call, row) : reply(204, null)),
  }
}

/** Holds this very job for an agent for 30 seconds. */
export const claim = (settings: { live: boolean }): StatementVerb<Endpoints['claim'], JobRow> => ({
  act: (call, input) =>
    run<JobRow>(call, takeJob, [
      call.actor.userId,
      agentMeant(call.actor, input.agent_id),
      input.agent_name,
      input.id,
      newId(),
      null,
      null,
      null,
      false,
      settings.live,
    ]),
  show: (call, row) => showHeld(call, row!),
})

function showHeld({ actor }: Call, row: JobRow): Reply<Job & { match: { score: number; why: string[] } }> {
  const words = row.hold_why ?? []
  const why =
    words.length > 0 ? [`shares the words: ${words.join(', ')}`] : ['has waited longest of what you may work on']
  return reply(200, {
    ...viewJob(row, actor.userId)!,
    match: { score: Math.min(1, Math.round((row.hold_score ?? 0) * 1000) / 1000), why },
  })
}
