import type Stripe from 'stripe'
import type { z } from 'zod'
import { stripeId } from '../ids.ts'
import type { Call } from '../state/call.ts'
import { get } from '../state/store.ts'
import { badParam } from '../wire/api-error.ts'
import { integer, text } from '../wire/params.ts'
import { keepPriceData, priceDataShape, priceOf, type WirePrice } from './price.ts'

/** One line of a checkout: a price of the catalogue, or one made on the spot. */
export const lineItemShape = {
  quantity: integer(1, 999_999),
  price: text(255).optional(),
  price_data: priceDataShape.optional(),
}

type Given = z.output<z.ZodObject<typeof lineItemShape>>

export type LineItem = Omit<Stripe.LineItem, 'price'> & { price: WirePrice }

interface LineItems {
  readonly object: 'list'
  readonly data: LineItem[]
  readonly has_more: false
  readonly url: string
}

/** The lines as Stripe lists them. What is sold monthly and what is sold once do not mix. */
export async function lineItems(
  call: Call,
  given: readonly Given[],
  mode: 'payment' | 'subscription',
  sessionId: string,
): Promise<LineItems> {
  const data: LineItem[] = []
  for (const [index, line] of given.entries()) {
    const { name, price } = await priceOfLine(call, line, `line_items[${index}]`)
    if (mode === 'payment' && price.recurring)
      throw badParam(
        'line_items',
        'You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.',
      )
    if (mode === 'subscription' && !price.recurring)
      throw badParam(
        'line_items',
        'You must provide at least one recurring price in `subscription` mode when using prices.',
      )
    data.push(lineItem(line.quantity, name, price))
  }
  return { object: 'list', data, has_more: false, url: `/v1/checkout/sessions/${sessionId}/line_items` }
}

async function priceOfLine(
  call: Call,
  { price, price_data }: Given,
  line: string,
): Promise<{ name: string; price: WirePrice }> {
  if ((price === undefined) === (price_data === undefined))
    throw badParam(line, 'You must specify either `price` or `price_data` for a line item.')
  if (price !== undefined) {
    const known = await get(call, 'price', price, `${line}[price]`)
    const product = await get(call, 'product', String(known.product))
    return { name: product.name, price: known }
  }
  // What was sold once is never read again; a plan's price is what its invoices name.
  const made = price_data!.recurring
    ? await keepPriceData(call, price_data!)
    : priceOf(call, price_data!, stripeId('prod', 14))
  return { name: price_data!.product_data.name, price: made }
}

function lineItem(quantity: number, description: string, price: WirePrice): LineItem {
  const amount = quantity * (price.unit_amount ?? 0)
  return {
    id: stripeId('li'),
    object: 'item',
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: amount,
    amount_tax: 0,
    amount_total: amount,
    currency: price.currency,
    description,
    metadata: {},
    price,
    quantity,
  }
}
