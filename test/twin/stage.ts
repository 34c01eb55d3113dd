import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import pg from 'pg'
import Stripe from 'stripe'
import { type RunningTwin, startTwin } from '../../src/edges/twin/start.ts'
import { emptyDatabase } from '../support/database.ts'
import { type Controls, controls } from './controls.ts'

export const webhookSecret = 'whsec_of_the_tests'

/** One webhook as it arrived: the raw bytes and the header that vouches for them. */
export interface Arrival {
  readonly body: string
  readonly signature: string
  readonly event: Stripe.Event
}

/** A receiver of webhooks. `answers` are its next statuses; when they are used up it answers 200. */
export interface Receiver {
  readonly url: string
  readonly arrivals: Arrival[]
  readonly answers: number[]
}

export interface Stage {
  readonly twin: RunningTwin
  readonly stripe: Stripe
  readonly controls: Controls
  readonly receiver: Receiver
  readonly databaseUrl: string
  readonly pool: pg.Pool
  /** Stops the twin and starts another one on the same database. */
  restart(): Promise<void>
}

/** A twin on a database of its own, with the official SDK in front of it and a receiver behind it. */
export async function stage(t: TestContext): Promise<Stage> {
  const { url: databaseUrl } = await emptyDatabase()
  const receiver = await openReceiver(t)
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 })
  let twin = await start(databaseUrl, receiver)
  t.after(async () => {
    await twin.close()
    await pool.end()
  })
  return {
    get twin() {
      return twin
    },
    get stripe() {
      return sdk(twin)
    },
    get controls() {
      return controls(twin.url)
    },
    receiver,
    databaseUrl,
    pool,
    async restart() {
      await twin.close()
      twin = await start(databaseUrl, receiver)
    },
  }
}

export function start(databaseUrl: string, receiver: { readonly url: string }): Promise<RunningTwin> {
  const pagesBase = 'http://market.test/twin'
  return startTwin({ databaseUrl, port: 0, webhookUrl: receiver.url, webhookSecret, pagesBase })
}

export function sdk(twin: RunningTwin, key = 'sk_test_x'): Stripe {
  return new Stripe(key, {
    host: '127.0.0.1',
    port: twin.port,
    protocol: 'http',
    telemetry: false,
    maxNetworkRetries: 0,
  })
}

/** Waits until something is so, and says what did not come about. */
export async function until(what: string, so: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> {
  const end = Date.now() + withinMs
  while (!(await so())) {
    if (Date.now() > end) throw new Error(`did not happen within ${withinMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
}

/** Puts the twin's clock ahead. */
export async function advance(pool: pg.Pool, interval: string): Promise<void> {
  await pool.query('update stripe_twin.clock set ahead = ahead + $1::interval', [interval])
}

export const topUp = (
  cents: number,
  more: Partial<Stripe.Checkout.SessionCreateParams> = {},
): Stripe.Checkout.SessionCreateParams => ({
  mode: 'payment',
  line_items: [
    { quantity: 1, price_data: { currency: 'usd', unit_amount: cents, product_data: { name: 'Wallet top-up' } } },
  ],
  success_url: 'http://market.test/wallet?paid={CHECKOUT_SESSION_ID}',
  cancel_url: 'http://market.test/wallet',
  ...more,
})

/** Where the page of a session is on the twin itself; its `url` is where the market shows it. */
export const pageOf = (twin: RunningTwin, sessionId: string): string => `${twin.url}/twin/checkout/${sessionId}`

/** Submits the form of a page, as a browser or an agent does: a POST with an empty body. */
export const submit = (page: string): Promise<Response> => fetch(page, { method: 'POST', redirect: 'manual' })

async function openReceiver(t: TestContext): Promise<Receiver> {
  const arrivals: Arrival[] = []
  const answers: number[] = []
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await textOf(request)
    arrivals.push({ body, signature: String(request.headers['stripe-signature']), event: JSON.parse(body) })
    response.writeHead(answers.shift() ?? 200).end()
  }
  const server = createServer((request, response) => void receive(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, arrivals, answers }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** The types of the events a twin has made, oldest first. */
export async function eventTypes(stripe: Stripe): Promise<string[]> {
  const { data } = await stripe.events.list({ limit: 100 })
  return data.map(({ type }) => type).toReversed()
}

/** A customer with a saved card, entered on the card form. */
export async function withSavedCard(
  { stripe, twin }: Stage,
  email = 'ada@example.com',
): Promise<{ customer: string; card: string }> {
  const { id: customer } = await stripe.customers.create({ email })
  const intent = await stripe.setupIntents.create({ customer, usage: 'off_session' })
  await submit(`${twin.url}/twin/setup/${intent.client_secret}`)
  const { payment_method } = await stripe.setupIntents.retrieve(intent.id)
  if (typeof payment_method !== 'string') throw new Error('the card form kept no card')
  return { customer, card: payment_method }
}

/** A payment by a saved card with nobody at the keyboard, as the market makes it. */
export function charge(
  stripe: Stripe,
  { customer, card }: { customer: string; card: string },
  amount: number,
  more: Partial<Stripe.PaymentIntentCreateParams> = {},
  options: Stripe.RequestOptions = {},
): Promise<Stripe.PaymentIntent> {
  return stripe.paymentIntents.create(
    { amount, currency: 'usd', customer, payment_method: card, off_session: true, confirm: true, ...more },
    options,
  )
}
