import { after } from 'node:test'
import { startTestMarket } from '../support/market.ts'
import { type Row, tell } from './documents.ts'
import { accepted, isThen, lapsed, late } from './given.ts'

// What the Jobs API says to the scheduler, line by line. Where market.md decides otherwise or more: "market:".
const cronSecret = 'cron-secret-of-the-tests'
const market = await startTestMarket({ worker: false, env: { CRON_SECRET: cronSecret } })
const without = await startTestMarket({ worker: false })
after(() => Promise.all([market.close(), without.close()]))

const scheduler = { by: 'nobody', headers: { authorization: `Bearer ${cronSecret}` } } as const

const sweeps: readonly Row[] = [
  { says: 'Protected by CRON_SECRET', by: 'nobody', answers: 401, code: 'cron_secret_wrong' },
  {
    says: 'Protected by CRON_SECRET: another one',
    ...scheduler,
    headers: { authorization: `Bearer ${cronSecret}x` },
    answers: 401,
    code: 'cron_secret_wrong',
  },
  { says: "Protected by CRON_SECRET: a user's key is none", answers: 401, code: 'cron_secret_wrong' },
  {
    says: 'Releases expired holds',
    ...scheduler,
    given: lapsed,
    answers: 200,
    with: { ok: true, moved: 'count' },
    also: isThen('queued', 0, 0),
  },
  {
    says: 'fails jobs past their deadline',
    ...scheduler,
    given: late,
    answers: 200,
    with: { ok: true, moved: 'count' },
    also: isThen('queued', 1, 0),
  },
  {
    says: 'and nothing else',
    ...scheduler,
    given: accepted,
    answers: 200,
    with: { moved: 0 },
    also: isThen('accepted', 1, 0),
  },
]

tell({
  name: 'Jobs API: the scheduler’s part',
  market,
  // market: GET|POST
  endpoints: ['GET /api/cron/enforce-deadlines', 'POST /api/cron/enforce-deadlines'],
  rows: { 'GET /api/cron/enforce-deadlines': sweeps, 'POST /api/cron/enforce-deadlines': sweeps },
})

tell({
  name: 'Jobs API: the scheduler’s part without a CRON_SECRET',
  market: without,
  endpoints: ['GET /api/cron/enforce-deadlines'],
  rows: {
    'GET /api/cron/enforce-deadlines': [
      { says: 'market: 503 if unset', ...scheduler, answers: 503, code: 'cron_not_configured' },
    ],
  },
})
