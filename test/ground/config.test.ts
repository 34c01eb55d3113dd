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
