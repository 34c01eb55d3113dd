// `npm run drill`: a market of some size is backed up, goes on, is damaged, and comes back, to the transfer and the hash; how long each
// step takes stands in a table. `-- --transfers 1000000` makes it larger.
import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import type { Database } from '../../src/base/db.ts'
import { sealTransfers, verifyChain } from '../../src/core/ledger/seal.ts'
import { openBackupStage, restored, type Steps } from './stage.ts'

const { values } = parseArgs({ options: { transfers: { type: 'string', default: '200000' } } })
const wanted = Number(values.transfers)
const people = 1_000
const together = 5_000

const seconds = (since: number): number => (performance.now() - since) / 1000
const rows: [step: string, seconds: number][] = []
const say = (text: string): void => void process.stderr.write(`${text}\n`)

async function timed<T>(step: string, work: () => Promise<T>): Promise<T> {
  say(`${step} …`)
  const since = performance.now()
  const done = await work()
  rows.push([step, seconds(since)])
  return done
}

/** So many transfers to a thousand wallets, by the ledger's own door, and sealed. */
async function fill(db: Database, from: number, until: number, users: readonly string[]): Promise<void> {
  for (let at = from; at < until; at += together) {
    await db.rows(
      `select count(ledger_post('topup', 'user:drill', 'drill:' || n, 'USD', array['platform:stripe'], array['wallet:' || ($1::text[])[1 + n % ${people}]], array[(1 + n % 9)::bigint]))
       from generate_series($2::int, $3::int) as n`,
      [users, at, Math.min(until, at + together) - 1],
    )
    while ((await sealTransfers(db)) > 0);
  }
}

interface State {
  readonly transfers: number
  readonly cents: number
  readonly head: string
}

async function stateOf(db: Database): Promise<State> {
  const [row] = await db.rows<{ transfers: number; cents: number }>(
    `select (select count(*) from transfer) as transfers, (select sum(balance)::bigint from ledger_account where unit = 'USD') as cents`,
  )
  const chain = await verifyChain(db)
  if (chain.faults.length > 0) throw new Error(chain.faults.join('; '))
  return { ...row!, head: chain.head }
}

const stage = await openBackupStage({ durable: true })
try {
  const { db, clawrk } = stage
  const users = Array.from({ length: people }, () => randomUUID())
  await db.rows(`select ledger_open(u) from unnest($1::uuid[]) as u`, [users])
  await timed(`${wanted / 2} transfers`, () => fill(db, 0, wanted / 2, users))
  const taken = await timed('clawrk backup', () => clawrk('backup', '--json'))
  if (taken.code !== 0) throw new Error(taken.stdout + taken.stderr)
  const backup = taken.json<{ bytes: number; stored_bytes: number; steps: Steps }>()
  await timed(`${wanted / 2} transfers more`, () => fill(db, wanted / 2, wanted, users))
  const before = await stateOf(db)
  const moment = await stage.now()
  await timed('a bad statement', () =>
    db.transaction(async (sql) => {
      await sql.rows(`set local session_replication_role = replica`)
      await sql.rows(`delete from transfer where position % 2 = 0`)
      await sql.rows(`drop table ledger_seal`)
    }),
  )
  const outcome = await timed('clawrk restore', () =>
    restored(clawrk, '--at', moment, '--into', stage.elsewhere('restored')),
  )
  const after = await stage.on(outcome.folder, stateOf)
  if (JSON.stringify(after) !== JSON.stringify(before))
    throw new Error(`before ${JSON.stringify(before)}, restored ${JSON.stringify(after)}`)
  if (outcome.breaches.length > 0) throw new Error(JSON.stringify(outcome.breaches))

  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`
  const line = (step: string, took: number): string => `${took.toFixed(2).padStart(9)} s  ${step}`
  const lines = [
    `${before.transfers.toLocaleString('en-US')} transfers; a backup of ${megabytes(backup.bytes)}, packed ${megabytes(backup.stored_bytes)}; ${outcome.segments} segments of log`,
    ...rows.flatMap(([step, took]) => [
      line(step, took),
      ...(step === 'clawrk backup' ? backup.steps : step === 'clawrk restore' ? outcome.steps : []).map(
        (one) => `${' '.repeat(13)}${line(one.step, one.seconds).trimStart()}`,
      ),
    ]),
    '✔ Every transfer, every balance and the head of the chain are what they were a moment before.',
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
} finally {
  await stage.close()
}
