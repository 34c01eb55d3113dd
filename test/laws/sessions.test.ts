import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'

const src = join(import.meta.dirname, '../../src')

/** Who has a session of its own at PostgreSQL itself: the listener, migrations, and the twin, which is no part of a real market. */
const ownSession = /^(base\/(signals|migrate)\.ts|edges\/twin\/)/

/** What outlasts a transaction, or is found only by the session that made it. */
const needsSession: Readonly<Record<string, RegExp>> = {
  'a lock of the session': /pg_(try_)?advisory_(lock|unlock)/i,
  'a setting of the session': /set_config\([^)]*,\s*false\s*\)|`\s*set (?!local\b)\w+ (to|=)/i,
  'a temporary table': /create\s+(local\s+)?temp(orary)?\s/i,
  'a cursor': /\bdeclare\s+\w+\s+(no\s+scroll\s+|scroll\s+)?cursor\b|with hold/i,
  'a prepared statement by name': /[`'"]\s*(prepare|deallocate|discard)\s/i,
  'what the session did last': /\b(currval|lastval)\s*\(/i,
  listening: /[`'"]\s*(un)?listen\s+[a-z$]/i,
}

test('nothing needs a session but what has one of its own: requests may come through a transaction pooler', () => {
  const files = globSync('**/*.{ts,sql}', { cwd: src }).filter((file) => !ownSession.test(file))
  assert.ok(files.length > 300)
  for (const file of files) {
    const text = readFileSync(join(src, file), 'utf8')
    for (const [what, pattern] of Object.entries(needsSession))
      assert.doesNotMatch(text, pattern, `${file}: ${what} does not last behind a pooler; see docs/decisions/0088`)
  }
})

test('those that have a session of their own are found by the same patterns', () => {
  const listener = readFileSync(join(src, 'base/signals.ts'), 'utf8')
  assert.match(listener, needsSession.listening!)
  assert.match(listener, needsSession['a lock of the session']!)
  assert.match(readFileSync(join(src, 'base/migrate.ts'), 'utf8'), needsSession['a lock of the session']!)
})
