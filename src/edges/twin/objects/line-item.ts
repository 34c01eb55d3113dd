import type Stripe from 'stripe'
import { z } from 'zod'
import { stripeId } from '../ids.ts'
import type { Call } from '../state/call.ts'
import { integer, text } from '../wire/params.ts'

/** One line of a checkout. The prices are made on the spot: the market keeps no catalogue at Stripe. */
export const lineItemShape = {
  quantity: integer(1, 999_999),
  price_data: z.strictObject({
    currency: z
      .string()
      .toLowerCase()
      .pipe(z.enum(['usd'])),
    unit_amount: integer(0, 99_999_999),
    product_data: z.strictObject({ name: text(250), description: text(1_000).optional() }),
  }),
}

type Given = z.output<z.ZodObject<typeof lineItemShape>>

/** The SDK turns the decimal text of the wire into an object of its own. */
type OnTheWire<T> = Omit<T, 'unit_amount_decimal'> & { unit_amount_decimal: string }

export type LineItem = Omit<Stripe.LineItem, 'price'> & { price: OnTheWire<Stripe.Price> }

interface LineItems {
  readonly object: 'list'
  readonly data: LineItem[]
  readonly has_more: false
  readonly url: string
}

/** The lines as Stripe lists them, each with a price made for it. */
export function lineItems(call: Call, given: readonly Given[], sessionId: string): LineItems {
  const data = given.map((line) => lineItem(call, line))
  return { object: 'list', data, has_more: false, url: `/v1/checkout/sessions/${sessionId}/line_items` }
}

function lineItem(call: Call, { quantity, price_data }: Given): LineItem {
  const amount = quantity * price_data.unit_amount
  return {
    id: stripeId('li'),
    object: 'item',
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: amount,
    amount_tax: 0,
    amount_total: amount,
    currency: price_data.currency,
    description: price_data.product_data.name,
    metadata: {},
    price: price(call, price_data),
    quantity,
  }
}

function price(call: Call, { currency, unit_amount }: Given['price_data']): OnTheWire<Stripe.Price> {
  return {
    id: stripeId('price'),
    object: 'price',
    active: false,
    billing_scheme: 'per_unit',
    created: call.now,
    currency,
    custom_unit_amount: null,
    livemode: false,
    lookup_key: null,
    metadata: {},
    nickname: null,
    product: stripeId('prod', 14),
    recurring: null,
    tax_behavior: 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: 'one_time',
    unit_amount,
    unit_amount_decimal: String(unit_amount),
  }
}
