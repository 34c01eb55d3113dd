import assert from 'node:assert/strict'
import test from 'node:test'
import type { AnyEndpoint } from '../../src/base/endpoint.ts'
import { scopes } from '../../src/core/accounts/scope.ts'
import { pathNames } from '../../src/edges/http/input.ts'
import { allContracts } from '../../src/market.ts'
import { startTestMarket } from '../support/market.ts'

const endpoints = allContracts.flatMap((contract) =>
  Object.entries(contract.endpoints).map(([name, endpoint]) => ({
    name: `${contract.name}.${name}`,
    endpoint: endpoint as AnyEndpoint,
  })),
)
const guarded = endpoints.filter(({ endpoint }) => !['public', 'cron'].includes(endpoint.access))
const nobody = '01a20226-00b5-7bc1-9461-989abfd9ed53'

test('every endpoint is guarded: no credential, a dead one, a wrong scope, the wrong kind of credential, a foreign page', async (story) => {
  const market = await startTestMarket({ worker: false })
  story.after(() => market.close())
  const ada = await market.person('Ada')
  const origin = { origin: market.url, cookie: ada.cookie }
  // One for each scope: nobody has more than 50.
  const keys = new Map<string, Promise<string>>()
  const keyWithout = (scope: string): Promise<string> => {
    const key = keys.get(scope) ?? keyWith(scopes.filter((other) => other !== scope))
    keys.set(scope, key)
    return key
  }
  const keyWith = async (allowed: readonly string[]): Promise<string> => {
    const made = await fetch(`${market.url}/api/keys`, {
      method: 'POST',
      headers: { ...origin, 'content-type': 'application/json' },
      body: JSON.stringify({ scopes: allowed }),
    })
    assert.equal(made.status, 201)
    return ((await made.json()) as { key: string }).key
  }
  const ask = async (
    endpoint: AnyEndpoint,
    headers: Record<string, string>,
  ): Promise<{ status: number; code: string }> => {
    const [method, path] = (endpoint.route as string).split(' ') as [string, string]
    const url = pathNames(endpoint.route).reduce((at, name) => at.replace(`:${name}`, nobody), path)
    const answer = await fetch(market.url + url, { method, headers })
    const text = await answer.text()
    return { status: answer.status, code: text ? ((JSON.parse(text) as { code: string }).code ?? '') : '' }
  }
  let cells = 0
  const expect = async (
    name: string,
    endpoint: AnyEndpoint,
    headers: Record<string, string>,
    status: number,
    code: string,
  ): Promise<void> => {
    assert.deepEqual(await ask(endpoint, headers), { status, code }, name)
    cells++
  }
  for (const { name, endpoint } of guarded) {
    await expect(`${name} without a credential`, endpoint, {}, 401, 'authentication_required')
    await expect(`${name} with a made-up key`, endpoint, { authorization: 'Bearer clk_x_y' }, 401, 'credential_dead')
    await expect(
      `${name} with a dead cookie`,
      endpoint,
      { cookie: 'clawrk_session=gone', origin: market.url },
      401,
      'credential_dead',
    )
    if (endpoint.scope) {
      const others = await keyWithout(endpoint.scope)
      await expect(`${name} without its scope`, endpoint, { authorization: `Bearer ${others}` }, 403, 'scope_missing')
    }
    if (endpoint.access === 'session') {
      await expect(`${name} with a key`, endpoint, { 'x-api-key': ada.key }, 403, 'session_required')
    } else if (endpoint.access === 'key') {
      await expect(`${name} with a cookie`, endpoint, origin, 403, 'key_required')
    }
    if (!endpoint.route.startsWith('GET ') && endpoint.access !== 'key') {
      await expect(
        `${name} from a foreign page`,
        endpoint,
        { cookie: ada.cookie, origin: 'https://evil.example' },
        403,
        'origin_mismatch',
      )
      await expect(`${name} by cookie from no page`, endpoint, { cookie: ada.cookie }, 403, 'origin_mismatch')
    }
  }
  story.diagnostic(`${cells} cells over ${guarded.length} endpoints`)
})
