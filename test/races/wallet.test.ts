import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Job } from '../../src/desks/jobs/job.ts'
import { act, assertLawful, fund, people, post, refused, take, walletOf, went } from '../journeys/desk.ts'
import { type Answer, ask, type Fields, type Person, startTestMarket } from '../support/market.ts'
import { at } from './contest.ts'

const market = await startTestMarket({ worker: false, apis: 2 })
after(() => market.close())
const [ada, bea] = await people(market, 'Ada', 'Bea')

const runAll = (who: Person, times: number, price = 100): Promise<Answer<Fields>[]> =>
  Promise.all(
    Array.from({ length: times }, (_, n) =>
      at(market.urls[n % 2], who).ask('POST', '/api/jobs/run', {
        prompt: `Write haiku number ${n}.`,
        price_cents: price,
        time_limit_seconds: 600,
        confirmed: true,
      }),
    ),
  )
const countIn = async (status: string, sender: Person): Promise<number> => {
  const [row] = await market.db.rows<{ n: number }>(`select count(*) as n from job where sender = $1 and status = $2`, [
    sender.userId,
    status,
  ])
  return row!.n
}

test('300 jobs at once from a wallet with money for 50: 50 are queued, 250 saved unpaid, nothing below zero', async () => {
  await fund(market, ada, 5_099)
  const answers = await runAll(ada, 300)
  assert.equal(answers.filter(({ status }) => status === 201).length, 50)
  const unpaid = answers.filter(({ status }) => status === 402)
  assert.equal(unpaid.length, 250)
  for (const answer of unpaid) {
    const { job, job_id: id, required_cents: required } = refused(answer, 402, 'insufficient_balance')
    assert.deepEqual([(job as Job).status, (job as Job).id, required], ['pending_payment', id, 100])
  }
  assert.deepEqual([await countIn('queued', ada), await countIn('pending_payment', ada)], [50, 250])
  assert.equal((await walletOf(ada)).balance_cents, 99)
  await assertLawful(market)
})

test('those 250 are paid for at once with money for 20: 20 are', async () => {
  await fund(market, ada, 1_901)
  const saved = await market.db.rows<{ id: string }>(
    `select id from job where sender = $1 and status = 'pending_payment' limit 200`,
    [ada.userId],
  )
  const answers = await Promise.all(saved.map((job, n) => act(at(market.urls[n % 2], ada), 'pay', job)))
  assert.equal(answers.filter(({ status }) => status === 200).length, 20)
  for (const answer of answers.filter(({ status }) => status !== 200)) refused(answer, 402, 'insufficient_balance')
  assert.equal((await walletOf(ada)).balance_cents, 0)
  await assertLawful(market)
})

test('300 jobs at once with a key that may spend $50 a day from a full wallet: exactly $50 are spent', async () => {
  await fund(market, bea, 1_000_000)
  const made = await ask<{ key: string }>(
    market.url,
    'POST',
    '/api/keys',
    { spend_limit_cents: 5_000 },
    {
      cookie: bea.cookie,
      origin: market.url,
    },
  )
  const { key } = went(made, 201)
  const answers = await runAll({ ...bea, key }, 300)
  assert.equal(answers.filter(({ status }) => status === 201).length, 50)
  for (const answer of answers.filter(({ status }) => status !== 201)) refused(answer, 402, 'spend_limit_reached')
  assert.deepEqual([await countIn('queued', bea), await countIn('pending_payment', bea)], [50, 250])
  assert.equal((await walletOf(bea)).balance_cents, 995_000)
  const [day] = await market.db.rows<{ spent: number }>(`select sum(spent)::bigint as spent from mandate_day`)
  assert.equal(day!.spent, 5_000)
  await assertLawful(market)
})

test('a job that the wallet is too short for takes nothing of what its key may spend that day', async () => {
  const [cleo] = await people(market, 'Cleo')
  await fund(market, cleo, 2_000)
  const made = await ask<{ key: string; id: string }>(
    market.url,
    'POST',
    '/api/keys',
    { spend_limit_cents: 5_000 },
    { cookie: cleo.cookie, origin: market.url },
  )
  const { key, id } = went(made, 201)
  const answers = await runAll({ ...cleo, key }, 100)
  assert.equal(answers.filter(({ status }) => status === 201).length, 20)
  const [day] = await market.db.rows<{ spent: number }>(`select spent from mandate_day where lineage = $1`, [id])
  assert.equal(day!.spent, 2_000)
  await assertLawful(market)
})

test('money comes in and goes out of one wallet from all sides at once: nothing is lost, nothing made', async () => {
  const [cleo, dora] = await people(market, 'Cleo', 'Dora')
  await fund(market, cleo, 3_000)
  const jobs: Job[] = []
  for (let n = 0; n < 20; n++) jobs.push(await post(cleo, { price_cents: 150 }))
  for (const job of jobs.slice(0, 8)) await take(dora, job)
  const answers = await Promise.all([
    ...jobs.slice(0, 8).map((job) => act(dora, 'fail', job)),
    ...jobs.map((job, n) => act(at(market.urls[n % 2], cleo), 'cancel', job)),
    ...(await runAll(cleo, 0)),
    ...Array.from({ length: 20 }, () => fund(market, cleo, 100).then(() => null)),
  ])
  for (const answer of answers) assert.ok(answer === null || answer.status < 500, answer?.text)
  for (const job of jobs) went(await act(cleo, 'cancel', job))
  assert.equal((await walletOf(cleo)).balance_cents, 5_000)
  await assertLawful(market)
})
