import { newId } from '../../src/base/ids.ts'
import { openLog } from '../../src/base/log.ts'
import { sweepJobs } from '../../src/desks/jobs/sweep.ts'
import { verifyBatch } from '../../src/desks/jobs/verify.ts'
import type { Case } from './cases.ts'
import { type Grown, handIn, type OpenJob, postJob } from './market.ts'

/** Jobs that fall due at once, for a sweep. */
const dueMany = 20

/** The life of a job, verb by verb: what one leaves behind the next takes up. */
export function deskCases(grown: Grown): Case[] {
  const { ask, crowd, market } = grown
  const { db } = market
  const log = openLog('silent', 'bench')
  const held: { job: OpenJob; who: (typeof crowd)[number] }[] = []
  const accepted: typeof held = []
  let turn = 0
  const next = (): (typeof crowd)[number] => crowd[turn++ % crowd.length]!
  const pull = async (): Promise<void> => {
    const who = next()
    held.push({ job: await ask<OpenJob>(who, 'POST /api/jobs/pull', {}), who })
  }
  const accept = async (): Promise<void> => {
    const one = held.shift()!
    await ask(one.who, `POST /api/jobs/${one.job.id}/accept`, {})
    accepted.push(one)
  }
  const submit = async (): Promise<void> => {
    const { who, job } = accepted.shift()!
    await handIn(grown, who, job)
  }
  const settle = async (): Promise<void> => {
    while ((await verifyBatch(db, log)) > 0);
  }
  let mine: OpenJob | undefined
  let again = ''
  return [
    { name: 'run: post a job', hot: true, once: () => postJob(grown) },
    { name: 'run, with an Idempotency-Key', hot: true, once: () => postJob(grown, newId()) },
    {
      name: 'the same key again',
      hot: true,
      prepare: async () => {
        again = newId()
        await ask(crowd[0]!, 'POST /api/jobs/run', { prompt: 'Paint a lighthouse in red and white.' }, again)
      },
      once: () => ask(crowd[0]!, 'POST /api/jobs/run', { prompt: 'Paint a lighthouse in red and white.' }, again),
    },
    { name: 'pull', hot: true, once: pull, most: 2_600 },
    { name: 'accept', hot: true, once: accept },
    { name: 'submit', hot: true, once: submit },
    {
      name: 'verify and pay',
      hot: true,
      prepare: async () => {
        await settle()
        await postJob(grown)
        await pull()
        await accept()
        await submit()
      },
      once: () => verifyBatch(db, log),
    },
    {
      name: 'reject',
      hot: true,
      prepare: async () => {
        await postJob(grown)
        await pull()
      },
      once: () => {
        const { job, who } = held.pop()!
        return ask(who, `POST /api/jobs/${job.id}/reject`, {})
      },
    },
    {
      name: 'cancel, with the refund',
      hot: true,
      prepare: async () => {
        mine = await ask<OpenJob>(crowd[0]!, 'POST /api/jobs/run', {
          prompt: 'Paint a boat.',
          confirmed: true,
          price_cents: 500,
        })
      },
      once: () => ask(crowd[0]!, `POST /api/jobs/${mine!.id}/cancel`, {}),
    },
    { name: 'sweep of jobs, nothing due', hot: true, once: () => sweepJobs(db) },
    {
      name: `sweep, ${dueMany} holds have run out`,
      hot: true,
      prepare: () =>
        db.rows(`update job set status = 'held', hold_owner = growth.id(1, 20 + nth), held_by_agent_id = growth.id(2, 20 + nth), hold_token = uuid7(),
            hold_expires_at = app_now() - interval '1 second', due_at = app_now() - interval '1 second'
          from (select id as due_id, row_number() over (order by queued_at) as nth from job where status = 'queued' and terms = 'wallet' order by queued_at limit ${dueMany}) as due
          where id = due_id`),
      once: () => sweepJobs(db),
    },
    {
      name: `sweep, ${dueMany} deadlines are missed`,
      hot: true,
      prepare: () =>
        db.rows(`with due as (
            update job set status = 'accepted', receiver = growth.id(1, 50 + nth), receiver_agent_id = growth.id(2, 50 + nth), hold_token = uuid7(),
              accepted_at = app_now() - interval '2 hours', deadline_at = app_now() - interval '1 second', due_at = app_now() - interval '1 second', attempt_count = 1
            from (select id as due_id, row_number() over (order by queued_at) as nth from job where status = 'queued' and terms = 'wallet' order by queued_at limit ${dueMany}) as due
            where id = due_id returning id, receiver, receiver_agent_id, hold_token
          ) insert into job_presentation (agent_id, token, owner_id, job_id, outcome, lapsed, ended_at)
            select receiver_agent_id, hold_token, receiver, id, 'accepted', false, app_now() from due`),
      once: () => sweepJobs(db),
    },
  ]
}
