import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { logFailingFor } from '../../../base/backup/log-archive.ts'
import { type Database, openDatabase, sqlState } from '../../../base/db.ts'
import { countedMost } from '../../../base/figures.ts'
import { dollars } from '../../../base/money.ts'
import { launchPostgres } from '../../../base/postgres/launch.ts'
import { settings } from '../../../base/settings.ts'
import { type ChannelBacklog, channelBacklog, channelsStuck } from '../../../core/channels/oversight.ts'
import { archiveLaws } from '../../../core/ledger/archive-laws.ts'
import { type Breach, checkLaws, laws, platformBalance } from '../../../core/ledger/laws.ts'
import { readStuck, type Stuck } from '../../../core/operators/stuck.ts'
import { type LastReconciliation, lastReconciliation } from '../../../core/payments/books/reconcile.ts'
import { type InboxState, inboxState } from '../../../core/payments/inbox.ts'
import { paymentLaws } from '../../../core/payments/laws.ts'
import { paymentsStuck } from '../../../core/payments/oversight.ts'
import { type WebhookBacklog, webhookBacklog, webhooksStuck } from '../../../core/webhooks/oversight.ts'
import { gigLaws } from '../../../desks/gigs/laws.ts'
import { jobArchiveLaws, jobLaws } from '../../../desks/jobs/laws.ts'
import { type BackupState, backupState } from '../archiver.ts'
import { Complaint, exits, refused } from '../exit.ts'
import { facts } from '../render/job.ts'
import { bold, dim, oneLine, paint } from '../render/text.ts'
import { duration, relative } from '../render/time.ts'

/** What the other rooms add to the ledger's own laws. */
const deskLaws = [...paymentLaws, ...jobLaws, ...gigLaws, ...archiveLaws, ...jobArchiveLaws]

const platform = ['fees', 'stripe', 'processing', 'credits_sold', 'arbitration', 'unclaimed', 'losses'] as const

/** Checks every law of the ledger, in the database itself; exit code 1 on a breach, and where backups or the archive of the log stand still. */
export const diagnose = (json: boolean): Promise<void> => onDatabase((db, name) => report(db, name, json))

/** Works on the database of the market on this machine; what keeps it from that is said in words. */
export async function onDatabase(work: (db: Database, name: string) => Promise<void>): Promise<void> {
  const place = await findDatabase()
  try {
    const db = openDatabase({ url: place.url, poolSize: 1 })
    try {
      await work(db, `${place.name}${await modeNote(db)}`)
    } catch (error) {
      if (error instanceof Complaint) throw error
      if (sqlState(error) === '42P01')
        throw refused('no_market', `There is no market in ${place.name} yet, or an older one.`, 'clawrk serve')
      if (sqlState(error) === undefined)
        throw refused('database_unreachable', `The database of ${place.name} cannot be reached: ${messageOf(error)}`)
      throw error
    } finally {
      await db.close()
    }
  } finally {
    await place.release()
  }
}

/** Whether the market of a database is one of play money: there its clock can be moved. */
async function modeNote(db: Database): Promise<string> {
  const [row] = await db.rows<{ test: boolean }>(
    `select exists (select from pg_trigger where tgname = 'app_clock_moved') as test`,
  )
  return row!.test ? dim('  TEST MODE: play money') : ''
}

