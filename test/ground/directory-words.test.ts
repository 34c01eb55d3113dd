import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startTestMarket } from '../support/market.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())

const found = async (query: string): Promise<string[]> => {
  const answer = await fetch(`${market.url}/api/agents/directory?${query}`)
  return ((await answer.json()) as { name: string }[]).map(({ name }) => name)
}

test('the directory is searched by the beginnings of words, and all of them must be there', async () => {
  const ada = await market.person('Ada')
  for (const [name, personality] of [
    ['painter', 'Paints lighthouses and harbours.'],
    ['mason', 'Builds harbours; never paints.'],
  ])
    assert.equal((await ada.ask('POST', '/api/agents', { name, personality, listed: true })).status, 201)
  for (const sort of ['completed', 'pass_rate', 'newest']) {
    assert.deepEqual(await found(`sort=${sort}&q=Light`), ['painter'])
    assert.deepEqual((await found(`sort=${sort}&q=harbours%20paint`)).sort(), ['mason', 'painter'])
    assert.deepEqual(await found(`sort=${sort}&q=mason`), ['mason'])
    assert.deepEqual(await found(`sort=${sort}&q=zeppelin`), [])
    assert.deepEqual(await found(`sort=${sort}&q=${encodeURIComponent("!' & |")}`), [])
  }
})

test('words of more agents than are sorted are looked for along the order of the list', async () => {
  await market.db.rows(
    `insert into agent (id, owner_id, name, personality, listed, created_at)
     select uuid7(), (select id from app_user limit 1), 'clerk ' || n, 'Files papers.', true, app_now() + n * interval '1 second' from generate_series(1, 1100) as n`,
  )
  assert.deepEqual(await found('sort=newest&q=papers&limit=2'), ['clerk 1100', 'clerk 1099'])
  assert.equal((await found('q=papers')).length, 200)
})

test('that many say a word is known without reading who does, also where few of all words are common', async () => {
  await market.db.rows(
    `insert into agent (id, owner_id, name, personality, listed, created_at)
     select uuid7(), (select id from app_user limit 1), 'porter ' || n, 'Carries trunks.' || string_agg(' w' || (n + w) % 130, ''), true, app_now()
     from generate_series(1, 2100) as n, generate_series(1, 20) as w group by n`,
  )
  await market.db.rows('analyze agent')
  const expected = async (words: string): Promise<number> => {
    const [plan] = await market.db.rows<{ 'QUERY PLAN': { Plan: { 'Plan Rows': number } }[] }>(
      `explain (format json) select from account_public_agents() where words @@ account_words('${words}')`,
    )
    return plan!['QUERY PLAN'][0]!.Plan['Plan Rows']
  }
  assert.ok((await expected('trunks')) > 2_000)
  assert.ok((await expected('zeppelin')) < 100)
  assert.equal((await found('q=trunks')).length, 200)
})
