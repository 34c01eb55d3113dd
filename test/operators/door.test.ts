import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { AnyEndpoint } from '../../src/base/endpoint.ts'
import { mintKey } from '../../src/core/accounts/create-key.ts'
import { defaultScopes } from '../../src/core/accounts/scope.ts'
import { grantOperator, revokeOperator } from '../../src/core/operators/grant.ts'
import { pathNames } from '../../src/edges/http/input.ts'
import { contracts } from '../../src/market.ts'
import { people, refused, went } from '../journeys/desk.ts'
import { type Answer, ask, type Fields, type Person, startTestMarket } from '../support/market.ts'

const market = await startTestMarket({
  worker: false,
  apis: 2,
  env: { OPERATOR_EMAILS: ' Olga@people.test, otto@people.test' },
})
after(() => market.close())

const routes = contracts
  .flatMap(({ endpoints }) => Object.values(endpoints) as AnyEndpoint[])
  .filter(({ access }) => access === 'operator')
  .map(({ route }) => route as string)

const overview = (who: Person, url = market.url): Promise<Answer> =>
  ask(url, 'GET', '/api/operator/overview', undefined, { authorization: `Bearer ${who.key}` })

const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 4_500))

/** Somebody whose e-mail address is this one. */
async function addressed(email: string, verified: boolean): Promise<Person> {
  const [person] = await people(market, email)
  await market.db.rows(
    `update app_user set email = $2, email_verified_at = case when $3 then app_now() end where id = $1`,
    [person.userId, email, verified],
  )
  return person
}

/** An answer without what differs from request to request. */
const shapeOf = ({ status, text }: Answer<unknown>): { status: number; text: string } => ({
  status,
  text: text.replace(/"request_id":"[^"]+"/, '"request_id":"…"'),
})

test('to everybody but operators there is nothing at their addresses: the very answer of a route that is not there', async () => {
  const [ada] = await people(market, 'Ada')
  assert.ok(routes.length >= 7)
  const session = { cookie: ada.cookie, origin: market.url }
  const nothing = shapeOf(await ask(market.url, 'GET', '/api/operator/no-such-thing'))
  assert.equal(nothing.status, 404)
  for (const route of routes) {
    const [method, path] = route.split(' ') as [string, string]
    const url = pathNames(route).reduce((at, name) => at.replace(`:${name}`, ada.userId), path)
    // What would be refused otherwise must not tell that there is something: a wrong id, a stray field, no credential at all.
    const attempts: [string, Fields | undefined, Record<string, string>][] = [
      [url, undefined, {}],
      [url, undefined, { authorization: 'Bearer clk_x_y' }],
      [url, undefined, { authorization: `Bearer ${ada.key}` }],
      [url, undefined, session],
      [url, undefined, { cookie: ada.cookie, origin: 'https://evil.example' }],
      [url.replace(ada.userId, 'no-uuid'), undefined, { authorization: `Bearer ${ada.key}` }],
      ...(method === 'GET'
        ? []
        : [[url, { stray: 1 }, { authorization: `Bearer ${ada.key}` }] as [string, Fields, Record<string, string>]]),
      [`${url}?stray=1`, undefined, { authorization: `Bearer ${ada.key}` }],
    ]
    for (const [at, body, headers] of attempts)
      assert.deepEqual(shapeOf(await ask(market.url, method, at, body, headers)), nothing, `${method} ${at}`)
  }
  assert.deepEqual(await market.db.rows(`select * from operator_audit`), [])
})

test('an address of OPERATOR_EMAILS gives rights when it is verified, and none before', async () => {
  const [olga, otto] = [await addressed('olga@people.test', true), await addressed('otto@people.test', false)]
  went(await overview(olga))
  went(await ask(market.url, 'GET', '/api/operator/stuck', undefined, { cookie: olga.cookie }))
  refused(await overview(otto), 404, 'not_found')
  await market.db.rows(`update app_user set email_verified_at = app_now() where id = $1`, [otto.userId])
  await settled()
  went(await overview(otto))
})

test('an operator’s key needs the scope account, and a change by cookie a page of ours', async () => {
  const [olive, ada] = await people(market, 'Olive', 'Ada')
  assert.deepEqual(await grantOperator(market.db, olive.userId), { outcome: 'granted', userId: olive.userId })
  const narrow = await market.db.transaction((sql) =>
    mintKey(sql, olive.userId, { name: 'narrow', scopes: defaultScopes.filter((scope) => scope !== 'account') }),
  )
  const answer = await ask(market.url, 'GET', '/api/operator/overview', undefined, {
    authorization: `Bearer ${narrow.key}`,
  })
  refused(answer, 403, 'scope_missing')
  const suspending = `/api/operator/users/${ada.userId}/suspend`
  const foreign = { cookie: olive.cookie, origin: 'https://evil.example' }
  refused(await ask(market.url, 'POST', suspending, { note: 'x' }, foreign), 403, 'origin_mismatch')
  refused(await olive.ask('POST', suspending, {}), 400, 'invalid_input')
  went(await ask(market.url, 'POST', suspending, { note: 'x' }, { cookie: olive.cookie, origin: market.url }))
})

test('what is granted on the machine holds on every process within 5 seconds, and so does its end', async () => {
  const [omar] = await people(market, 'Omar')
  for (const url of market.urls) refused(await overview(omar, url), 404, 'not_found')
  assert.equal((await grantOperator(market.db, omar.email.toUpperCase())).outcome, 'granted')
  assert.equal((await grantOperator(market.db, omar.userId)).outcome, 'already')
  await settled()
  for (const url of market.urls) went(await overview(omar, url))
  assert.equal((await revokeOperator(market.db, omar.email)).outcome, 'revoked')
  assert.equal((await revokeOperator(market.db, omar.email)).outcome, 'not_granted')
  await settled()
  for (const url of market.urls) refused(await overview(omar, url), 404, 'not_found')
  assert.equal((await grantOperator(market.db, 'nobody@people.test')).outcome, 'unknown')
  const acts = await market.db.rows(
    `select operator_id, act from operator_audit where ref = 'user:' || $1 order by id`,
    [omar.userId],
  )
  assert.deepEqual(acts, [
    { operator_id: null, act: 'operator.grant' },
    { operator_id: null, act: 'operator.revoke' },
  ])
})
