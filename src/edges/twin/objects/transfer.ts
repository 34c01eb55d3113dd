import type Stripe from 'stripe'
import type { z } from 'zod'
import { dollars } from '../../../base/money.ts'
import { stripeId } from '../ids.ts'
import type { Call } from '../state/call.ts'
import { emit } from '../state/emit.ts'
import { takeFault } from '../state/faults.ts'
import { page, pageShape } from '../state/page.ts'
import { change, find, get, getLocked, insert } from '../state/store.ts'
import { ApiError, badParam, badState } from '../wire/api-error.ts'
import { integer, mergeMetadata, metadata, text } from '../wire/params.ts'
import { book } from './balance.ts'
import { dollarsOnly } from './payment-intent.ts'
import { type Route, route } from './route.ts'

type Transfer = Stripe.Transfer
type Reversal = Stripe.TransferReversal

const id = text(255).optional()

const createShape = {
  amount: integer(1, 99_999_999),
  currency: dollarsOnly,
  destination: text(255),
  source_transaction: id,
  transfer_group: text(500).optional(),
  description: text(1_000).optional(),
  metadata: metadata().optional(),
}

const reverseShape = {
  amount: integer(1, 99_999_999).optional(),
  description: text(1_000).optional(),
  metadata: metadata().optional(),
}

export const transferRoutes: readonly Route[] = [
  route('POST /v1/transfers', createShape, create),
  route(
    'GET /v1/transfers',
    { ...pageShape, destination: id, transfer_group: id },
    (call, { destination, transfer_group, ...params }) =>
      page(call, 'transfer', '/v1/transfers', params, { destination, transfer_group }),
  ),
  route('GET /v1/transfers/:id', {}, (call, _params, which) => get(call, 'transfer', which)),
  route('POST /v1/transfers/:id/reversals', reverseShape, reverse),
  route('GET /v1/transfers/:id/reversals', pageShape, async (call, params, which) => {
    await get(call, 'transfer', which)
    return page(call, 'transfer_reversal', `/v1/transfers/${which}/reversals`, params, { transfer: which })
  }),
]

type CreateParams = z.output<z.ZodObject<typeof createShape>>

/** Sends money to a connected account, which must be able to receive it. Stripe takes no fee for it. */
async function create(call: Call, params: CreateParams): Promise<Transfer> {
  const { destination } = params
  const refused = await takeFault(call.tx, 'transfer_refused', { destination })
  if (refused) throw refusal(refused.params.code, refused.params.message)
  const account = await find(call, 'account', destination)
  if (!account) throw badParam('destination', `No such destination: '${destination}'`, 'resource_missing')
  if (account.capabilities?.transfers !== 'active')
    throw badParam('destination', noCapability, 'insufficient_capabilities_for_transfer')
  if (params.source_transaction) await judgeSource(call, params.source_transaction, params.amount)
  const transfer = await insert<'transfer'>(call, transferOf(call, params))
  const booking = await book(call, {
    type: 'transfer',
    reporting_category: 'transfer',
    amount: -transfer.amount,
    source: transfer.id,
    description: transfer.description,
  })
  const made = await change(call, 'transfer', transfer.id, { balance_transaction: booking.id })
  await emit(call, 'transfer.created', made)
  return made
}

/** Takes a transfer back, or a part of it, as long as the account still has the money. */
async function reverse(
  call: Call,
  params: z.output<z.ZodObject<typeof reverseShape>>,
  transferId: string,
): Promise<Reversal> {
  const transfer = await getLocked(call, 'transfer', transferId)
  const refused = await takeFault(call.tx, 'reversal_refused', { destination: String(transfer.destination) })
  if (refused)
    throw refusal(
      'balance_insufficient',
      'The recipient of this transfer does not have sufficient funds in their Stripe balance to reverse this amount.',
    )
  const left = transfer.amount - transfer.amount_reversed
  if (left === 0) throw badState(`Transfer ${transferId} is already fully reversed.`)
  const amount = params.amount ?? left
  if (amount > left)
    throw badParam(
      'amount',
      `Transfer reversal amount (${dollars(amount)}) is greater than unreversed amount on transfer (${dollars(left)})`,
    )
  const reversalId = stripeId('trr')
  const booking = await book(call, {
    type: 'transfer_refund',
    reporting_category: 'transfer_reversal',
    amount,
    source: reversalId,
    description: params.description ?? null,
  })
  const reversal = await insert<'transfer_reversal'>(call, {
    id: reversalId,
    object: 'transfer_reversal',
    amount,
    balance_transaction: booking.id,
    created: call.now,
    currency: transfer.currency,
    destination_payment_refund: stripeId('pyr'),
    metadata: mergeMetadata({}, params.metadata),
    source_refund: null,
    transfer: transferId,
  })
  const after = await change(call, 'transfer', transferId, {
    amount_reversed: transfer.amount_reversed + amount,
    reversed: amount === left,
    reversals: { ...transfer.reversals, data: [reversal, ...transfer.reversals.data] },
  })
  await emit(call, 'transfer.reversed', after, {
    previous: { amount_reversed: transfer.amount_reversed, reversed: transfer.reversed },
  })
  return reversal
}

const noCapability =
  'Your destination account needs to have at least one of the following capabilities enabled: transfers, crypto_transfers, legacy_payments'

const usualMessages: Readonly<Record<string, string>> = {
  balance_insufficient:
    'You have insufficient available funds in your Stripe account. Try adding funds directly to your available balance by creating Charges using the 4000000000000077 test card.',
  insufficient_capabilities_for_transfer: noCapability,
  account_invalid: 'The destination account is closed.',
}

/** An injected refusal. It is kept, so that the fault counts as used up. */
const refusal = (code: string, message = usualMessages[code] ?? 'This transfer is refused.'): ApiError =>
  new ApiError(400, { type: 'invalid_request_error', code, message }, { kept: true })

async function judgeSource(call: Call, chargeId: string, amount: number): Promise<void> {
  const charge = await get(call, 'charge', chargeId, 'source_transaction')
  if (amount > charge.amount)
    throw badParam(
      'amount',
      `The transfer amount (${dollars(amount)}) is greater than its source transaction (${dollars(charge.amount)}).`,
    )
}

function transferOf(call: Call, params: CreateParams): Transfer & { object: 'transfer' } {
  const transferId = stripeId('tr')
  return {
    id: transferId,
    object: 'transfer',
    amount: params.amount,
    amount_reversed: 0,
    balance_transaction: null,
    created: call.now,
    currency: 'usd',
    description: params.description ?? null,
    destination: params.destination,
    destination_payment: stripeId('py'),
    livemode: false,
    metadata: mergeMetadata({}, params.metadata),
    reversals: { object: 'list', data: [], has_more: false, url: `/v1/transfers/${transferId}/reversals` },
    reversed: false,
    source_transaction: params.source_transaction ?? null,
    source_type: 'card',
    transfer_group: params.transfer_group ?? null,
  }
}
