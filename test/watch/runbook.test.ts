import assert from 'node:assert/strict'
import { globSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, test } from 'node:test'
import type { Command } from 'commander'
import { watchAge } from '../../src/base/backup/age.ts'
import { openMeters, showBackupAge } from '../../src/base/meters.ts'
import { auditLedger } from '../../src/core/ledger/laws.ts'
import { takeCensus } from '../../src/core/operators/census.ts'
import { jobCounts } from '../../src/desks/jobs/oversight.ts'
import { buildProgram } from '../../src/edges/cli/program.ts'
import { fund, people, post, refused } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'
import { type Sample, samplesOf } from './scrape.ts'

const projectDir = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(projectDir, path), 'utf8')

interface Alert {
  readonly name: string
  readonly expr: string
  readonly page: string
  readonly severity: string
}

/** The alerts, from a file that is written in one way only: a line for each field. */
function readAlerts(): Alert[] {
  return read('ops/prometheus/alerts.yml')
    .split(/^ {6}- alert: /m)
    .slice(1)
    .map((text) => {
      const field = (pattern: RegExp): string => {
        const found = pattern.exec(text)?.[1]
        assert.ok(found, `the alert ${text.split('\n')[0]} has no ${pattern.source}`)
        return found
      }
      return {
        name: field(/^(\w+)$/m),
        expr: field(/^ {8}expr: '([^']+)'$/m),
        severity: field(/^ {8}labels: \{ severity: (page|ticket) \}$/m),
        page: field(/^ {10}runbook: docs\/operating\/runbook\/([\w-]+)\.md$/m),
      }
    })
}

interface Used {
  readonly name: string
  readonly labels: readonly string[]
}

const words = new Set('and or unless by without on ignoring group_left group_right bool offset'.split(' '))

