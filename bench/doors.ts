// `npm run bench:doors`: what a transaction pooler costs. The same paid lifecycles over HTTP, in one run on one PostgreSQL: with the
// API at PostgreSQL itself, the same without names for its statements, and through PgBouncer. Ratios are what counts.
import pg from 'pg'
import { setDefaults } from '../src/base/door.ts'
import { hasPgBouncer, launchPgBouncer } from '../test/support/pgbouncer.ts'
import { closedLoop, cpuReader, median, perSecond, type Round, spent } from './measure.ts'
import { overHttp } from './over-http.ts'
import { openStage } from './stage.ts'
import type { Variant } from './variant.ts'

const clients = 16
const [rounds, seconds] = process.argv.includes('--quick') ? [2, 2] : [5, 4]

if (!hasPgBouncer()) process.exit(1)
const stage = await openStage()
const bouncer = await launchPgBouncer(stage.folder, stage.postgres.url, {
  default_pool_size: '16',
  max_db_connections: '16',
})

/** As `clawrk migrate` does it for whoever comes through a pooler. */
async function pooled(url: string, through: string): Promise<Record<string, string>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('begin')
  await setDefaults(client, new URL(url).username)
  await client.query('commit')
  await client.end()
  return { DATABASE_URL: through, DATABASE_DIRECT_URL: url }
}

const shape = { roles: ['api', 'worker'], clients, keys: false } as const
const variants: Variant[] = []
try {
  variants.push(
    await overHttp(stage, { ...shape, name: 'direct' }),
    await overHttp(stage, {
      ...shape,
      name: 'direct, without names',
      settings: (url) => pooled(url, `${url}?pooler=transaction`),
    }),
    await overHttp(stage, { ...shape, name: 'PgBouncer', settings: (url) => pooled(url, bouncer.through(url)) }),
  )
  const measured = new Map<Variant, Round[]>(variants.map((variant) => [variant, []]))
  for (let round = 0; round <= rounds; round++) {
    // Every other round backwards, so that a drift of the machine hits all alike; the first is to warm up.
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      const readCpu = cpuReader(stage.postgres.pid, () => variant.pids)
      const [before, cpu, start] = [await variant.settled(), readCpu(), performance.now()]
      await closedLoop(clients, seconds, (client) => variant.once(client, () => {}))
      const lifecycles = (await variant.settled()) - before
      const took = (performance.now() - start) / 1000
      if (round > 0)
        measured.get(variant)!.push({ lifecycles, seconds: took, latencies: {}, cpu: spent(cpu, readCpu()), each: [] })
    }
  }
  const first = median(measured.get(variants[0]!)!.map(perSecond))
  process.stdout.write(
    `| ${clients} clients, API and worker | lifecycles a second | of direct | ms of PostgreSQL's time each |\n|---|---|---|---|\n`,
  )
  for (const [{ name }, all] of measured) {
    const rate = median(all.map(perSecond))
    const cost = median(all.map(({ cpu, lifecycles }) => (cpu.postgres / lifecycles) * 1000))
    process.stdout.write(`| ${name} | ${rate.toFixed(0)} | ${(rate / first).toFixed(2)} | ${cost.toFixed(2)} |\n`)
  }
  const faults = (await Promise.all(variants.map((variant) => variant.faults()))).flat()
  if (faults.length > 0) throw new Error(faults.join('\n'))
} finally {
  await Promise.all(variants.map((variant) => variant.close()))
  await bouncer.stop()
  await stage.close()
}
