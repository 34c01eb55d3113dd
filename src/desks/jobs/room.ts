import { type Call, type Reply, reply, room } from '../../base/endpoint.ts'
import type { Log } from '../../base/log.ts'
import type { Fee } from '../../base/money.ts'
import { decodeCursor, decodePlace, encodeCursor, encodePlace } from '../../base/page.ts'
import type { Signals } from '../../base/signals.ts'
import type { Streams } from '../../base/stream.ts'
import { accept } from './accept.ts'
import { jobsApi } from './api.ts'
import { boardDepth, boardStats, readBoard } from './board.ts'
import { cancel } from './cancel.ts'
import { readDirectory } from './directory.ts'
import { fail } from './fail.ts'
import { type Job, type JobRow, viewJob } from './job.ts'
import { streamLogs } from './logs.ts'
import { openJobs } from './open-jobs.ts'
import { pay } from './pay.ts'
import { post } from './post.ts'
import { type Page, readJob, readSent, readWorked } from './queries.ts'
import { refuseJob } from './refusals.ts'
import { reject } from './reject.ts'
import { run } from './run.ts'
import type { JobSecrets } from './secrets.ts'
import type { Skills } from './skills/skill.ts'
import { submit } from './submit.ts'
import { claim, pull } from './take.ts'
import { verdict } from './verdict.ts'
import { verifyAlone } from './verify-alone.ts'

export interface JobsNeeds {
  readonly fee: Fee
  /** In live mode nobody works their own jobs. */
  readonly live: boolean
  /** Where a person tops up: a page of ours. */
  readonly topupUrl: string
  readonly secrets: JobSecrets
  readonly signals: Signals
  readonly streams: Streams
  readonly log: Log
  /** What the market itself does for credits, by name. */
  readonly skills: Skills
  /** Fires what is due now. */
  readonly sweep: () => Promise<Reply<{ ok: true; moved: number }>>
  /** Whether somebody owns an agent: asked of the accounts room. */
  readonly ownsAgent: (call: Call, agent: string) => Promise<boolean>
}

export const jobsRoom = (needs: JobsNeeds) => {
  const open = openJobs()
  const stats = boardStats(needs.live ? 10_000 : 1_000)
  return room(jobsApi, {
    run: run({ ...needs, openJobs: open }),
    post: post({ ...needs, openJobs: open }),
    jobs: async (call, input) =>
      page(call, input, 'created_at', (asked) => readSent(call.sql, call.actor.userId, input.status, asked)),
    job: async ({ sql, actor }, { id }) => {
      const row = await readJob(sql, id, actor.userId)
      const job = row && viewJob(row, actor.userId)
      if (!job) throw refuseJob('job_not_found')
      return reply(200, await needs.secrets.reveal(sql, row, actor.userId))
    },
    pay: pay(needs),
    cancel,
    pull: pull(needs),
    claim: claim(needs),
    accept: accept(needs),
    reject,
    submit: submit(needs),
    verdict: verdict(needs),
    fail,
    agent_jobs: async (call, input) => {
      if (!(await needs.ownsAgent(call, input.id))) throw refuseJob('agent_not_found')
      return page(call, input, 'updated_at', (asked) => readWorked(call.sql, call.actor.userId, input.id, asked))
    },
    worker_status: async (call, input) =>
      page(call, input, 'updated_at', (asked) => readWorked(call.sql, call.actor.userId, null, asked)),
    board: ({ sql }, input) => placed(input, (offset) => readBoard(sql, { ...input, offset })),
    board_stats: async ({ sql }) => reply(200, await stats(sql)),
    cron_get: needs.sweep,
    cron_post: needs.sweep,
    logs: streamLogs(needs.streams),
    verify: verifyAlone,
    directory: ({ sql }, input) => placed(input, (offset) => readDirectory(sql, { ...input, offset })),
  })
}

/** One page of a list that is re-sorted under the reader. */
async function placed<R>(
  { limit, cursor }: { limit: number; cursor?: string | undefined },
  read: (offset: number) => Promise<R[]>,
): Promise<Reply<R[]>> {
  const offset = cursor === undefined ? 0 : decodePlace(cursor)
  if (offset === null || offset > boardDepth)
    throw refuseJob('invalid_input', { issues: [{ path: 'cursor', message: 'is not one of ours' }] })
  const rows = await read(offset)
  return rows.length === limit ? reply(200, rows, { 'x-next-cursor': encodePlace(offset + limit) }) : reply(200, rows)
}

/** One page of jobs as the caller may see them; the cursor of the next page goes into the Link header. */
async function page(
  { actor }: Call,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
  order: 'created_at' | 'updated_at',
  read: (asked: Page) => Promise<JobRow[]>,
): Promise<Reply<Job[]>> {
  const after = cursor === undefined ? null : decodeCursor(cursor)
  if (cursor !== undefined && !after)
    throw refuseJob('invalid_input', { issues: [{ path: 'cursor', message: 'is not one of ours' }] })
  const rows = await read({ limit, after })
  const last = rows.at(-1)
  const jobs = rows.map((row) => viewJob(row, actor.userId)!)
  return last && rows.length === limit
    ? reply(200, jobs, { 'x-next-cursor': encodeCursor(last[order], last.id) })
    : reply(200, jobs)
}
