import type { Sql } from '../../base/db.ts'
import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import { block, type Look, type Source, type Streams, streamHeaders } from '../../base/stream.ts'
import type { Verdict } from '../../core/verification/check.ts'
import type { jobsApi } from './api.ts'
import { forSender, viewJob } from './job.ts'
import { onlyWithout, readJob } from './queries.ts'
import { refuseJob } from './refusals.ts'

interface Line {
  id: number
  kind: 'log' | 'verdict' | 'end'
  data: unknown
  created_at: string
}

// The sender reads every line; a worker those about their own attempts, because verdicts quote the work.
const readLines = `with here as materialized (select from job where id = $1)
select row_to_json(line) as row from (
  (select id, kind, data, created_at from job_log
   where job_id = $1 and id > $2 and (worker is null or worker = $3 or $4) order by id limit 200)
  union all select past.* from ${onlyWithout('here')}, job_past_lines($1, $2, $3, $4) as past
) as line order by id`

const readEnd = `with here as materialized (select id, kind from job_log where job_id = $1 and kind = 'end')
  select id from here union all select id from ${onlyWithout('here')}, job_past_lines($1, 0, null, true) where kind = 'end'`

// Lines of somebody else's attempt are looked at in vain; there are few, and few who watch meanwhile.
const whereLinesCame = `select n from unnest($1::uuid[], $2::bigint[]) with ordinality as reader (job, after, n)
  where exists (select from job_log where job_id = reader.job and id > reader.after)`

/** The verification log of a job as it grows. Ids are the database's, so any process goes on where another broke off. */
export const streamLogs =
  (streams: Streams) =>
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
    const [end] = await sql.rows<{ id: number }>(readEnd, [id])
    if (end && end.id <= after) return reply(204, null)
    const isSender = row.sender === actor.userId
    const lines = linesBehind(sql, id, actor.userId, isSender, after)
    const stream = await streams.follow(call, { sql, topic: `log:${id}`, news: whereLinesCame, of: id, ...lines })
    if (!stream) throw refuseJob('too_many_streams', { retryable: true, retry_after_seconds: 5 })
    return reply(200, stream, streamHeaders)
  }

/** Whoever holds or has accepted the job, or has made an attempt at it before. */
async function hasWorked(sql: Sql, job: string, viewer: string): Promise<boolean> {
  const rows = await sql.rows(
    `select 1 from job where id = $1 and (receiver = $2 or (hold_owner = $2 and status = 'held'))
     union all select 1 from job_presentation where job_id = $1 and owner_id = $2 and outcome not in ('rejected', 'lapsed') limit 1`,
    [job, viewer],
  )
  if (rows.length > 0) return true
  const [past] = await sql.rows<{ worked: boolean }>(`select job_past_worked_on($1, $2) as worked`, [job, viewer])
  return past!.worked
}

/** The lines that have come since the last look, from a place in the log on. */
function linesBehind(
  sql: Sql,
  job: string,
  user: string,
  isSender: boolean,
  after: number,
): Pick<Source, 'look' | 'after'> {
  let last = after
  const look = async (): Promise<Look> => {
    const lines = await sql.rows<{ row: Line }>(readLines, [job, last, user, isSender])
    last = lines.at(-1)?.row.id ?? last
    return {
      blocks: lines.map(({ row: { id, kind, data } }) =>
        block(kind, kind === 'verdict' && isSender ? forSender(data as Verdict) : data, id),
      ),
      over: lines.at(-1)?.row.kind === 'end',
    }
  }
  return { look, after: () => last }
}
