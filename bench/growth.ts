// `npm run bench:growth`: what every hot statement costs when the market has a past of ten thousand, a hundred thousand and a million
// jobs (ten transfers each), in one run on one PostgreSQL that grows from step to step.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { makeScratchFolder } from '../demo/scratch.ts'
import { openDatabase } from '../src/base/db.ts'
import { migrate } from '../src/base/migrate.ts'
import { launchPostgres } from '../src/base/postgres/launch.ts'
import { casesOf } from './growth/cases.ts'
import { grow } from './growth/grow.ts'
import { openGrown } from './growth/market.ts'
import { openMeter } from './growth/meter.ts'
import { readingsOf } from './growth/plans.ts'
import { type AtSize, showGrowth } from './growth/report.ts'
import { growing } from './growth/tables.ts'

const usage = `npm run bench:growth -- [options]

  --sizes 10k,100k,1m  how many jobs; ten times as many transfers
  --keep DIR           keeps the grown database and the figures in DIR: the next run goes on from there, or measures its size again
  --only TEXT          only what has TEXT in its name
  --open 2000          open jobs at every size
  --no-laws            leaves out what reads everything on purpose
`

const say = (line: string): void => void process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)

const sizeOf = (text: string): number => Number(text.replace(/k$/i, '000').replace(/m$/i, '000000'))

async function measureAt(url: string, folder: string, jobs: number, { open, only, laws }: Asked): Promise<AtSize> {
  const grown = await openGrown(url, join(folder, 'market'), open)
  try {
    const { db } = grown.market
    const meter = await openMeter(db)
    const cases = (await casesOf(grown)).filter(({ hot }) => hot || laws)
    const found: AtSize['found'][number][] = []
    for (const { name, hot, prepare, once, each = 5 } of cases) {
      const isWanted = name.includes(only)
      // What is not wanted is done once all the same: others take up what it leaves.
      const cost = await meter.measure(
        once,
        isWanted && hot ? { rounds: 7, each: prepare ? 1 : each, prepare } : { rounds: 1, each: 1, prepare },
      )
      if (!isWanted) continue
      found.push({ name, hot, ...cost })
      say(`${jobs} jobs · ${name}: ${cost.ms.toFixed(2)} ms, ${cost.pages.toFixed(0)} pages`)
    }
    const faults: string[] = []
    for (const { name, hot, prepare, once, most = 700 } of cases) {
      if (!hot || !name.includes(only)) continue
      await prepare?.()
      for (const { table, node, index, rows, query } of await readingsOf(db, once))
        if (growing.includes(table) && (node.includes('Seq Scan') || rows > most))
          faults.push(
            `${name}: ${node} of ${table}${index ? ` by ${index}` : ''} looks at ${rows} rows in: ${query.replaceAll(/\s+/g, ' ').slice(0, 160)}`,
          )
    }
    return { jobs, found, faults: [...new Set(faults)] }
  } finally {
    await grown.close()
  }
}

interface Asked {
  readonly open: number
  readonly only: string
  readonly laws: boolean
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      sizes: { type: 'string', default: '10k,100k,1m' },
      keep: { type: 'string' },
      only: { type: 'string', default: '' },
      open: { type: 'string', default: '2000' },
      'no-laws': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const sizes = values.sizes.split(',').map(sizeOf)
  if (values.help || !sizes.every((size) => size >= 1_000)) return void process.stdout.write(usage)
  const asked: Asked = { open: Number(values.open), only: values.only, laws: !values['no-laws'] }
  const folder = values.keep ?? makeScratchFolder('clawrk-growth')
  mkdirSync(folder, { recursive: true })
  const postgres = await launchPostgres({
    dataDir: join(folder, 'pg'),
    durable: true,
    settings: { max_wal_size: '8GB', checkpoint_timeout: '30min' },
  })
  const end = async (): Promise<void> => {
    await postgres.stop()
    if (!values.keep) rmSync(folder, { recursive: true, force: true })
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void end().finally(() => process.exit(130)))
  try {
    await migrate(postgres.url, { mode: 'test' })
    const figures = join(folder, 'figures.json')
    const at: AtSize[] = values.keep ? known(figures) : []
    const has = await grownTo(postgres.url)
    for (const size of sizes.filter((size) => size >= has)) {
      say(`growing to ${size} jobs`)
      await without(postgres.url, whileGrowing, () => grow({ url: postgres.url, deals: size, perAgent: 50, say }))
      const measured = await without(postgres.url, whileMeasuring, () => measureAt(postgres.url, folder, size, asked))
      at.splice(0, at.length, ...at.filter(({ jobs }) => jobs !== size), measured)
      at.sort((one, other) => one.jobs - other.jobs)
      if (values.keep) writeFileSync(figures, JSON.stringify(at))
    }
    process.stdout.write(showGrowth(at))
    if (at.some(({ faults }) => faults.length > 0)) process.exitCode = 1
  } finally {
    await end()
  }
}

function known(file: string): AtSize[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as AtSize[]
  } catch {
    return []
  }
}

async function grownTo(url: string): Promise<number> {
  const db = openDatabase({ url, poolSize: 1 })
  try {
    const [row] = await db.rows<{ there: string | null }>(`select to_regclass('growth.state')::text as there`)
    if (!row!.there) return 0
    const [state] = await db.rows<{ deals: number }>(`select deals from growth.state`)
    return state?.deals ?? 0
  } finally {
    await db.close()
  }
}

/** Growing need not survive a crash; what is measured does. */
const whileGrowing = ['fsync', 'full_page_writes']

/**
 * A vacuum that begins by itself comes when a fifth of a table is new: amid the cases at the smallest size and at none of the others.
 * Everything has been vacuumed before, and what the cases themselves leave behind lies there for all sizes alike.
 */
const whileMeasuring = ['autovacuum']

/** Lets settings be off while something is done. */
async function without<T>(url: string, settings: readonly string[], work: () => Promise<T>): Promise<T> {
  const alter = async (how: (name: string) => string): Promise<void> => {
    const db = openDatabase({ url, poolSize: 1 })
    try {
      for (const name of settings) await db.pool.query(`alter system ${how(name)}`)
      await db.pool.query(`select pg_reload_conf()`)
    } finally {
      await db.close()
    }
  }
  await alter((name) => `set ${name} = off`)
  try {
    return await work()
  } finally {
    await alter((name) => `reset ${name}`)
  }
}

await main()
