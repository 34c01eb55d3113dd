import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { KeyRow } from '../../src/core/accounts/queries.ts'
import { fund, people, refused, went } from '../journeys/desk.ts'
import { type Answer, ask, type Fields, type Person, startTestMarket } from '../support/market.ts'

const market = await startTestMarket({ worker: false, apis: 2 })
after(() => market.close())

type Shown = KeyRow & { readonly key: string }
const job = { prompt: 'Write a haiku about rivers.', price_cents: 100, time_limit_seconds: 600, confirmed: true }

const byPage = <B = Fields>(who: Person, path: string, body: unknown = {}): Promise<Answer<B>> =>
  ask<B>(market.url, 'POST', path, body, { cookie: who.cookie, origin: market.url })
const newKey = async (who: Person, body: unknown = {}): Promise<Shown> =>
  went(await byPage<Shown>(who, '/api/keys', body), 201)
const by = <B = Fields>(key: string, path: string, body?: unknown, url = market.url): Promise<Answer<B>> =>
  ask<B>(url, 'POST', path, body, { authorization: `Bearer ${key}` })

/** Works through `count` pieces, 40 at a time. */
async function racing<T>(count: number, work: (n: number) => Promise<T>): Promise<T[]> {
  const all: T[] = []
  for (let from = 0; from < count; from += 40)
    all.push(...(await Promise.all(Array.from({ length: Math.min(40, count - from) }, (_, n) => work(from + n)))))
  return all
}

const spentOf = async (who: Person): Promise<number> => {
  const [row] = await market.db.rows<{ spent: number }>(
    `select coalesce(sum(amount), 0)::bigint as spent from transfer where kind = 'job_paid' and from_account = 'wallet:' || $1`,
    [who.userId],
  )
  return row!.spent
}

test('paying for saved jobs is held by the mandate as well, and each is paid once', async () => {
  const [bob] = await people(market, 'Bob')
  const saved = await racing(40, () => by<{ job_id: string }>(bob.key, '/api/jobs/run', job))
  await fund(market, bob, 10_000)
  const { key } = await newKey(bob, { spend_limit_cents: 1_500 })
  const paid = await racing(80, (n) => by(key, `/api/jobs/${saved[n % 40]!.body.job_id}/pay`, {}, market.urls[n % 2]))
  assert.equal(paid.filter(({ status }) => status === 200).length, 15)
  assert.equal(await spentOf(bob), 1_500)
})

test('a mandate survives rotation, racing rotations included; refunds are never gated and give nothing back to it', async () => {
  const [cleo] = await people(market, 'Cleo')
  await fund(market, cleo, 10_000)
  let { key } = await newKey(cleo, { spend_limit_cents: 1_000 })
  let posted: string[] = []
  for (let round = 0; round < 6; round++) {
    const [rotated, ...answers] = await Promise.all([
      by<Shown>(key, '/api/keys/rotate'),
      ...Array.from({ length: 5 }, () => by(key, '/api/jobs/run', job)),
    ])
    posted = posted.concat(answers.filter(({ status }) => status === 201).map(({ body }) => String(body.id)))
    for (const other of answers.filter(({ status }) => status !== 201)) assert.ok([401, 402].includes(other.status))
    key = went(rotated).key
  }
  while ((await by(key, '/api/jobs/run', job)).status === 201) posted.push('')
  assert.equal(await spentOf(cleo), 1_000)

  const first = posted.find((id) => id !== '')
  if (first) went(await by(key, `/api/jobs/${first}/cancel`))
  refused(await by(key, '/api/jobs/run', job), 402, 'spend_limit_reached')
  const nothing = await newKey(cleo, { spend_limit_cents: 0 })
  refused(await by(nothing.key, '/api/jobs/run', job), 402, 'spend_limit_reached')
  const own = went(await by<{ id: string }>(cleo.key, '/api/jobs/run', job), 201)
  went(await by(nothing.key, `/api/jobs/${own.id}/cancel`))
})

test('key revoke against debit: after the answer nothing is spent through this process, nor after 5 s through the other', async () => {
  const [dora] = await people(market, 'Dora')
  await fund(market, dora, 100_000)
  for (let round = 0; round < 12; round++) {
    const made = await newKey(dora)
    let stop = false
    let lastElsewhere = performance.now()
    // The other process knows the key, and believes in it for a while.
    if (round === 0) went(await by(made.key, '/api/jobs/run', job, market.urls[1]), 201)
    const spenders = Array.from({ length: 4 }, async () => {
      while (!stop) await by(made.key, '/api/jobs/run', job)
    })
    const elsewhere = (async () => {
      while (round === 0 && performance.now() < lastElsewhere + 8_000) {
        const asked = performance.now()
        const { status } = await by(made.key, '/api/jobs/run', job, market.urls[1])
        if (status === 201) lastElsewhere = asked
        else if (status === 401) return
        await new Promise((done) => setTimeout(done, 50))
      }
    })()
    went(await byPage(dora, `/api/keys/${made.id}/revoke`))
    const revokedAt = performance.now()
    const after = await Promise.all(Array.from({ length: 5 }, () => by(made.key, '/api/jobs/run', job)))
    stop = true
    await Promise.all(spenders)
    for (const answer of after) refused(answer, 401, 'credential_dead')
    await elsewhere
    assert.ok(lastElsewhere - revokedAt < 5_000, 'the other process believed it for too long')
  }
})

test('a thief who rotates a key first does not keep it: revoking ends the whole lineage, whoever wins the race', async () => {
  const [eve] = await people(market, 'Eve')
  for (let round = 0; round < 20; round++) {
    const leaked = await newKey(eve)
    const [rotated, revoked] = await Promise.all([
      by<Shown>(leaked.key, '/api/keys/rotate', undefined, market.urls[round % 2]),
      byPage(eve, `/api/keys/${leaked.id}/revoke`),
    ])
    went(revoked)
    refused(await by(leaked.key, '/api/whoami'), 401, 'credential_dead')
    if (rotated.status === 200) refused(await by(rotated.body.key, '/api/whoami'), 401, 'credential_dead')
    else refused(rotated, 401, 'credential_dead')
  }
  const [alive] = await market.db.rows<{ n: number }>(
    `select count(*) as n from api_key where user_id = $1 and revoked_at is null and name is distinct from 'test'`,
    [eve.userId],
  )
  assert.equal(alive!.n, 0)
})

test('no key reaches beyond its scopes: none makes keys, approves devices or changes what it may spend', async () => {
  const [finn] = await people(market, 'Finn')
  const all = await newKey(finn, { scopes: ['account', 'jobs:read', 'jobs:post', 'wallet:read', 'wallet:manage'] })
  for (const [path, body] of [
    ['/api/keys', {}],
    [`/api/keys/${all.id}/revoke`, {}],
    ['/api/auth/device/approve', { user_code: 'BBBB-BBBB', approve: true }],
    ['/api/auth/sign-out', {}],
  ] as const)
    refused(await by(all.key, path, body), 403, 'session_required')
  refused(await by(all.key, '/api/jobs/run', job), 403, 'scope_missing')
  const saved = await by<{ job_id: string }>(finn.key, '/api/jobs/run', job)
  refused(await by(all.key, `/api/jobs/${saved.body.job_id}/pay`), 403, 'scope_missing')
  const rotated = went(await by<Shown>(all.key, '/api/keys/rotate'))
  assert.deepEqual(rotated.scopes, all.scopes)
})
