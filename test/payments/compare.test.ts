import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StripePosting } from '../../src/core/ledger/stripe-lines.ts'
import { compare, type DifferenceKind } from '../../src/core/payments/books/compare.ts'
import type { ProviderLine } from '../../src/core/payments/books/provider-lines.ts'

const now = 1_800_000_000
const hour = 3_600

const posting = (more: Partial<StripePosting> = {}): StripePosting => ({
  kind: 'topup',
  ref: 'topup:0190-a',
  source: 'topup:cs_1',
  is_fee: false,
  amount: 2_000,
  at: '2027-01-01T00:00:00.000Z',
  age_seconds: 2 * hour,
  ...more,
})
const line = (more: Partial<ProviderLine> = {}): ProviderLine => ({
  id: 'txn_1',
  what: 'charge ch_1',
  is_fee: false,
  amount: 2_000,
  currency: 'usd',
  names: ['txn_1', 'ch_1', 'pi_1', '0190-a'],
  created: now - 2 * hour,
  ...more,
})
const compared = (postings: StripePosting[], lines: ProviderLine[], more: object = {}) =>
  compare(postings, lines, { graceSeconds: hour, now, ...more })

test('what agrees is matched, whatever name it is called by and in whatever order it comes', () => {
  const fee = { is_fee: true, amount: 88 }
  const postings = [
    posting({ ...fee, kind: 'stripe_fee', ref: 'payment:pi_1', source: 'fee:pi_1' }),
    posting({ kind: 'withdrawal_paid', ref: 'withdrawal:0190-b', source: 'withdrawal:0190-b', amount: -700 }),
    posting(),
  ]
  const lines = [
    line(),
    line(fee),
    line({ id: 'txn_2', what: 'transfer tr_1', amount: -700, names: ['txn_2', 'tr_1', '0190-b'] }),
  ]
  assert.deepEqual(compared(postings, lines), { matched: 3, in_flight: 0, differences: [] })
})

test('each kind of difference is found and told in a sentence', () => {
  const again = { id: 'txn_9', names: ['txn_9', 'ch_9', 'pi_1', '0190-a'] }
  const cases: readonly [DifferenceKind, StripePosting[], ProviderLine[], RegExp][] = [
    [
      'missing_in_ledger',
      [],
      [line()],
      /^Stripe has \$20\.00 in for charge ch_1, and the ledger knows nothing of it\.$/,
    ],
    [
      'missing_in_ledger',
      [posting()],
      [line(), line({ is_fee: true, amount: 88 })],
      /^Stripe kept \$0\.88 of charge ch_1/,
    ],
    [
      'missing_at_provider',
      [posting()],
      [],
      /^The ledger has booked topup of \$20\.00 in \(topup:cs_1\), and Stripe knows nothing/,
    ],
    [
      'amount_differs',
      [posting({ amount: 1_900 })],
      [line()],
      /^Stripe says \$20\.00 in for charge ch_1, and the ledger says \$19\.00 in/,
    ],
    [
      'doubled_in_ledger',
      [posting(), posting({ source: 'topup:cs_2' })],
      [line()],
      /again, though Stripe has charge ch_1 only once\.$/,
    ],
    ['doubled_at_provider', [posting()], [line(), line(again)], /beside txn_\d, and the ledger has it only once\.$/],
    ['other_currency', [], [line({ currency: 'eur' })], /in EUR; the ledger keeps US dollars only\.$/],
    // The other way round it is not the same money.
    ['missing_at_provider', [posting({ amount: -2_000 })], [line({ created: now })], /\$20\.00 out/],
  ]
  for (const [kind, postings, lines, sentence] of cases) {
    const { differences } = compared(postings, lines)
    assert.deepEqual(
      differences.map((difference) => difference.kind),
      [kind],
    )
    assert.match(differences[0]!.sentence, sentence)
  }
})

test('a right amount beside a wrong one: each is held against the right line', () => {
  const postings = [posting({ amount: 500, source: 'topup:cs_2' }), posting()]
  const lines = [line(), line({ id: 'txn_2', what: 'charge ch_2', amount: 600 })]
  const { matched, differences } = compared(postings, lines)
  assert.equal(matched, 1)
  assert.deepEqual(
    differences.map(({ sentence }) => sentence),
    ['Stripe says $6.00 in for charge ch_2, and the ledger says $5.00 in (topup:cs_2).'],
  )
})

test('what is new may be on one side only; what is older than the window is not missed', () => {
  assert.deepEqual(compared([posting({ age_seconds: 60 })], []), { matched: 0, in_flight: 1, differences: [] })
  assert.deepEqual(compared([], [line({ created: now - 60 })]), { matched: 0, in_flight: 1, differences: [] })
  const window = { missedSeconds: hour }
  assert.deepEqual(compared([posting()], [], window).differences, [])
  assert.deepEqual(compared([], [line()], window).differences, [])
  assert.equal(compared([posting({ amount: 1 })], [line()], window).differences[0]!.kind, 'amount_differs')
})

test('an invoice is known by its payment', () => {
  const invoice = posting({ kind: 'credits_sold', ref: 'invoice:in_1', source: 'invoice:in_1' })
  const lines = [line({ names: ['txn_1', 'ch_1', 'pi_1'] })]
  assert.equal(compared([invoice], lines).matched, 0)
  assert.equal(compared([invoice], lines, { aliases: new Map([['in_1', ['pi_1']]]) }).matched, 1)
})