async function report(db: Database, name: string, json: boolean): Promise<void> {
  const breaches = await checkLaws(db, deskLaws)
  const balances: [name: string, cents: number][] = []
  for (const account of platform) balances.push([account, await platformBalance(db, `platform:${account}`)])
  const [inbox, compared, webhooks] = [await inboxState(db), await lastReconciliation(db), await webhookBacklog(db)]
  const backups = await backupState()
  const logFailing = await logFailingFor(db)
  const copies = copiesFault(backups, logFailing)
  const channels = await channelBacklog(db)
  // Messages are counted beside it.
  const stuck = (await readStuck(db, [...paymentsStuck, ...webhooksStuck, ...channelsStuck], 200)).filter(
    ({ kind }) => kind !== 'inbox',
  )
  if (breaches.length > 0 || copies !== null) process.exitCode = exits.refused
  if (json) {
    const verdicts = [...laws, ...deskLaws].map((law) => ({
      law: law.name,
      holds: ofLaw(breaches, law.name).length === 0,
      breaches: ofLaw(breaches, law.name),
    }))
    const body = {
      laws: verdicts,
      platform: Object.fromEntries(balances),
      inbox,
      stuck,
      webhooks,
      channels,
      reconciliation: compared,
      backups,
      log_archive_failing_seconds: logFailing,
    }
    process.stdout.write(`${JSON.stringify(body)}\n`)
    return
  }
  const lines = [
    `${bold('The ledger of')} ${name}`,
    ...[...laws, ...deskLaws].flatMap((law) => lawLines(law.name, ofLaw(breaches, law.name))),
    '',
    bold('The market’s own accounts'),
    ...facts(
      balances
        .filter(([account, cents]) => cents !== 0 || account === 'fees' || account === 'stripe')
        .map(([account, cents]) => [account, dollars(cents)]),
    ),
    '',
    bold('The payment provider'),
    ...providerLines(inbox, compared),
    '',
    bold('Webhooks and channels'),
    ...webhookLines(webhooks, channels),
    ...backupLines(backups, copies),
    ...stuckLines(stuck),
    '',
    verdict(breaches.length, copies),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** The last line, which is all that many read. */
function verdict(breaches: number, copies: string | null): string {
  if (breaches > 0) return paint('red', `✖ ${breaches} ${breaches === 1 ? 'place breaks' : 'places break'} a law.`)
  if (copies !== null) return paint('red', '✖ Every law holds, but the backups are not in order: see above.')
  return paint('green', '✔ Every law holds.')
}

/** What is wrong with our own backups, or with the archive of a PostgreSQL of the operator’s own; null when nothing is. */
function copiesFault(backups: BackupState | null, logFailing: number): string | null {
  if (backups) return backups.fault
  if (logFailing === 0) return null
  return `your PostgreSQL could not archive its log the last time it tried, and has archived none for ${duration(logFailing)}: it keeps it until its disk is full. Its own log says why`
}

function providerLines(inbox: InboxState, compared: LastReconciliation | null): string[] {
  const count = compared?.difference_count ?? 0
  const books =
    compared &&
    `${relative(compared.at)}: ${count === 0 ? paint('green', `no difference in ${compared.matched} lines`) : paint('red', `${count} ${count === 1 ? 'difference' : 'differences'}`)}`
  return [
    ...facts([
      ['events', `${inbox.waiting} waiting, ${inbox.failing} of them after a failure, ${inbox.given_up} given up`],
      ['compared', books ?? 'never yet; a market does it once a day, and  clawrk reconcile  at once'],
    ]),
    ...(compared?.differences ?? []).slice(0, 5).map(({ sentence }) => `  ${paint('red', '✖')} ${oneLine(sentence)}`),
    ...inbox.examples
      .slice(0, 5)
      .map(({ id, type, reason }) => `  ${paint('red', '✖')} ${oneLine(`${type} (${id}) was given up: ${reason}`)}`),
    ...(inbox.given_up > 0 ? [dim('  try those again with  clawrk reconcile --retry')] : []),
  ]
}

function webhookLines(
  { due, later, oldest_seconds: oldest, unnumbered_seconds: unnumbered }: WebhookBacklog,
  channels: ChannelBacklog,
): string[] {
  const many = (n: number): string => (n >= countedMost ? `${countedMost} or more` : `${n}`)
  const seconds = (n: number | null): string => (n === null ? '' : `, the first for ${Math.round(n)} s`)
  return facts([
    ['deliveries', `${many(due)} due${seconds(oldest)}; ${many(later)} wait for their next try`],
    [
      'channels',
      `${many(channels.due)} events due${seconds(channels.oldest_seconds)}; ${many(channels.later)} wait for digest, pace or next try`,
    ],
    ['events', unnumbered === null ? 'all have their numbers' : `wait for their numbers${seconds(unnumbered)}`],
  ])
}

function backupLines(backups: BackupState | null, fault: string | null): string[] {
  const cross = fault === null ? [] : [`  ${paint('red', '✖')} ${fault}`]
  if (!backups) return fault === null ? [] : ['', bold('Backups'), ...cross]
  const { folder, newest, archiver } = backups
  return [
    '',
    bold('Backups'),
    ...facts([
      ['folder', folder],
      ['newest', newest === null ? 'none' : relative(newest)],
      [
        'log',
        archiver &&
          `last archived ${archiver.last_at === null ? 'never' : relative(archiver.last_at)}; ${archiver.waiting} segments wait`,
      ],
    ]),
    ...cross,
    dim('  clawrk backup check  reads them'),
  ]
}

/** Payouts past their day, webhooks and channels that are behind, and what the provider has not answered: the longest stuck first. */
const stuckLines = (stuck: readonly Stuck[]): string[] => [
  ...stuck
    .slice(0, 5)
    .map(({ what, id, since }) => `  ${paint('red', '✖')} ${oneLine(`${what} (${id}, ${relative(since)})`)}`),
  ...(stuck.length > 5 ? [dim(`      and ${stuck.length - 5} more; --json lists them`)] : []),
]

const ofLaw = (breaches: readonly Breach[], law: string): Breach[] => breaches.filter((breach) => breach.law === law)

function lawLines(name: string, breaches: readonly Breach[]): string[] {
  if (breaches.length === 0) return [`  ${paint('green', '✔')} ${name}`]
  const shown = breaches.slice(0, 10).map(({ where, detail }) => `      ${where}: ${detail}`)
  const rest = breaches.length > 10 ? [dim(`      and ${breaches.length - 10} more; --json lists up to 50`)] : []
  return [`  ${paint('red', '✖')} ${name}`, ...shown, ...rest]
}

export interface Place {
  readonly url: string
  /** How people call it. */
  readonly name: string
  release(): Promise<void>
}

/** The database of the market on this machine: the given one, or the embedded one, which is started for this if it is not running. */
export async function findDatabase(): Promise<Place> {
  const given = setting('DATABASE_DIRECT_URL') || setting('DATABASE_URL')
  if (given) return { url: given, name: nameOf(given), release: async () => {} }
  const dataDir = resolve(setting('CLAWRK_DATA_DIR'))
  const postgresDir = join(dataDir, 'pg')
  // Launching on a folder without a cluster would make one: looking must not leave anything behind.
  if (!existsSync(join(postgresDir, 'cluster/PG_VERSION'))) {
    throw refused(
      'no_market',
      `There is no market in ${dataDir}.`,
      'go to the folder where it runs, or set CLAWRK_DATA_DIR or DATABASE_URL',
    )
  }
  const server = await launchPostgres({ dataDir: postgresDir })
  return { url: server.url, name: dataDir, release: () => server.stop() }
}

const setting = (name: 'DATABASE_URL' | 'DATABASE_DIRECT_URL' | 'CLAWRK_DATA_DIR'): string =>
  process.env[name]?.trim() || settings.find((known) => known.name === name)!.fallback

/** A database without its password. */
const nameOf = (url: string): string =>
  URL.canParse(url) ? `${new URL(url).host}${new URL(url).pathname}` : 'DATABASE_URL'

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
