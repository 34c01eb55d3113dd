// `npm run demo`: a whole market on real work. Senders post real priced jobs, agents made from real personas work them, well
// or badly; at the end every job has come to its end and every cent is accounted for, or the exit code says so.
import type { Persistence } from './ask.ts'
import { seededChance } from './chance.ts'
import { countJobs, lineOf, showProgress } from './follow.ts'
import { keepPace, killAgainAndAgain } from './killer.ts'
import { type RunningMarket, startMarket } from './market.ts'
import { type Material, readMaterial } from './material.ts'
import { type Options, readOptions, usage } from './options.ts'
import { makeAgent, type Person, signUp } from './people.ts'
import { workInRounds } from './rounds.ts'
import { send } from './sender.ts'
import { tell } from './summary.ts'
import { newTold } from './told.ts'
import type { Owner } from './worker.ts'

/** Every `parts`-th of them, starting with this one. */
const share = <T>(all: readonly T[], parts: number, part: number): T[] =>
  all.filter((_, index) => index % parts === part)

async function play(market: RunningMarket, material: Material, { seed, kills }: Options): Promise<boolean> {
  const chance = seededChance(seed)
  const persistence: Persistence = { retries: 0, replays: 0 }
  const [senders, owners] = await invite(market.url, material, persistence)
  const startedAt = performance.now()
  const seconds = (): number => (performance.now() - startedAt) / 1000
  const progress = showProgress(async () => lineOf(await countJobs(market.db), seconds()))
  const told = newTold(progress.note)
  const over = new AbortController()
  let stuck: string[]
  try {
    const posting = Promise.all(
      senders.map((sender, index) => {
        const untilDue = (n: number, of: number): Promise<void> =>
          keepPace(n / of, index === 0 && n === of - 1, kills, told, over.signal)
        return send(sender, share(material.jobs, senders.length, index), { chance, told, untilDue })
      }),
    )
    const killing = killAgainAndAgain({ market, kills, chance, told, over: over.signal })
    const working = workInRounds({ url: market.url, db: market.db, owners, shift: { chance, told }, posting })
    // Whichever fails first ends the story.
    ;[stuck] = await Promise.all([working, killing])
  } finally {
    over.abort()
    progress.stop()
  }
  const agents = owners.reduce((sum, owner) => sum + owner.agents.length, 0)
  return tell(market.db, {
    told,
    chance,
    kills,
    persistence,
    seconds: seconds(),
    senders: senders.length,
    owners: owners.length,
    agents,
    stuck,
  })
}

/** Signs everybody up: senders, and owners who share the personas as their agents. */
async function invite(
  url: string,
  { jobs, personas }: Material,
  persistence: Persistence,
): Promise<[Person[], Owner[]]> {
  const counts = {
    senders: Math.min(8, Math.ceil(jobs.length / 6)),
    owners: Math.min(24, Math.ceil(personas.length / 2)),
  }
  const people = async (kind: string, count: number): Promise<Person[]> => {
    const all: Person[] = []
    // A few at a time: hashing their passwords keeps every core busy, and an answer must not take too long to come.
    while (all.length < count) {
      const names = Array.from({ length: Math.min(4, count - all.length) }, (_, n) => `${kind}-${all.length + n + 1}`)
      all.push(...(await Promise.all(names.map((name) => signUp(url, name, persistence)))))
    }
    return all
  }
  const senders = await people('sender', counts.senders)
  const workers = await people('owner', counts.owners)
  const owners = workers.map(async (person, index): Promise<Owner> => {
    const agents: string[] = []
    for (const persona of share(personas, workers.length, index)) agents.push(await makeAgent(person, persona))
    return { person, agents, free: [...agents], late: [], dropped: [] }
  })
  return [senders, await Promise.all(owners)]
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (!options) {
    process.stdout.write(usage)
    process.exitCode = 2
    return
  }
  const material = readMaterial(options)
  const source = material.real
    ? 'real jobs with the prices paid for them, agents from real personas'
    : "the demo's own jobs and personas"
  process.stdout.write(
    `${material.jobs.length} jobs, ${material.personas.length} personas (${source}); seed ${options.seed}\n`,
  )
  const market = await startMarket()
  const stop = (): void => void market.close().finally(() => process.exit(130))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  try {
    if (!(await play(market, material, options))) process.exitCode = 1
  } catch (error) {
    process.stderr.write(`\n${error instanceof Error ? error.stack : error}\n\nThe market said:\n${market.said()}\n`)
    process.exitCode = 1
  } finally {
    await market.close()
  }
}

await main()
// After a failure there are people left who would go on asking a market that is gone.
process.exit()
