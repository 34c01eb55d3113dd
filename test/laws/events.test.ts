import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { asText, say } from '../../src/core/events/words.ts'
import { eventKinds } from '../../src/market.ts'

const src = join(import.meta.dirname, '../../src')

/** What the product's own document promises to webhooks. */
const documented =
  'gig.created gig.updated gig.deleted gig.application.created gig.application.updated negotiation.created negotiation.updated contract.created contract.updated contract.milestone.funded contract.milestone.released dispute.created'

/** The quoted names in whatever tells events: in the file of a `tell` or `event_write`, each text that looks like one. */
function toldIn(file: string): string[] {
  const text = readFileSync(join(src, file), 'utf8')
  if (!/\b(tell|event_write|Telling)\b/.test(text)) return []
  // Whose affair it is, is written as columns of tables.
  const names = text.replaceAll(/parties: \[[^\]]*\]/g, '')
  return [...names.matchAll(/'([a-z]+(?:\.[a-z]+)*\.[a-z_]+)'/g)].map((match) => match[1]!)
}

const beginnings = new Set(eventKinds.map(({ name }) => name.split('.')[0]!))
const known = new Set(eventKinds.map(({ name }) => name))

test('every event that is told has its line: when, an example, what to do next', () => {
  const told = new Map<string, string>()
  for (const file of globSync(['core/**/*.{ts,sql}', 'desks/**/*.{ts,sql}'], { cwd: src }))
    for (const name of toldIn(file)) if (!name.endsWith('.ts') && !name.endsWith('.sql')) told.set(name, file)
  assert.ok(told.size > 15, `the search finds ${told.size} events only`)
  for (const [name, file] of told) {
    // Of the payment provider, and of nobody here.
    if (!beginnings.has(name.split('.')[0]!)) continue
    assert.ok(known.has(name), `${file} tells ${name}: add it to the events.ts of its room, then  npm run generate`)
  }
  for (const name of known)
    assert.ok(told.has(name) || name === 'webhook.test', `${name} has a line, and nothing tells it`)
  for (const name of documented.split(' ')) assert.ok(known.has(name), `${name} is documented`)
  assert.equal(known.size, eventKinds.length, 'a name stands twice')
})

test('the lines say what to do, and the examples are data that could have been told', () => {
  for (const { name, when, next, example, open } of eventKinds) {
    assert.match(name, /^[a-z]+(\.[a-z_]+)+$/)
    for (const sentence of [when, next]) assert.match(sentence, /^[A-Z`].*\.$/, `${name}: "${sentence}"`)
    assert.ok(Object.keys(example).length > 0, name)
    for (const field of Object.keys(example)) assert.match(field, /^[a-z][a-z0-9_]*$/, `${name}.${field}`)
    const shown = open?.(example)
    if (shown) assert.ok(!/title|name|text/.test(Object.keys(shown).join()), `${name}: words are no public event`)
  }
})

test('every event has words for people: whole sentences of what it comes with, and what is documented is never held back', () => {
  for (const { name, words, example } of eventKinds) {
    const { text } = words
    const cases = typeof text === 'string' ? [text] : [...Object.values(text.cases), text.otherwise]
    if (typeof text !== 'string') assert.ok(text.by in example, `${name}: ${text.by} is no field of its example`)
    for (const one of cases) {
      assert.match(one, /^([A-Z]|\{).*\.$/, `${name}: "${one}"`)
      assert.doesNotMatch(one, /`|GET |POST /, `${name}: "${one}" is for programs`)
      // What stands outside of brackets must always be there.
      for (const [, field] of one.replaceAll(/\[[^\]]*\]/g, '').matchAll(/\{(\w+)\}/g))
        assert.ok(field! in example, `${name}: its example has no ${field}`)
    }
    const said = asText(say({ words }, example))
    assert.doesNotMatch(said, /[{}[\]]|undefined|null|…/, `${name}: ${said}`)
  }
  for (const name of documented.split(' '))
    assert.equal(
      eventKinds.find((kind) => kind.name === name)!.words.quiet,
      undefined,
      `${name} is documented for channels`,
    )
})

test('every path that a line names is one of the market’s', async () => {
  const { allContracts } = await import('../../src/market.ts')
  const routes = new Set(
    allContracts.flatMap(({ endpoints }) => Object.values(endpoints).map(({ route }) => route as string)),
  )
  for (const { name, next } of eventKinds)
    for (const [route] of next.matchAll(/(GET|POST|PATCH|DELETE) (\/api\/[\w/:-]+)/g))
      assert.ok(routes.has(route), `${name}: there is no ${route}`)
})
