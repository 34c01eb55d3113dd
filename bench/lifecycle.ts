// `npm run bench:lifecycle`: full paid lifecycles a second, over HTTP, by the same SQL without HTTP, and bare queue libraries
// beside them, in one run on one durable PostgreSQL. What is counted is work that is over and paid for, not requests.
import { graphileWorker, pgBoss } from './bare-queue.ts'
import { direct } from './direct.ts'
import { closedLoop, describeMachine, pacedLoop, perSecond, type Round } from './measure.ts'
import { type Options, readOptions, usage } from './options.ts'
import { overHttp } from './over-http.ts'
import { measure } from './rounds.ts'
import { onStage, postgresVersion, type Stage } from './stage.ts'
import { type AtOneCount, type Result, showResults, summarize } from './table.ts'
import type { Variant } from './variant.ts'

const say = (line: string): void => void process.stderr.write(`${line}\n`)

/** The variants at one number of clients; the first is what the others are compared with. */
async function openVariants(stage: Stage, clients: number, { keys }: Options): Promise<Variant[]> {
  const variants = [
    await overHttp(stage, { name: 'over HTTP', roles: ['all'], clients, keys: false }),
    await direct(stage, clients),
    await pgBoss(stage, clients),
    await graphileWorker(stage, clients),
  ]
  if (keys || clients === 16)
    variants.push(await overHttp(stage, { name: 'over HTTP, with keys', roles: ['all'], clients, keys: true }))
  if (clients === 16)
    variants.push(
      await overHttp(stage, { name: 'over HTTP, api + worker', roles: ['api', 'worker'], clients, keys: false }),
    )
  return variants
}

async function measureAt(stage: Stage, clients: number, options: Options): Promise<AtOneCount> {
  const variants = await openVariants(stage, clients, options)
  try {
    const rounds = new Map<Variant, Round[]>(variants.map((variant) => [variant, []]))
    for (const variant of variants) {
      say(`${clients} clients: warming up ${variant.name}`)
      await measure(stage, variant, (once) => closedLoop(clients, options.warmUpSeconds, once))
    }
    for (let round = 1; round <= options.rounds; round++) {
      // Every other round backwards, so that a drift of the machine hits all alike.
      for (const variant of round % 2 === 1 ? variants : variants.toReversed()) {
        const measured = await measure(stage, variant, (once) => closedLoop(clients, options.seconds, once))
        rounds.get(variant)!.push(measured)
        say(`${clients} clients, round ${round}: ${variant.name} ${perSecond(measured).toFixed(0)}/s`)
      }
    }
    const results = variants.map((variant) => summarize(variant.name, rounds.get(variant)!))
    const rate = results[0]!.perSecond / 2
    say(`${clients} clients: ${variants[0]!.name} at half load, ${rate.toFixed(0)}/s`)
    const half = await measure(stage, variants[0]!, (once) => pacedLoop(clients, options.halfLoadSeconds, rate, once))
    const faults = (await Promise.all(variants.map((variant) => variant.faults()))).flat()
    return { clients, results, half: { asked: rate, ...summarize('over HTTP, half load', [half]) }, faults }
  } finally {
    await Promise.all(variants.map((variant) => variant.close()))
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (!options) {
    process.stdout.write(usage)
    process.exitCode = 2
    return
  }
  const startedAt = Date.now()
  await onStage(async (stage) => {
    const machine = describeMachine(await postgresVersion(stage))
    const at: AtOneCount[] = []
    for (const clients of options.clients) at.push(await measureAt(stage, clients, options))
    const result: Result = {
      at,
      machine,
      command: ['npm run bench:lifecycle --', ...process.argv.slice(2)].join(' '),
      seconds: Math.round((Date.now() - startedAt) / 1000),
    }
    process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : showResults(result, options))
    if (at.some(({ faults }) => faults.length > 0)) process.exitCode = 1
  })
}

await main()
