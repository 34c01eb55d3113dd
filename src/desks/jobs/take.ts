import type { Actor, Call, Input, Reply, StatementVerb } from '../../base/endpoint.ts'
import { reply } from '../../base/endpoint.ts'
import type { RefusalDetail } from '../../base/errors.ts'
import { newId } from '../../base/ids.ts'
import type { Signals } from '../../base/signals.ts'
import { run, statement } from '../../base/statement.ts'
import { tell } from '../../core/events/write.ts'
import type { jobsApi } from './api.ts'
import { type Job, type JobRow, timers, viewJob } from './job.ts'
import { refuseJob } from './refusals.ts'

type Endpoints = (typeof jobsApi)['endpoints']

const takeJob = statement(
  {
    owner: 'uuid',
    agent: 'uuid',
    agent_name: 'text',
    job: 'uuid',
    token: 'uuid',
    min_price: 'bigint',
    skills: 'text[]',
    min_score: 'real',
    oldest: 'boolean',
    live: 'boolean',
  },
  `taken as materialized (
  select * from job_take((select json_agg(asked) from asked), (select bool_or(live) from asked),
    '${timers.hold}', '${timers.notAgain}', '${timers.queued}')
), told as (
  ${tell({
    name: `'job.held'`,
    ref: `'job:' || job_id`,
    parties: ['sender', 'owner'],
    data: `json_build_object('job_id', job_id, 'agent_id', agent)`,
    from: 'taken where is_new',
  })}
), done as (select * from taken)`,
  {
    subject: 'owner',
    row: `case when done.code is null then done.held else json_build_object('refused', done.code, 'detail', done.detail) end`,
    lasting: 'done.code is null',
  },
)

/** What the statement answers: the held job, or why there is none. */
type Taken = JobRow | { refused: Parameters<typeof refuseJob>[0]; detail: RefusalDetail }

function orRefuse(taken: Taken | null): JobRow | null {
  if (taken && 'refused' in taken) throw refuseJob(taken.refused, taken.detail)
  return taken
}

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
  const once = async (call: Call, input: Input<Endpoints['pull']>): Promise<JobRow | null> => {
    const taken: Taken | null = await run(call, takeJob, {
      owner: call.actor.userId,
      agent: agentMeant(call.actor, input.agent_id),
      agent_name: input.agent_name,
      job: null,
      token: newId(),
      min_price: input.min_price_cents,
      skills: input.skills,
      min_score: input.min_score,
      oldest: ++pulls % 16 === 0,
      live: settings.live,
    })
    return orRefuse(taken)
  }
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
        // Whoever's key has died or who was suspended while they waited gets no work any more.
        if (call.stillWelcome && !(await call.stillWelcome())) return null
      }
    },
    show: (call, row) => (row ? showHeld(call, row) : reply(204, null)),
  }
}

/** Holds this very job for an agent for 30 seconds. */
export const claim = (settings: { live: boolean }): StatementVerb<Endpoints['claim'], JobRow> => ({
  async act(call, input) {
    const taken: Taken | null = await run(call, takeJob, {
      owner: call.actor.userId,
      agent: agentMeant(call.actor, input.agent_id),
      agent_name: input.agent_name,
      job: input.id,
      token: newId(),
      min_price: null,
      skills: null,
      min_score: null,
      oldest: false,
      live: settings.live,
    })
    return orRefuse(taken)
  },
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
