import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { timers } from '../../src/desks/jobs/job.ts'
import { startTestMarket } from '../support/market.ts'
import { fund, type Held, people, post, went } from './desk.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const [ada, bob] = await people(market, 'Ada', 'Bob')
await fund(market, ada, 100_000)
const { id } = await post(ada, { price_cents: 100 })

/** What a look for work reads of the table of jobs. */
async function rowsReadBy(wish: { skills?: string[]; min_price?: number }): Promise<number> {
  return market.db.transaction(async (sql) => {
    const asked = [{ n: 0, owner: bob.userId, token: bob.userId, oldest: false, ...wish }]
    await sql.rows(
      `select * from job_take($1::json, true, '${timers.hold}', '${timers.notAgain}', '${timers.queued}')`,
      [JSON.stringify(asked)],
    )
    const [read] = await sql.rows<{ n: number }>(
      `select idx_tup_fetch as n from pg_stat_xact_user_tables where relname = 'job'`,
    )
    return read!.n
  })
}

test('a look for what nobody has posted does not read the backlog', async () => {
  await market.db.rows(
    `insert into job select (json_populate_record(j, json_build_object('id', uuid7(), 'skill', 'skill ' || n % 3))).* from job j, generate_series(1, 3000) as n where id = $1`,
    [id],
  )
  await market.db.rows('analyze job')
  for (const wish of [
    { skills: ['lockpicking'] },
    { min_price: 50_000 },
    { skills: ['lockpicking'], min_price: 1 },
    { skills: ['lockpicking', 'juggling'], min_price: 50_000 },
  ]) {
    const read = await rowsReadBy(wish)
    assert.ok(read < 600, `${JSON.stringify(wish)} read ${read} rows`)
  }
})

test('whoever asks for a skill or a price gets what there is of it behind 3,000 others', async () => {
  const dear = await post(ada, { price_cents: 5_000 })
  const rare = await post(ada, { price_cents: 200 })
  await market.db.rows(`update job set skill = 'juggling' where id = $1`, [rare.id])
  for (const [wish, expected] of [
    [{ min_price_cents: 5_000 }, dear.id],
    [{ skills: ['juggling'] }, rare.id],
  ] as const) {
    const held = went(await bob.ask<Held>('POST', '/api/jobs/pull', wish))
    assert.equal(held.id, expected)
    went(await bob.ask('POST', `/api/jobs/${expected}/reject`))
  }
})
