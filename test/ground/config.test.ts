import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, readConfig } from '../../src/base/config.ts'

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

test('what is old moves by itself, and nothing is thrown away unless somebody says so; ages that would hurt are refused', () => {
  const { retention } = readConfig(settings)
  assert.deepEqual(retention.days, { jobs: 90, transfers: 90, events: 90 })
  assert.deepEqual([retention.dropEventsDays, retention.dropTextsDays, retention.rowsPerSecond], [null, null, 1_000])
  assert.equal(readConfig({ ...settings, RETENTION_JOBS_DAYS: '0' }).retention.days.jobs, null)
  for (const [name, wrong] of [
    ['RETENTION_TRANSFERS_DAYS', '59'],
    ['RETENTION_EVENTS_DAYS', '34'],
    ['RETENTION_JOBS_DAYS', '6'],
    ['RETENTION_JOBS_DAYS', '-1'],
    ['RETENTION_EVENTS_DROP_DAYS', '89'],
    ['RETENTION_TEXTS_DROP_DAYS', 'soon'],
    ['RETENTION_ROWS_PER_SECOND', '0'],
  ] as const)
    assert.throws(
      () => readConfig({ ...settings, [name]: wrong }),
      (error: unknown) => error instanceof ConfigError && error.message.includes(`${name} must be`),
      `${name}=${wrong}`,
    )
})
