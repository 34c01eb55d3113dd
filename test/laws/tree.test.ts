import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import test from 'node:test'

const src = join(import.meta.dirname, '../../src')
const files = globSync('**/*.{ts,tsx,js}', { cwd: src })
  .filter((file) => !file.endsWith('.test.ts'))
  .sort()

/** The files of `src` that a file imports for their values or types, as paths below `src`. */
function importsOf(file: string, text: string, kinds: 'all' | 'values' = 'all'): string[] {
  const found = [...text.matchAll(/(?:^|\n)\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s+'(\.[^']+)'/g)]
  const lazy = [...text.matchAll(/import\('(\.[^']+)'\)/g)].map((match) => match[1]!)
  const fixed = found.filter(([, type]) => kinds === 'all' || !type).map((match) => match[2]!)
  return [...fixed, ...lazy].map((path) => relative(src, join(src, dirname(file), path)))
}

const floors = ['base', 'core', 'desks', 'edges']
const floorOf = (file: string): string | undefined => floors.find((floor) => file.startsWith(`${floor}/`))
const roomOf = (file: string): string => file.split('/').slice(0, 2).join('/')

/** Which core rooms a core room may use. */
const coreArrows: Readonly<Record<string, readonly string[]>> = {
  'core/events': [],
  'core/ledger': ['core/events'],
  'core/turns': [],
  'core/credits': ['core/ledger', 'core/events'],
  'core/files': ['core/events'],
  'core/matching': ['core/events'],
  'core/accounts': ['core/ledger', 'core/events', 'core/turns'],
  'core/operators': ['core/accounts', 'core/ledger', 'core/events'],
  'core/profiles': ['core/accounts', 'core/files', 'core/ledger', 'core/events', 'core/turns'],
  'core/payments': ['core/accounts', 'core/ledger', 'core/events'],
  'core/verification': ['core/events', 'core/files'],
  'core/deliveries': [],
  'core/channels': ['core/accounts', 'core/deliveries', 'core/events'],
  'core/webhooks': ['core/accounts', 'core/deliveries', 'core/events'],
}

/** What an edge may import of another edge: how it is started, and contracts. Nothing else of its inside. */
const edgeDoors = [
  'edges/http/api.ts',
  'edges/http/idempotency.ts',
  'edges/http/limits.ts',
  'edges/supervisor/start.ts',
  'edges/supervisor/twin-address.ts',
  'edges/sdk/client.ts',
  'edges/twin/start.ts',
  'edges/worker/retention.ts',
]

test('a file imports from its own floor or an earlier one', () => {
  for (const file of files) {
    const floor = floorOf(file)
    if (!floor) continue // main.ts, market.ts and generate.ts wire everything.
    for (const target of importsOf(file, readFileSync(join(src, file), 'utf8'))) {
      const other = floorOf(target)
      // The command line starts and inspects the market on its own machine, so it may reach for the wiring.
      if (!other && floor === 'edges' && /^edges\/cli\//.test(file)) continue
      assert.ok(
        other && other <= floor,
        `${file} imports ${target}: ${floor} may not know ${other ?? 'the wiring'}; see STYLE.md, "The floors"`,
      )
    }
  }
})

test('core rooms use each other only along the arrows; the desks never meet; edges use each other only by their doors', () => {
  for (const file of files) {
    for (const target of importsOf(file, readFileSync(join(src, file), 'utf8'))) {
      const [from, to] = [roomOf(file), roomOf(target)]
      if (from === to) continue
      if (from.startsWith('core/') && to.startsWith('core/')) {
        assert.ok(
          coreArrows[from]?.includes(to),
          `${file} imports ${target}: ${from} may use only ${coreArrows[from]?.join(', ') || 'no core room'}`,
        )
      }
      if (from.startsWith('desks/') && to.startsWith('desks/'))
        assert.fail(`${file} imports ${target}: the desks never import each other`)
      if (from.startsWith('edges/') && to.startsWith('edges/')) {
        assert.ok(
          edgeDoors.includes(target),
          `${file} imports ${target}: take what both need one floor down, or make it a door in this test`,
        )
      }
    }
  }
})

test('no name says nothing', () => {
  for (const file of files) {
    assert.doesNotMatch(
      file,
      /(^|\/)[^/]*(service|manager|helper|util|common)[^/]*(\/|\.)/i,
      `${file}: what is the noun or the verb?`,
    )
  }
})

test('the command line starts without a database driver, the provider’s SDK or a web server', () => {
  const heavy = /^(pg|kysely|stripe|fastify|@fastify\/.*|prom-client|@aws-sdk\/.*)$/
  const seen = new Set<string>()
  const visit = (file: string, way: readonly string[]): void => {
    if (seen.has(file)) return
    seen.add(file)
    const text = readFileSync(join(src, file), 'utf8')
    for (const [, type, name] of text.matchAll(/(?:^|\n)\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s+'([^']+)'/g)) {
      const path = [...way, name!].join(' → ')
      if (type) continue
      assert.ok(
        !heavy.test(name!),
        `${path}: load it in the action, await import('../machine/…'), or every command waits for it`,
      )
      if (name!.startsWith('.')) visit(relative(src, join(src, dirname(file), name!)), [...way, file])
    }
  }
  visit('edges/cli/program.ts', [])
  assert.ok(seen.size > 60, 'the commands are all looked at')
})

test('what a browser or an agent downloads with the SDK needs no Node and no server', () => {
  const seen = new Set<string>()
  const visit = (file: string, via: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    const text = readFileSync(join(src, file), 'utf8')
    for (const [, type, name] of text.matchAll(
      /(?:^|\n)\s*(?:import|export)\s+(type\s)?[^'"`;]*?from\s+'([^'.][^']*)'/g,
    )) {
      if (!type) assert.equal(name, 'zod', `${file} (imported by ${via}) imports ${name}, so the SDK would need it too`)
    }
    for (const target of importsOf(file, text, 'values')) visit(target, file)
  }
  visit('edges/sdk/client.ts', 'the SDK')
  assert.ok(seen.size > 5, 'the SDK reads the contracts')
})

test('only the ledger room names its tables; only the events room names its own', () => {
  const tables: Readonly<Record<string, RegExp>> = {
    'core/ledger':
      /\b(ledger_account|transfer_once|mandate_day)\b|\b(from|into|update|join)\s+transfer(_old|_all)?\b|\bledger_(archive|carried|work_carried)\b/i,
    'core/events': /\b(from|into|update|join)\s+event(_old|_all)?\b|\bevent_(page|sequence|day|reader|archive)\b/i,
    'core/matching': /\bmatch_text\b|\b(from|into|update|join)\s+match_profile\b/i,
    'core/webhooks': /\b(from|into|update|join)\s+webhook(_delivery|_attempt)?\b/i,
    'core/channels': /\b(from|into|update|join)\s+channel(_\w+)?\b/i,
    'desks/jobs': /\b(job_presentation|job_log|quote)\b(?=\s+(where|set|\(|p\b))/i,
  }
  const sql = globSync('**/*.sql', { cwd: src })
  for (const file of [...files, ...sql]) {
    const text = readFileSync(join(src, file), 'utf8').replaceAll(/(^|\s)(\/\/|--|\*).*$/gm, '')
    for (const [room, names] of Object.entries(tables)) {
      if (roomOf(file) === room) continue
      assert.doesNotMatch(text, names, `${file} names a table of ${room}: call a function of that room instead`)
    }
  }
})
