import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, readConfig } from '../../src/base/config.ts'
import { directDoor, doorOf, usualDoor } from '../../src/base/door.ts'

const settings = { CLAWRK_SECRET: 'x'.repeat(32) }

test('a secret that no header can carry is refused at the start, by name', () => {
  for (const secret of ['two words', 'tab\there', 'schlüssel', 'line\nbreak'])
    assert.throws(
      () => readConfig({ ...settings, CRON_SECRET: secret }),
      (error: unknown) =>
        error instanceof ConfigError && /CRON_SECRET must be visible ASCII without spaces/.test(error.message),
      secret,
    )
  for (const secret of ['cron-secret_1!~', ' framed by spaces of an env file '.replaceAll(/\b \b/g, '-')])
    assert.equal(readConfig({ ...settings, CRON_SECRET: secret }).cronSecret, secret.trim())
  assert.equal(readConfig(settings).cronSecret, null)
})

test('addresses of the database that cannot go together are refused at the start, and no password is repeated', () => {
  const here = 'postgres://market:hush@db:5432/market'
  const refusals = (env: Record<string, string>): string => {
    try {
      readConfig({ ...settings, ...env })
      return ''
    } catch (error) {
      assert.ok(error instanceof ConfigError)
      assert.doesNotMatch(error.message, /hush/)
      return error.faults.join()
    }
  }
  assert.match(refusals({ DATABASE_URL: 'postgres://market:hush@[' }), /DATABASE_URL must be an address such as/)
  assert.match(refusals({ DATABASE_READ_URL: here }), /DATABASE_READ_URL needs DATABASE_URL/)
  assert.match(refusals({ DATABASE_DIRECT_URL: here }), /DATABASE_DIRECT_URL needs DATABASE_URL/)
  assert.match(
    refusals({ DATABASE_URL: `${here}?pooler=session` }),
    /must be transaction, named or none, not "session"/,
  )
  assert.match(refusals({ DATABASE_URL: `${here}?pooler=named` }), /so DATABASE_DIRECT_URL is needed/)
  assert.match(
    refusals({ DATABASE_URL: here, DATABASE_DIRECT_URL: `${here}?pooler=transaction` }),
    /DATABASE_DIRECT_URL must lead to PostgreSQL itself/,
  )
  assert.match(refusals({ DATABASE_URL: here, DATABASE_READ_LAG_MS: '1' }), /DATABASE_READ_LAG_MS must be/)
  assert.equal(refusals({ DATABASE_URL: here, DATABASE_DIRECT_URL: here, DATABASE_READ_URL: here }), '')
})

test('an address says what can be relied on behind it; one for sessions beside it means that it has none', () => {
  const [usual, direct] = ['postgres://a:b@pool:6432/c', 'postgres://a:b@db:5432/c']
  const at = (databaseUrl: string, databaseDirectUrl: string | null) => usualDoor({ databaseUrl, databaseDirectUrl })
  assert.deepEqual(at(direct, null), { url: direct, pooled: false, named: true })
  assert.deepEqual(at(direct, direct), { url: direct, pooled: false, named: true })
  assert.deepEqual(at(usual, direct), { url: usual, pooled: true, named: false })
  assert.deepEqual(at(`${usual}?pooler=named&ssl=no`, direct), { url: `${usual}?ssl=no`, pooled: true, named: true })
  assert.deepEqual(at(`${usual}?ssl=no&pooler=none`, direct), { url: `${usual}?ssl=no`, pooled: false, named: true })
  assert.deepEqual(doorOf(`${usual}?pooler=transaction`), { url: usual, pooled: true, named: false })
  assert.equal(directDoor({ databaseUrl: usual, databaseDirectUrl: direct }).url, direct)
})