/** The metrics of a PromQL expression with the labels they are asked for, and those it groups by. */
function metricsOf(expr: string): { used: Used[]; grouped: string[] } {
  const grouped = [...expr.matchAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/g)].flatMap(([, list]) =>
    list!.split(',').map((label) => label.trim()),
  )
  const plain = expr.replaceAll(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, ' ').replaceAll(/\[[^\]]*\]/g, ' ')
  const used = [...plain.matchAll(/([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?(?!\w*\s*\()/g)]
    // What is within the quotes and braces of a selector is taken with its metric.
    .filter(([, name]) => !words.has(name!))
    .map(([, name, selector = '']) => ({
      name: name!,
      labels: [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label!),
    }))
    .filter(({ name }) => !new RegExp(`\\b${name}\\s*\\(`).test(plain))
  return { used, grouped }
}

const market = await startTestMarket()
after(() => market.close())

/** A scrape of a market that has done something, and of one with a replica and backups: whatever is ever shown. */
async function scrapeEverything(): Promise<{ names: Set<string>; samples: Sample[] }> {
  const [ada] = await people(market, 'Ada')
  refused(await ada.ask('POST', '/api/jobs/run', {}), 400, 'invalid_input')
  await fund(market, ada, 1_000)
  await post(ada)
  await takeCensus(market.db, jobCounts)
  await auditLedger(market.db)
  const text = await (await fetch(`${market.url}/metrics`)).text()
  const standing = () => ({
    replica: { used: true, behindMs: 5, why: null },
    answered: { replica: 1, primary: 1 },
    turnedBack: 0,
  })
  const other = openMeters({ db: market.db, reads: { ...market.db, standing }, figures: [] })
  // One with backups of its own.
  const line = { folder: mkdtempSync(join(tmpdir(), 'clawrk-backups-')), line: 'of this market', began: new Date() }
  showBackupAge(other, watchAge(line))
  const all = `${text}\n${await other.metrics()}`
  const names = new Set(['up'])
  for (const [, name, type] of all.matchAll(/^# TYPE (\S+) (\w+)$/gm)) {
    names.add(name!)
    if (type === 'histogram') for (const part of ['bucket', 'sum', 'count']) names.add(`${name}_${part}`)
  }
  return { names, samples: samplesOf(all) }
}

const everything = scrapeEverything()
/** Labels that Prometheus itself puts on what it scrapes. */
const fromPrometheus = ['job', 'instance']

async function assertKnown(expr: string, where: string): Promise<void> {
  const { names, samples } = await everything
  const { used, grouped } = metricsOf(expr)
  assert.ok(used.length > 0, `${where} asks for no metric: ${expr}`)
  for (const { name, labels } of used) {
    assert.ok(names.has(name), `${where} asks for ${name}, which no market shows: ${expr}`)
    const shown = samples.filter((sample) => sample.name === name)
    // Without a sample nothing is known of its labels.
    if (shown.length === 0) continue
    for (const label of labels)
      assert.ok(
        fromPrometheus.includes(label) || shown.some((sample) => label in sample.labels),
        `${where}: ${name} has no label ${label}`,
      )
  }
  const known = new Set([...fromPrometheus, ...samples.flatMap(({ labels }) => Object.keys(labels))])
  for (const label of grouped) assert.ok(known.has(label), `${where} groups by ${label}, which nothing has: ${expr}`)
}

const alerts = readAlerts()
const pages = globSync('docs/operating/runbook/*.md', { cwd: projectDir })

test('the reading of expressions finds what is wrong in one', async () => {
  assert.deepEqual(metricsOf('sum by (le, route) (rate(a_bucket{route!~"x|y"}[5m])) / on(task) max(b{c="d"}) > 3'), {
    used: [
      { name: 'a_bucket', labels: ['route'] },
      { name: 'b', labels: ['c'] },
    ],
    grouped: ['le', 'route', 'task'],
  })
  await assert.rejects(assertKnown('max(clawrk_no_such_metric) > 0', 'a test'), /which no market shows/)
  await assert.rejects(assertKnown('clawrk_oldest_late_seconds{lives="job"}', 'a test'), /has no label lives/)
  await assert.rejects(assertKnown('sum by (colour) (up)', 'a test'), /groups by colour/)
})

test('every alert asks for metrics that a market shows', async () => {
  assert.ok(alerts.length >= 15)
  for (const { name, expr } of alerts) await assertKnown(expr, `the alert ${name}`)
})

test('every query of the dashboard asks for metrics that a market shows', async () => {
  interface Panel {
    readonly title: string
    readonly type: string
    readonly targets?: readonly { readonly expr: string }[]
  }
  const { panels } = JSON.parse(read('ops/grafana/clawrk.json')) as { panels: Panel[] }
  const drawn = panels.filter(({ type }) => type !== 'row')
  assert.ok(drawn.length >= 25)
  for (const { title, targets } of drawn) {
    assert.ok(targets?.length, `the panel "${title}" asks for nothing`)
    for (const { expr } of targets) await assertKnown(expr, `the panel "${title}"`)
  }
})

test('every alert has a page that says what to do, and every page an alert', () => {
  assert.deepEqual(alerts.map(({ page }) => `docs/operating/runbook/${page}.md`).sort(), pages.sort())
  assert.equal(new Set(alerts.map(({ name }) => name)).size, alerts.length)
  for (const { name, page } of alerts) {
    const text = read(`docs/operating/runbook/${page}.md`)
    const [title, ...headings] = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading)
    assert.equal(title, name)
    assert.deepEqual(headings, ['What it means', 'What people feel', 'How to look', 'What to do', 'When it is over'])
    for (const [, other] of text.matchAll(/\]\(([\w-]+\.md)\)/g))
      assert.ok(
        pages.some((path) => basename(path) === other),
        `${page} leads to ${other}, which is not there`,
      )
  }
})

test('every command and metric that the operators’ pages name is there', async () => {
  const { names } = await everything
  const program = buildProgram()
  const child = (of: Command, name: string): Command | undefined => of.commands.find((one) => one.name() === name)
  let commands = 0
  for (const path of [...pages, 'docs/operating/watching.md']) {
    const text = read(path)
    for (const [, line] of text.matchAll(/`(?:[A-Z_]+=\S+ |time )?clawrk ([^`]+)`/g)) {
      commands++
      let command: Command = program
      for (const word of line!.split(/\s+/)) {
        if (/^[<[]/.test(word)) continue
        if (word.startsWith('--')) {
          const isKnown = [...command.options, ...program.options].some(({ long }) => long === word.split('=')[0])
          assert.ok(isKnown, `${path}: clawrk ${line}: there is no ${word}`)
        } else if (command.commands.length > 0) {
          const next = child(command, word)
          assert.ok(next, `${path}: clawrk ${line}: there is no command ${word}`)
          command = next
        }
      }
    }
    for (const [name] of text.matchAll(/\b(clawrk|nodejs|process)_[a-z_]+\b/g))
      assert.ok(names.has(name), `${path} names ${name}, which no market shows`)
  }
  assert.ok(commands > 40)
})
