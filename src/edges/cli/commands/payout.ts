import type { Command } from 'commander'
import { dollars } from '../../../base/money.ts'
import { readAmount, readCount } from '../arguments.ts'
import { misused, refused } from '../exit.ts'
import { done, facts } from '../render/job.ts'
import { dim, paint } from '../render/text.ts'
import { openSession, type Session } from '../session.ts'

interface Amount {
  readonly cents?: number
  readonly all?: boolean
}

/** Money that leaves the wallet, and where to. */
export function payoutCommands(program: Command): void {
  program
    .command('withdraw')
    .description('take earned money out, to the account you have connected')
    .argument('[dollars]', 'how much, in dollars: 20 or 12.50', readAmount)
    .option('--cents <cents>', 'how much, in cents', readCount)
    .option('--all', 'all that may be taken out')
    .action(async (amount: number | undefined, options: Amount, command: Command) =>
      withdraw(openSession(command), amount, options),
    )
  program
    .command('refund')
    .description('send unspent top-ups back to the cards they came from; all of them, unless you say how much')
    .argument('[dollars]', 'how much, in dollars: 20 or 12.50', readAmount)
    .option('--cents <cents>', 'how much, in cents', readCount)
    .action(async (amount: number | undefined, options: Amount, command: Command) =>
      refund(openSession(command), amount, options),
    )
  program
    .command('connect')
    .description('connect an account that earnings are paid out to; prints the page with its form')
    .option('--status', 'only say where it stands')
    .action(async ({ status }: { status?: boolean }, command: Command) =>
      connect(openSession(command), status === true),
    )
  program
    .command('card')
    .description('your saved card')
    .option('--save', 'save another one; prints the page with its form')
    .action(async ({ save }: { save?: boolean }, command: Command) => card(openSession(command), save === true))
}

async function withdraw(session: Session, amount: number | undefined, { cents, all }: Amount): Promise<void> {
  if ([amount, cents, all].filter((given) => given !== undefined).length !== 1)
    throw misused('Say how much, once: clawrk withdraw 20, clawrk withdraw --cents 2000, or clawrk withdraw --all.')
  const { wallet } = session.client
  const sum = amount ?? cents ?? (await wallet.balance({ limit: 1 })).withdrawable_cents
  if (sum === 0) throw refused('not_withdrawable', 'There is no earned money to take out.', 'clawrk balance')
  const answer = await wallet.withdraw({ amount_cents: sum })
  session.show(answer, () =>
    answer.status === 'paid'
      ? done(`${dollars(answer.amount_cents)} are on their way to your account.`)
      : pending(`${dollars(answer.amount_cents)} are reserved; the payment provider has not answered yet.`),
  )
}

const pending = (sentence: string): string[] => [
  `${paint('yellow', '…')} ${sentence}`,
  dim('  It is asked until it answers:  clawrk balance  shows what became of it.'),
]

async function refund(session: Session, amount: number | undefined, { cents }: Amount): Promise<void> {
  if (amount !== undefined && cents !== undefined)
    throw misused('Say how much, once: clawrk refund 20, or clawrk refund --cents 2000.')
  const sum = amount ?? cents
  const answer = await session.client.wallet.refund(sum === undefined ? {} : { amount_cents: sum })
  const refusals = answer.parts.filter(({ status }) => status === 'refused')
  session.show(answer, () => [
    ...(answer.status === 'pending'
      ? pending(`${dollars(answer.amount_cents)} are reserved; the payment provider has not answered about all of it.`)
      : done(`${dollars(answer.amount_cents)} are on their way back to your card.`)),
    ...refusals.map(
      ({ amount_cents: part, reason }) => `  ${dollars(part)} were refused and stay in your wallet: ${reason}`,
    ),
  ])
  if (refusals.length > 0) process.exitCode = 1
}

const standing = {
  not_connected: 'not connected',
  pending: 'not finished: the provider wants to know more',
  active: 'active',
} as const

async function connect(session: Session, statusOnly: boolean): Promise<void> {
  const { wallet } = session.client
  if (statusOnly) {
    const answer = await wallet.connect_status()
    return session.show(answer, () => facts([['account', standing[answer.status]]]))
  }
  const [answer, note] = await Promise.all([wallet.connect(), session.json ? '' : session.testMode()])
  session.show(answer, () => [`Fill in the form here${note ? ` (${note})` : ''}:`, `  ${answer.url}`])
}

async function card(session: Session, save: boolean): Promise<void> {
  const { wallet } = session.client
  if (save) {
    const answer = await wallet.setup_payment_method()
    return session.show(answer, () =>
      answer.url
        ? ['Save a card here (TEST MODE: a test card):', `  ${answer.url}`]
        : ['Hand this to Stripe.js (confirmCardSetup):', `  ${answer.client_secret}`],
    )
  }
  const { card: saved } = await wallet.auto_topup()
  session.show(saved ?? {}, () =>
    saved
      ? facts([['card', `${saved.brand} ····${saved.last4}, until ${saved.exp_month}/${saved.exp_year}`]])
      : [dim('No card is saved. Save one with  clawrk card --save')],
  )
}

export interface AutoOptions {
  readonly amount?: number
  readonly below?: number
  readonly maxPerDay?: number
}

/** `clawrk topup --auto …`: how the wallet fills itself up. */
export async function autoTopUp(
  session: Session,
  what: string,
  { amount, below, maxPerDay }: AutoOptions,
): Promise<void> {
  const { wallet } = session.client
  if (!['on', 'off', 'status'].includes(what))
    throw misused('Say on, off or status: clawrk topup --auto on --amount 20 --below 5')
  const answer =
    what === 'status'
      ? await wallet.auto_topup()
      : await wallet.set_auto_topup({
          enabled: what === 'on',
          ...(amount === undefined ? {} : { amount_cents: amount }),
          ...(below === undefined ? {} : { threshold_cents: below }),
          ...(maxPerDay === undefined ? {} : { max_per_day_cents: maxPerDay }),
        })
  const cents = (value: number | null): string => (value === null ? '' : dollars(value))
  session.show(answer, () =>
    facts([
      ['auto top-up', answer.enabled ? (answer.paused_at ? paint('red', 'paused') : paint('green', 'on')) : 'off'],
      ['because', answer.enabled && answer.paused_reason],
      ['charges', cents(answer.amount_cents)],
      ['below', cents(answer.threshold_cents)],
      ['at most a day', cents(answer.max_per_day_cents)],
      ['today', answer.charged_today_cents > 0 && dollars(answer.charged_today_cents)],
      ['card', answer.card ? `${answer.card.brand} ····${answer.card.last4}` : dim('none: clawrk card --save')],
    ]),
  )
}
