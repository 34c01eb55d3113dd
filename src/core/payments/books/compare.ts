import { dollars } from '../../../base/money.ts'
import type { StripePosting } from '../../ledger/stripe-lines.ts'
import type { ProviderLine } from './provider-lines.ts'

export type DifferenceKind =
  | 'missing_in_ledger'
  | 'missing_at_provider'
  | 'amount_differs'
  | 'doubled_in_ledger'
  | 'doubled_at_provider'
  | 'other_currency'

export interface Difference {
  readonly kind: DifferenceKind
  readonly sentence: string
}

export interface Comparison {
  readonly matched: number
  /** On one side only, and too new to be missed on the other. */
  readonly in_flight: number
  readonly differences: readonly Difference[]
}

export interface CompareOptions {
  /** How long something may be on one side only. */
  readonly graceSeconds: number
  /** Now, in seconds since 1970 by the provider's clock. */
  readonly now: number
  /** What is older finds its partner and is not missed: the partner may be older still, and not be here. All of it without one. */
  readonly missedSeconds?: number | null
  /** Other names of what the ledger calls by the first. */
  readonly aliases?: ReadonlyMap<string, readonly string[]>
}

/**
 * Compares the ledger with the provider line by line, in both directions. Lines belong together when they share a name (the
 * provider's id or that of our intent), go the same way and are of one sort (moved, or kept as a fee).
 */
export function compare(
  postings: readonly StripePosting[],
  lines: readonly ProviderLine[],
  { graceSeconds, now, missedSeconds = null, aliases = new Map() }: CompareOptions,
): Comparison {
  const differences: Difference[] = []
  const add = (kind: DifferenceKind, sentence: string): number => differences.push({ kind, sentence })
  const isMissed = (age: number): boolean => missedSeconds === null || age <= missedSeconds
  const byName = new Map<string, ProviderLine[]>()
  for (const line of lines) {
    if (line.currency !== 'usd') {
      add(
        'other_currency',
        `Stripe has ${line.what} in ${line.currency.toUpperCase()}; the ledger keeps US dollars only.`,
      )
      continue
    }
    for (const name of new Set(line.names)) {
      const same = byName.get(keyOf(name, line))
      if (same) same.push(line)
      else byName.set(keyOf(name, line), [line])
    }
  }
  const partner = new Map<ProviderLine, StripePosting>()
  const candidates = (posting: StripePosting): ProviderLine[] => [
    ...new Set(namesOf(posting, aliases).flatMap((name) => byName.get(keyOf(name, posting)) ?? [])),
  ]

  // What agrees to the cent finds its partner first; only then may a wrong amount take what is left.
  const alone: StripePosting[] = []
  for (const posting of postings) {
    const line = candidates(posting).find((one) => !partner.has(one) && one.amount === posting.amount)
    if (line) partner.set(line, posting)
    else alone.push(posting)
  }
  const matched = partner.size
  let inFlight = 0
  for (const posting of alone) {
    const all = candidates(posting)
    const free = all.find((one) => !partner.has(one))
    if (free) {
      partner.set(free, posting)
      add(
        'amount_differs',
        `Stripe says ${sum(free)} for ${free.what}, and the ledger says ${sum(posting)} (${posting.source}).`,
      )
    } else if (all.length > 0) {
      add(
        'doubled_in_ledger',
        `The ledger has booked ${called(posting)} again, though Stripe has ${all[0]!.what} only once.`,
      )
    } else if (posting.age_seconds < graceSeconds) inFlight++
    else if (isMissed(posting.age_seconds))
      add('missing_at_provider', `The ledger has booked ${called(posting)}, and Stripe knows nothing of it.`)
  }
  for (const line of lines) {
    if (line.currency !== 'usd' || partner.has(line)) continue
    const twin = line.names.flatMap((name) => byName.get(keyOf(name, line)) ?? []).find((one) => partner.has(one))
    if (twin && twin.amount === line.amount) {
      add(
        'doubled_at_provider',
        `Stripe has ${sum(line)} for ${line.what} (${line.id}) beside ${twin.id}, and the ledger has it only once.`,
      )
    } else if (now - line.created < graceSeconds) inFlight++
    else if (!isMissed(now - line.created)) continue
    else if (line.is_fee)
      add('missing_in_ledger', `Stripe kept ${sum(line)} of ${line.what}, and the ledger has not booked that.`)
    else add('missing_in_ledger', `Stripe has ${sum(line)} for ${line.what}, and the ledger knows nothing of it.`)
  }
  return { matched, in_flight: inFlight, differences }
}

type Directed = Pick<ProviderLine, 'is_fee' | 'amount'>

const keyOf = (name: string, { is_fee, amount }: Directed): string =>
  `${is_fee ? 'fee' : amount > 0 ? 'in' : 'out'} ${name}`

/** Ids within what a posting is about and came from; the words between them are no names. */
function namesOf({ ref, source }: StripePosting, aliases: NonNullable<CompareOptions['aliases']>): string[] {
  const names = [...ref.split(':'), ...source.split(':')].filter((part) => /\d|_/.test(part))
  return names.flatMap((name) => [name, ...(aliases.get(name) ?? [])])
}

const sum = ({ amount, is_fee }: Directed): string =>
  is_fee ? dollars(amount) : `${dollars(Math.abs(amount))} ${amount > 0 ? 'in' : 'out'}`

const called = (posting: StripePosting): string => `${posting.kind} of ${sum(posting)} (${posting.source})`
