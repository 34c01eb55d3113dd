import assert from 'node:assert/strict'
import test from 'node:test'
import type { z } from 'zod'
import type { AnyEndpoint } from '../../src/base/endpoint.ts'
import { statusOfKind } from '../../src/base/errors.ts'
import { edgeRefusals, edgeRefusalsOf } from '../../src/base/refusals.ts'
import { scopes } from '../../src/core/accounts/scope.ts'
import { pathNames } from '../../src/edges/http/input.ts'
import { openApi } from '../../src/edges/http/openapi.ts'
import { allContracts } from '../../src/market.ts'

const endpoints = allContracts.flatMap((contract) =>
  Object.entries(contract.endpoints).map(([name, endpoint]) => ({
    name: `${contract.name}.${name}`,
    contract,
    endpoint: endpoint as AnyEndpoint,
  })),
)

test('every endpoint declares its refusals, and its room knows what they mean', () => {
  for (const { name, contract, endpoint } of endpoints) {
    for (const code of endpoint.refusals) {
      assert.ok(
        code in contract.refusals || code in edgeRefusals,
        `${name} declares ${code}, which ${contract.name} has no sentence for`,
      )
    }
  }
})

test('every refusal of a room is declared by one of its endpoints', () => {
  for (const contract of allContracts) {
    const declared = new Set(Object.values(contract.endpoints).flatMap((endpoint) => endpoint.refusals))
    for (const code of Object.keys(contract.refusals))
      assert.ok(declared.has(code), `no endpoint of ${contract.name} can answer ${code}`)
  }
})

test('what may be read from a replica is public, the same for everybody, and no more than was meant', () => {
  const lagging = endpoints.filter(({ endpoint }) => endpoint.mayLag)
  assert.deepEqual(
    lagging.map(({ name }) => name),
    ['jobs.board', 'jobs.board_stats', 'jobs.directory'],
  )
  for (const { name, endpoint } of lagging)
    assert.deepEqual([endpoint.kind, endpoint.access], ['read', 'public'], `${name} may not lag`)
})

test('every route is its own, and every path parameter is an input', () => {
  const routes = endpoints.map(({ endpoint }) => endpoint.route)
  assert.equal(new Set(routes).size, routes.length)
  for (const { name, endpoint } of endpoints) {
    for (const parameter of pathNames(endpoint.route)) {
      assert.ok(parameter in (endpoint.input as z.ZodObject).shape, `${name}: :${parameter} is not in its input`)
    }
  }
})

test('only a few endpoints are open to everybody, and every other names a known scope or says why none', () => {
  const open = endpoints.filter(({ endpoint }) => endpoint.access === 'public').map(({ name }) => name)
  assert.deepEqual(open, [
    'system.health',
    'accounts.sign_up',
    'accounts.sign_in',
    'accounts.github_sign_in',
    'accounts.github_callback',
    'accounts.start_device',
    'accounts.collect_device',
    'profiles.profile',
    'profiles.resume',
    'profiles.github_repos',
    'profiles.reviews',
    'jobs.board',
    'jobs.board_stats',
    'jobs.directory',
    'channels.stop',
    'clock.advance',
  ])
  const withoutScope = endpoints
    .filter(({ endpoint }) => !['public', 'cron'].includes(endpoint.access) && !endpoint.scope)
    .map(({ name }) => name)
  // About the credential itself, or for a signed-in person only.
  assert.deepEqual(withoutScope, [
    'accounts.device',
    'accounts.approve_device',
    'accounts.sign_out',
    'accounts.whoami',
    'accounts.delete_account',
    'accounts.create_key',
    'accounts.verify_key',
    'accounts.rotate_key',
    'accounts.revoke_own_key',
    'accounts.revoke_key',
  ])
  for (const { name, endpoint } of endpoints) {
    if (endpoint.scope)
      assert.ok((scopes as readonly string[]).includes(endpoint.scope), `${name}: there is no scope ${endpoint.scope}`)
  }
})

test('a read is a GET, and a change is not (but for documented POSTs that change nothing of a caller’s, the way back from GitHub, and the test clock)', () => {
  for (const { name, endpoint } of endpoints) {
    if (
      ['accounts.whoami', 'accounts.github_callback', 'clock.advance', 'jobs.verify', 'jobs.cron_post'].includes(name)
    )
      continue
    assert.equal(endpoint.kind === 'read', endpoint.route.startsWith('GET '), name)
  }
})

test('every input is strict and every example fits its schema', () => {
  for (const { name, endpoint } of endpoints) {
    const input = endpoint.input as z.ZodObject
    const stray = input.safeParse({ no_such_field_at_all: 1 })
    assert.ok(
      !stray.success && stray.error.issues.some((issue) => issue.code === 'unrecognized_keys'),
      `${name} takes unknown fields`,
    )
    if (!endpoint.example?.input) continue
    const parsed = input.safeParse({
      id: '01a20226-00b5-7bc1-9461-989abfd9ed53',
      ...('id' in input.shape ? {} : { id: undefined }),
      ...endpoint.example.input,
    })
    assert.ok(
      parsed.success ||
        parsed.error.issues.every(
          (issue) => issue.code === 'unrecognized_keys' && issue.keys.every((key) => key === 'id'),
        ),
      `${name}: ${parsed.error?.message}`,
    )
  }
})

test('every summary is a sentence, and every money field says its unit', () => {
  for (const { name, endpoint } of endpoints) {
    assert.match(endpoint.summary, /^[A-Z].*[.?]$/, `${name}: "${endpoint.summary}"`)
    for (const field of Object.keys((endpoint.input as z.ZodObject).shape)) {
      // Whole credits, which are no cents.
      if (name === 'credits.deduct' && field === 'amount') continue
      assert.doesNotMatch(
        field,
        /^(amount|price|rate|balance|fee|limit_usd)$/,
        `${name}.${field}: money fields end in _cents`,
      )
    }
  }
})

test('every input field says what it means, and a number in a JSON body is a number', () => {
  for (const { name, endpoint } of endpoints) {
    for (const [field, schema] of Object.entries((endpoint.input as z.ZodObject).shape) as [string, z.ZodType][]) {
      assert.match(
        schema.description ?? '',
        /^\S.+\S[.:]$/,
        `${name}.${field}: add .describe('A sentence for callers.')`,
      )
      if (endpoint.route.startsWith('GET ')) continue
      for (const text of ['1', '60', '500']) {
        const read = schema.safeParse(text)
        assert.ok(
          !read.success || typeof read.data !== 'number',
          `${name}.${field} takes the text "${text}" for a number: only a query string has no numbers of its own`,
        )
      }
    }
  }
})

test('the OpenAPI description names every refusal of every operation, those of the edge included', () => {
  const { paths } = openApi(allContracts, { version: '0', url: 'http://market' }) as {
    paths: Record<string, Record<string, { responses: Record<string, { description: string }> }>>
  }
  for (const { name, contract, endpoint } of endpoints) {
    const [method, path] = endpoint.route.split(' ') as [string, string]
    const { responses } = paths[path.replaceAll(/:(\w+)/g, '{$1}')]![method.toLowerCase()]!
    for (const code of [...endpoint.refusals, ...edgeRefusalsOf(endpoint)]) {
      const status = statusOfKind[{ ...edgeRefusals, ...contract.refusals }[code]![0]]
      // An answer with a body of its own says more than a list of codes.
      if (String(status) in endpoint.answers) continue
      assert.ok(responses[status]?.description.includes(`\`${code}\``), `${name} may answer ${status} ${code}`)
    }
  }
})
