import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import cookie from '@fastify/cookie'
import Fastify from 'fastify'
import { pages } from '../../src/edges/web/pages.ts'
import { startTestMarket, type TestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'

let market: TestMarket

before(async () => {
  market = await startTestMarket()
})
after(() => market.close())

test('a page runs only what the market itself serves, and what it names is there', async () => {
  for (const path of ['/', '/wallet', '/wallet?topup=x', '/wallet/']) {
    const answer = await fetch(`${market.url}${path}`)
    const text = await answer.text()
    assert.equal(answer.status, 200, path)
    assert.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8')
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    const policy = answer.headers.get('content-security-policy') ?? ''
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]) {
      assert.ok(policy.split('; ').includes(rule), `${path}: ${policy}`)
    }
    assert.doesNotMatch(text, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/, 'nothing inline')
    for (const [, address] of text.matchAll(/(?:href|src)="(\/[^"#]*)"/g)) {
      const named = await fetch(`${market.url}${address}`)
      await named.body?.cancel()
      assert.equal(named.status, 200, `${path} names ${address}`)
    }
  }
})

test('assets carry their type and a tag, and are sent once', async () => {
  const types = {
    'site.css': 'text/css; charset=utf-8',
    'wallet.js': 'text/javascript; charset=utf-8',
    'icon.svg': 'image/svg+xml',
  }
  for (const [name, type] of Object.entries(types)) {
    const url = `${market.url}/assets/${name}`
    const first = await fetch(url)
    assert.equal(first.headers.get('content-type'), type)
    assert.equal(first.headers.get('x-content-type-options'), 'nosniff')
    assert.ok((await first.text()).length > 100)
    const again = await fetch(url, { headers: { 'if-none-match': `"other", W/${first.headers.get('etag')}` } })
    assert.equal(again.status, 304)
    assert.equal(
      (await fetch(url, { method: 'HEAD' })).headers.get('content-length'),
      first.headers.get('content-length'),
    )
  }
  for (const name of ['nothing.js', '..%2fpages.ts', '__proto__']) {
    assert.equal((await fetch(`${market.url}/assets/${name}`)).status, 404, name)
  }
})

test('a live market shows no banner and offers nobody a canned answer; its origin is escaped', async () => {
  const app = Fastify()
  await app.register(cookie)
  await pages(app, { appUrl: 'https://a"><b.example', mode: 'live' })
  const { body } = await app.inject('/')
  assert.doesNotMatch(body, /TEST MODE|[Tt]est mode|Play money|one rope/)
  assert.doesNotMatch(body, /"><b/)
  assert.match(body, /https:\/\/a&quot;&gt;&lt;b\.example\/api\/whoami/)
  await app.close()
})

test('the lines of the landing page do what it says, just as they stand', async (t) => {
  if (spawnSync('curl', ['--version']).error) return t.skip('no curl')
  const page = await (await fetch(`${market.url}/`)).text()
  const blocks = [...page.matchAll(/<pre[^>]*><code>(.*?)<\/code>/gs)].map((match) => plain(match[1]!))
  const [whoami, post, work, account] = blocks as [string, string, string, string]
  const cwd = mkdtempSync(join(tmpdir(), 'landing-'))
  const sh = async (script: string, key = ''): Promise<string> => {
    const env = { PATH: process.env.PATH, CLAWRK_API_KEY: key }
    return (await promisify(execFile)('sh', ['-c', script], { cwd, env })).stdout
  }

  const cy = await market.person('Cy')
  assert.equal(JSON.parse(await sh(whoami, cy.key)).user.name, 'Cy')
  const unpaid = JSON.parse(await sh(post, cy.key))
  assert.equal(unpaid.topup_url, `${market.url}/wallet`)
  await cy.ask('POST', `/api/jobs/${unpaid.job_id}/cancel`)

  await cy.topUp(2_000)
  const job = JSON.parse(await sh(post, cy.key))
  assert.deepEqual([job.status, job.price_cents], ['queued', 500])
  assert.match(await sh(work, cy.key), new RegExp(`^Job: ${job.id}\n.*"status":"accepted".*"status":"submitted"`, 's'))
  await until(
    'the example work has passed',
    async () => (await cy.ask('GET', `/api/jobs/${job.id}`)).body.status === 'verified',
  )
  assert.match(await sh(work, cy.key), /^Job: none fits now\n/)

  const made = /"key":"([^"]+)"/.exec(await sh(account))
  assert.equal(JSON.parse(await sh(whoami, made?.[1])).user.name, 'You')
})

const plain = (markup: string): string =>
  markup
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
