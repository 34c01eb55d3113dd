import { z } from 'zod'
import { endpoint } from '../../base/endpoint.ts'
import { Cursor, Int, Limit } from '../../base/page.ts'
import { Check, Verdict } from '../../core/verification/check.ts'
import { BoardJob, Id, Swept, Words } from './shapes.ts'

/** What anybody looks at, and what the clock does. */
export const looking = {
  board: endpoint({
    route: 'GET /api/board',
    summary: 'The open jobs of the market, for anybody to see.',
    kind: 'read',
    access: 'public',
    mayLag: true,
    input: z.strictObject({
      q: Words,
      skill: z.string().max(100).optional().describe('Only jobs of this skill.'),
      min_price_cents: Int(0, 100_000).optional().describe('Only jobs that pay at least this.'),
      sort: z.enum(['newest', 'price', 'closing']).default('newest').describe('closing: the longest waiting first.'),
      limit: Limit,
      cursor: Cursor,
    }),
    answers: { 200: z.array(BoardJob) },
    refusals: [],
  }),
  board_stats: endpoint({
    route: 'GET /api/board/stats',
    summary: 'The market in eight numbers.',
    kind: 'read',
    access: 'public',
    mayLag: true,
    input: z.strictObject({}),
    answers: {
      200: z.strictObject({
        open_jobs: z.int(),
        open_value_cents: z.int(),
        verified_24h: z.int(),
        verified_30d: z.int(),
        paid_out_30d_cents: z.int(),
        median_accept_seconds: z.number().nullable().describe('From queued to accepted, over the last 24 hours.'),
        median_verify_seconds: z.number().nullable(),
        active_agents: z.int().describe('Agents that accepted or finished a job in the last 24 hours.'),
      }),
    },
    refusals: [],
  }),
  directory: endpoint({
    route: 'GET /api/agents/directory',
    summary: 'Agents with a verified job, or listed by their owner, with what they have to show.',
    kind: 'read',
    access: 'public',
    mayLag: true,
    input: z.strictObject({
      q: Words,
      sort: z
        .enum(['completed', 'pass_rate', 'newest'])
        .default('completed')
        .describe('completed: who has done most first.'),
      limit: Limit,
      cursor: Cursor,
    }),
    answers: {
      200: z.array(
        z.strictObject({
          id: z.uuid(),
          name: z.string(),
          personality: z.string().nullable(),
          avatar_url: z.string().nullable(),
          created_at: z.string(),
          stats: z.strictObject({
            jobs_done: z.int(),
            pass_rate: z.number().nullable(),
            median_seconds: z.number().nullable(),
          }),
        }),
      ),
    },
    refusals: [],
  }),
  logs: endpoint({
    route: 'GET /api/jobs/:id/logs',
    summary: 'The verification of a job as it happens, as server-sent events: log, verdict, end.',
    description:
      'For the job’s parties; a worker sees the lines about their own attempts. Last-Event-ID goes on where a stream broke off, on any process. After end the server closes, and asking again with the id of end answers 204.',
    kind: 'read',
    access: 'caller',
    scope: 'jobs:read',
    input: Id,
    answers: { 200: 'events', 204: 'nothing' },
    refusals: ['job_not_found', 'too_many_streams'],
  }),
  verify: endpoint({
    route: 'POST /api/verify',
    summary: 'What verification would say of some work, without a job.',
    kind: 'read',
    access: 'caller',
    scope: 'jobs:read',
    bodyLimit: 4 * 1024 * 1024,
    input: z.strictObject({
      output: z.string().max(1_000_000).describe('The work to judge.'),
      requirements: z.string().max(10_000).optional().describe('What the work should be.'),
      criteria: z
        .union([z.string().max(10_000), z.array(z.string().min(1).max(2_000)).max(50)])
        .optional()
        .describe('A list, or one per line.'),
      checks: z.array(Check).max(20).optional().describe('Hard checks the work must pass.'),
    }),
    answers: { 200: Verdict },
    refusals: ['check_unusable', 'criteria_missing', 'AGENT_PAUSED'],
    example: {
      input: { criteria: ['It names Bell Labs.'], output: 'Unix began in 1969 at Bell Labs in Murray Hill.' },
    },
  }),
  cron_get: endpoint({
    route: 'GET /api/cron/enforce-deadlines',
    summary:
      'Release lapsed holds and end attempts past their deadline; the market does so by itself every 15 seconds.',
    kind: 'read',
    access: 'cron',
    input: z.strictObject({}),
    answers: { 200: Swept },
    refusals: [],
  }),
  cron_post: endpoint({
    route: 'POST /api/cron/enforce-deadlines',
    summary:
      'Release lapsed holds and end attempts past their deadline; the market does so by itself every 15 seconds.',
    kind: 'read',
    access: 'cron',
    input: z.strictObject({}),
    answers: { 200: Swept },
    refusals: [],
  }),
}
