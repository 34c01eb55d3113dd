import type { Sql } from '../../base/db.ts'
import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import type { Signals } from '../../base/signals.ts'
import type { Verdict } from '../../core/verification/check.ts'
import { type jobsApi, refuseJob } from './api.ts'
import { forSender, viewJob } from './job.ts'
import { readJob } from './queries.ts'

const streamsMax = 20
/** How often a stream looks by itself, in case a signal was lost, and shows that it lives. */
const lookEveryMs = 10_000
/** How often a stream asks whether its credential is still good: a dead one is noticed within 5 s. */
const checkEveryMs = 4_000

interface Line {
  id: number
  kind: 'log' | 'verdict' | 'end'
  data: unknown
  created_at: string
}

// The sender reads every line; a worker those about their own attempts, because verdicts quote the work.
const readLines = `select row_to_json(line) as row from (
  select id, kind, data, created_at from job_log
  where job_id = $1 and id > $2 and (worker is null or worker = $3 or $4) order by id limit 200) as line`

const openStreams = new Map<string, number>()

/** The verification log of a job as it grows. Ids are the database's, so any process goes on where another broke off. */
export const streamLogs =
  (signals: Signals) =>
  async (
    call: Call,
    { id }: Input<(typeof jobsApi)['endpoints']['logs']>,
  ): Promise<Reply<AsyncIterable<string> | null>> => {
    const { sql, actor, lastEventId } = call
    const row = await readJob(sql, id, actor.userId)
    const isParty =
      row && viewJob(row, actor.userId) && (row.sender === actor.userId || (await hasWorked(sql, id, actor.userId)))
    if (!isParty) throw refuseJob('job_not_found')
    const after = /^\d{1,15}$/.test(lastEventId ?? '') ? Number(lastEventId) : 0
    const [end] = await sql.rows<{ id: number }>(`select id from job_log where job_id = $1 and kind = 'end'`, [id])
    if (end && end.id <= after) return reply(204, null)
    if ((openStreams.get(actor.userId) ?? 0) >= streamsMax)
      throw refuseJob('too_many_streams', { retryable: true, retry_after_seconds: 5 })
    return reply(200, follow(call, signals, id, after, row.sender === actor.userId), {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
  }

/** Whoever holds or has accepted the job, or has made an attempt at it before. */
async function hasWorked(sql: Sql, job: string, viewer: string): Promise<boolean> {
  const rows = await sql.rows(
    `select 1 from job where id = $1 and (receiver = $2 or (hold_owner = $2 and status = 'held'))
     union all select 1 from job_presentation where job_id = $1 and owner_id = $2 and outcome not in ('rejected', 'lapsed') limit 1`,
    [job, viewer],
  )
  return rows.length > 0
}

async function* follow(
  call: Call,
  signals: Signals,
  job: string,
  after: number,
  isSender: boolean,
): AsyncGenerator<string> {
  const { sql, actor } = call
  const signal = call.gone?.()
  const user = actor.userId
  openStreams.set(user, (openStreams.get(user) ?? 0) + 1)
  let last = after
  let looked = 0
  let checked = Date.now()
  let told = true
  try {
    yield 'retry: 2000\n\n'
    for (;;) {
      if (told || Date.now() - looked >= lookEveryMs) {
        const lines = await sql.rows<{ row: Line }>(readLines, [job, last, user, isSender])
        looked = Date.now()
        for (const { row } of lines) {
          last = row.id
          yield `id: ${row.id}\nevent: ${row.kind}\ndata: ${JSON.stringify(row.kind === 'verdict' && isSender ? forSender(row.data as Verdict) : row.data)}\n\n`
          if (row.kind === 'end') return
        }
        if (lines.length === 0) yield ': nothing new\n\n'
        else continue
      }
      const from = Date.now()
      const goOn = await signals.wait(`log:${job}`, checkEveryMs, signal ? { signal } : {})
      told = Date.now() - from < checkEveryMs - 50
      if (!goOn) return
      if (Date.now() - checked >= checkEveryMs) {
        checked = Date.now()
        if (call.stillWelcome && !(await call.stillWelcome())) return
      }
    }
  } finally {
    const left = (openStreams.get(user) ?? 1) - 1
    if (left > 0) openStreams.set(user, left)
    else openStreams.delete(user)
  }
}
