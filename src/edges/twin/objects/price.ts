import type Stripe from 'stripe'
import { z } from 'zod'
import { stripeId } from '../ids.ts'
import type { Call } from '../state/call.ts'
import { page, pageShape } from '../state/page.ts'
import { get, insert } from '../state/store.ts'
import { badParam } from '../wire/api-error.ts'
import { integer, list, mergeMetadata, metadata, text } from '../wire/params.ts'
import { dollarsOnly } from './payment-intent.ts'
import { type Route, route } from './route.ts'

/** The SDK turns the decimal text of the wire into an object of its own. */
export type WirePrice = Omit<Stripe.Price, 'unit_amount_decimal'> & { unit_amount_decimal: string }

const productFields = {
  name: text(250),
  description: text(1_000).optional(),
  metadata: metadata().optional(),
}

/** Plans are monthly; the market sells no others. */
const monthly = z.strictObject({ interval: z.enum(['month']), interval_count: integer(1, 1).optional() })

/** A price made on the spot, inside another request. */
export const priceDataShape = z.strictObject({
  currency: dollarsOnly,
  unit_amount: integer(0, 99_999_999),
  product_data: z.strictObject(productFields),
  recurring: monthly.optional(),
})

const priceShape = {
  currency: dollarsOnly,
  unit_amount: integer(0, 99_999_999),
  product: text(255).optional(),
  product_data: z.strictObject({ name: productFields.name, metadata: productFields.metadata }).optional(),
  recurring: monthly.optional(),
  lookup_key: text(200).optional(),
  metadata: metadata().optional(),
}

export const priceRoutes: readonly Route[] = [
  route('POST /v1/products', productFields, newProduct),
  route('GET /v1/products/:id', {}, (call, _params, id) => get(call, 'product', id)),
  route('POST /v1/prices', priceShape, create),
  route(
    'GET /v1/prices',
    { ...pageShape, product: text(255).optional(), lookup_keys: list(text(200), 10).optional() },
    (call, { product, lookup_keys, ...params }) =>
      page(call, 'price', '/v1/prices', params, { product, lookup_key: lookup_keys }),
  ),
  route('GET /v1/prices/:id', {}, (call, _params, id) => get(call, 'price', id)),
]

type ProductFields = z.output<z.ZodObject<typeof productFields>>

function newProduct(call: Call, given: ProductFields): Promise<Stripe.Product> {
  return insert<'product'>(call, {
    id: stripeId('prod', 14),
    object: 'product',
    active: true,
    created: call.now,
    default_price: null,
    description: given.description ?? null,
    images: [],
    livemode: false,
    marketing_features: [],
    metadata: mergeMetadata({}, given.metadata),
    name: given.name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    tax_details: null,
    type: 'service',
    unit_label: null,
    updated: call.now,
    url: null,
  })
}

async function create(call: Call, params: z.output<z.ZodObject<typeof priceShape>>): Promise<WirePrice> {
  if ((params.product === undefined) === (params.product_data === undefined))
    throw badParam('product', 'You must specify either `product` or `product_data` when creating a price.')
  const product = params.product
    ? await get(call, 'product', params.product, 'product')
    : await newProduct(call, { ...params.product_data!, description: undefined })
  return insert<'price'>(call, {
    ...priceOf(call, params, product.id),
    active: true,
    lookup_key: params.lookup_key ?? null,
    metadata: mergeMetadata({}, params.metadata),
  })
}

/** A price with a product of its own, kept so that an invoice's price can be read again. */
export async function keepPriceData(call: Call, given: z.output<typeof priceDataShape>): Promise<WirePrice> {
  const product = await newProduct(call, given.product_data)
  return insert<'price'>(call, priceOf(call, given, product.id))
}

/** A price as the API shows it. One made on the spot is not active: nobody else can use it. */
export function priceOf(
  call: Call,
  given: Pick<z.output<typeof priceDataShape>, 'currency' | 'unit_amount' | 'recurring'>,
  product: string,
): WirePrice & { object: 'price' } {
  return {
    id: stripeId('price'),
    object: 'price',
    active: false,
    billing_scheme: 'per_unit',
    created: call.now,
    currency: given.currency,
    custom_unit_amount: null,
    livemode: false,
    lookup_key: null,
    metadata: {},
    nickname: null,
    product,
    recurring: given.recurring
      ? { interval: 'month', interval_count: 1, meter: null, trial_period_days: null, usage_type: 'licensed' }
      : null,
    tax_behavior: 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: given.recurring ? 'recurring' : 'one_time',
    unit_amount: given.unit_amount,
    unit_amount_decimal: String(given.unit_amount),
  }
}
