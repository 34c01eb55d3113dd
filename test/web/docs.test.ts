import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { AnyEndpoint } from '../../src/base/endpoint.ts'
import { edgeRefusals, edgeRefusalsOf } from '../../src/base/refusals.ts'
import { allContracts } from '../../src/market.ts'
import { launchBrowser } from '../support/browser.ts'
import { startTestMarket, type TestMarket } from '../support/market.ts'

let market: TestMarket
let page: string
before(async () => {
  market = await startTestMarket({ worker: false })
  page = await (await fetch(`${market.url}/docs`)).text()
})
after(() => market.close())

const escaped = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
/** Markup as people read it. */
const text = (markup: string): string =>
  markup
    .replaceAll(/<wbr>|<\/?(?:a|code|b|span|small)\b[^>]*>/g, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')

function article(id: string): string {
  const start = page.indexOf(`<article class="op" id="${id}"`)
  assert.ok(start > 0, `/docs does not show ${id}`)
  return page.slice(start, page.indexOf('</article>', start))
}

test('every operation is there, with its route, sentence, scope, fields, answers, refusals and an example', () => {
  let operations = 0
  for (const { name: room, endpoints, refusals } of allContracts) {
    const table: Readonly<Record<string, readonly [string, string]>> = { ...edgeRefusals, ...refusals }
    for (const [name, endpoint] of Object.entries(endpoints as Readonly<Record<string, AnyEndpoint>>)) {
      const id = `${room}.${name}`
      const shown = article(id)
      const [method, path] = endpoint.route.split(' ') as [string, string]
      const read = text(shown)
      assert.ok(page.includes(`href="#${id}"`), `${id} is not in the index`)
      assert.ok(read.includes(`${method} ${path}`), `${id} does not show its route`)
      assert.ok(read.includes(escaped(endpoint.summary)), `${id} does not show its summary`)
      if (endpoint.description) assert.ok(read.includes(escaped(endpoint.description)), `${id} lacks its description`)
      if (endpoint.scope) assert.ok(shown.includes(`scope <code>${endpoint.scope}</code>`), `${id} lacks its scope`)
      for (const field of Object.keys((endpoint.input as { shape: object }).shape))
        assert.ok(shown.includes(`<th scope="row"><code>${field}</code>`), `${id} lacks its field ${field}`)
      for (const status of Object.keys(endpoint.answers))
        assert.ok(shown.includes(`<b class="status">${status}</b>`), `${id} lacks its answer ${status}`)
      for (const code of endpoint.refusals) {
        assert.ok(shown.includes(`<code>${code}</code>`), `${id} lacks its refusal ${code}`)
        assert.ok(read.includes(escaped(table[code]![1])), `${id} lacks the sentence of ${code}`)
      }
      for (const code of edgeRefusalsOf(endpoint))
        assert.ok(shown.includes(`href="#refusal-${code}"`), `${id} lacks the refusal ${code} of any call`)
      assert.match(shown, /<pre tabindex="0"><code>curl /, `${id} has no example`)
      operations++
    }
  }
  assert.equal((page.match(/<article class="op" id="[a-z]+\.[a-z_]+"/g) ?? []).length, operations)
  for (const [code, [, sentence]] of Object.entries(edgeRefusals)) {
    assert.ok(page.includes(`id="refusal-${code}"`), `/docs does not explain ${code}`)
    assert.ok(text(page).includes(escaped(sentence)), `/docs lacks the sentence of ${code}`)
  }
})

test('every link within the page leads somewhere, no id stands twice, and nothing comes from elsewhere', () => {
  const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map((match) => match[1]!)
  assert.deepEqual(
    ids.filter((id, index) => ids.indexOf(id) !== index),
    [],
  )
  for (const [, target] of page.matchAll(/href="#([^"]*)"/g)) assert.ok(ids.includes(target!), `#${target} is nowhere`)
  for (const [, address] of page.matchAll(/(?:href|src)="([^"]*)"/g)) assert.match(address!, /^[#/]/)
  // Every field of the contracts has a type; text that may be null is text or null.
  assert.doesNotMatch(page, /anything/)
  assert.match(page, /text or null/)
  assert.doesNotMatch(page, /<style|\sstyle=|<script(?![^>]*\ssrc=)|\[object |undefined/)
})

test('in a browser it obeys its policy, fits a phone and is searched', async (t) => {
  const browser = await launchBrowser()
  if (!browser) return t.skip('no Chromium')
  t.after(() => browser.close())
  const tab = await browser.newPage({ viewport: { width: 390, height: 844 } })
  const faults: string[] = []
  tab.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
  tab.on('pageerror', (error) => faults.push(error.message))
  await tab.goto(`${market.url}/docs`)
  const find = tab.getByRole('searchbox')
  await find.fill('hold_lapsed limit')
  assert.deepEqual(await tab.locator('article.op:visible').evaluateAll((all) => all.map(({ id }) => id)), [
    'jobs.accept',
  ])
  await find.fill('no such thing')
  assert.ok(await tab.getByText('Nothing has these words.').isVisible())
  await find.fill('')
  assert.ok(await tab.locator('#jobs\\.run').isVisible())
  const [wide, room] = await tab.evaluate(() => [document.documentElement.scrollWidth, innerWidth] as const)
  assert.ok(wide <= room, `${wide} pixels wide on a screen of ${room}`)
  assert.deepEqual(faults, [])
})
