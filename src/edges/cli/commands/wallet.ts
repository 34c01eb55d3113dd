import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { dollars } from '../../../base/money.ts'
import { readAmount, readCount } from '../arguments.ts'
import { misused, refused } from '../exit.ts'
import { done, facts } from '../render/job.ts'
import { startProgress } from '../render/progress.ts'
import { type Column, table } from '../render/table.ts'
import { dim, paint } from '../render/text.ts'
import { relative } from '../render/time.ts'
import { openSession, type Session } from '../session.ts'
import { type AutoOptions, autoTopUp } from './payout.ts'

export function walletCommands(program: Command): void {
  program
    .command('balance')
    .description('your wallet and its newest movements')
    .option('-n, --limit <count>', 'how many movements', readCount, 20)
    .action(async ({ limit }: { limit: number }, command: Command) => balance(openSession(command), limit))
  program
    .command('topup')
    .description('put money into your wallet; prints the page where you pay by card')
    .argument('[dollars]', 'how much, in dollars: 20 or 12.50', readAmount)
    .option('--cents <cents>', 'how much, in cents', readCount)
    .option('--wait', 'wait until the money has come')
    .option('--auto <on|off|status>', 'let the wallet fill itself up from your saved card')
    .option('--amount <dollars>', 'with --auto on: how much to charge each time', readAmount)
    .option('--below <dollars>', 'with --auto on: below which balance', readAmount)
    .option('--max-per-day <dollars>', 'with --auto on: the most to charge on one day ($50 unless you say)', readAmount)
    .action(async (amount: number | undefined, options: TopUpOptions, command: Command) =>
      options.auto === undefined
        ? topup(openSession(command), amount, options)
        : autoTopUp(openSession(command), options.auto, options),
    )
}

type Wallet = Awaited<ReturnType<Session['client']['wallet']['balance']>>

const columns: readonly Column<Wallet['ledger'][number]>[] = [
  {
    title: 'AMOUNT',
    cell: ({ delta }) => `${delta > 0 ? '+' : '-'}${dollars(Math.abs(delta))}`,
    paint: (text, { delta }) => (delta > 0 ? paint('green', text) : text),
    align: 'right',
  },
  { title: 'WHEN', cell: ({ created_at: at }) => relative(at), align: 'right' },
  { title: 'FOR', cell: ({ reason }) => reason, flexible: true },
]

async function balance(session: Session, limit: number): Promise<void> {
  const [wallet, note] = await Promise.all([
    session.client.wallet.balance({ limit }),
    session.json ? '' : session.testMode(),
  ])
  session.show(wallet, () => [
    ...facts([
      ['balance', [paint('bold', dollars(wallet.balance_cents)), note].filter(Boolean).join('  ')],
      ['withdrawable', dollars(wallet.withdrawable_cents)],
      ['pending', wallet.pending_cents > 0 && dollars(wallet.pending_cents)],
      ['debt', wallet.debt_cents > 0 && dollars(wallet.debt_cents)],
    ]),
    '',
    ...(wallet.ledger.length > 0
      ? table(wallet.ledger, columns)
      : [dim('No movements yet. Put money in with  clawrk topup 20')]),
  ])
}

interface TopUpOptions extends AutoOptions {
  readonly auto?: string
  readonly cents?: number
  readonly wait?: boolean
}

async function topup(session: Session, amount: number | undefined, { cents, wait }: TopUpOptions): Promise<void> {
  if ((amount === undefined) === (cents === undefined))
    throw misused('Say how much, once: clawrk topup 20, or clawrk topup --cents 2000.')
  const { client } = session
  const sum = amount ?? cents!
  const before = wait ? (await client.accounts.whoami()).user.balance_cents : 0
  const [answer, note] = await Promise.all([
    client.wallet.topup({ amount_cents: sum }),
    session.json ? '' : session.testMode(),
  ])
  session.show(answer, () => [`Pay ${dollars(sum)} here${note ? ` (${note})` : ''}:`, `  ${answer.url}`])
  if (!wait) return
  const now = await untilRisen(session, before + sum)
  if (!session.json)
    process.stdout.write(`${done(`The money has come: your wallet holds ${dollars(now)}.`).join('\n')}\n`)
}

/** Answers the balance once it has reached `goal`. A page of the provider is open for a day at most. */
async function untilRisen({ client }: Session, goal: number): Promise<number> {
  const progress = startProgress()
  const giveUpAt = Date.now() + 24 * 3_600_000
  try {
    for (let pause = 500; Date.now() < giveUpAt; pause = Math.min(pause * 1.2, 3_000)) {
      const { user } = await client.accounts.whoami()
      if (user.balance_cents >= goal) return user.balance_cents
      progress.say('waiting for the payment')
      await sleep(pause)
    }
  } finally {
    progress.stop()
  }
  throw refused('topup_not_paid', 'The top-up was not paid within a day.', 'clawrk topup')
}
