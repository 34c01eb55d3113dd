import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'

const src = join(import.meta.dirname, '../../src')

/** Whoever may call out, and whom: never an address that a stranger gave. Only src/base/egress/ may ask those. */
const ways: Readonly<Record<string, string>> = {
  'base/egress/egress.ts': 'the guarded way to addresses that people give',
  'base/mail/resend.ts': 'Resend, at the address in the settings',
  'base/mail/smtp.ts': 'the mail server in the settings',
  'core/channels/telegram.ts': 'Telegram, at the address in the settings',
  'core/accounts/github.ts': 'GitHub, at the address in the settings',
  'core/profiles/github-repos.ts': 'GitHub, at the address in the settings',
  'edges/supervisor/start.ts': 'our own API: is it up?',
  'edges/http/twin-proxy.ts': 'our own Stripe twin',
  'edges/twin/deliver.ts': 'the twin’s messages to our own API',
  'edges/cli/commands/account.ts': 'the market that the user of the command line named',
  'edges/cli/session.ts': 'the market that the user of the command line named',
  'edges/sdk/send.ts': 'the market that the user of the SDK named',
  'edges/sdk/events.ts': 'the market that the user of the SDK named',
}

/** What opens a connection. The Stripe SDK, S3 and PostgreSQL go to addresses in the settings and are told by their own names. */
const openers = [
  /(?<![.\w])fetch\s*\(/,
  /(\?\?|=)\s*fetch\b/,
  /\bglobalThis\.fetch\b/,
  /\bnew (WebSocket|EventSource|XMLHttpRequest)\b/,
  /from '(node:)?(https|http2|dgram|tls|child_process\/http)'/,
  /import \{[^}]*\b(request|get|Agent|connect|createConnection|Socket)\b(?<!type Socket)[^}]*\} from '(node:)?(http|net)'/,
  /import \w+(, \{[^}]*\})? from '(node:)?(http|net)'/,
  /from '(undici|axios|got|node-fetch|ws|nodemailer|standardwebhooks)'/,
  /import\('(node:)?(http|https|http2|net|tls|dgram|undici)'\)/,
  /\brequire\(/,
]

const code = (text: string): string =>
  text
    .replaceAll(/import type \{[^}]*\}/g, '')
    .replaceAll(/\btype Socket\b/g, '')
    .replaceAll(/(^|\s)(\/\/|\*).*$/gm, '')

test('only the guarded client calls addresses that people give; whoever else calls out is listed with whom it calls', () => {
  const found = new Set<string>()
  for (const file of globSync('**/*.{ts,js}', { cwd: src })) {
    // What runs in a browser calls the market it came from.
    if (file.startsWith('edges/web/assets/') || file.endsWith('.test.ts')) continue
    const text = code(readFileSync(join(src, file), 'utf8'))
    if (!openers.some((opener) => opener.test(text))) continue
    found.add(file)
    assert.ok(
      file in ways,
      `${file} opens a connection. To an address that somebody gave: send it by src/base/egress/. To one in the settings: list it in this test.`,
    )
  }
  for (const file of Object.keys(ways))
    assert.ok(found.has(file), `${file} calls nobody any more: take it off the list`)
})

test('the law finds every way out that there is', () => {
  const ill = [
    `await fetch(url)`,
    `(connection.fetch ?? fetch)(url)`,
    `import { request } from 'node:http'`,
    `import http from 'node:http'`,
    `import { createServer, connect } from 'node:net'`,
    `import https from 'node:https'`,
    `import { fetch as f } from 'undici'`,
    `new WebSocket(url)`,
    `await import('node:http')`,
  ]
  for (const text of ill)
    assert.ok(
      openers.some((opener) => opener.test(code(text))),
      text,
    )
  for (const text of [
    `import { STATUS_CODES } from 'node:http'`,
    `import type { Socket } from 'node:net'`,
    `import { isIP } from 'node:net'`,
  ])
    assert.ok(!openers.some((opener) => opener.test(code(text))), text)
})
