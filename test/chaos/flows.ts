import assert from 'node:assert/strict'
import { startPayout } from '../../src/core/payments/payouts/start.ts'
import type { Answer, Fields, Person } from '../support/market.ts'
import { ask } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { earn, owners } from '../wallet/stage.ts'
import type { Stage } from './stage.ts'

/** One way in which money, or an account for it, goes through the provider. */
export interface Flow {
  readonly name: string
  /** Its name in the failpoints. */
  readonly point: string
  /** The provider's path it calls. */
  readonly path: string
  /** Makes whoever it is about; the process is well. */
  prepare(stage: Stage): Promise<Person>
  /** Asks for it, or makes the market want it; the process may die of it. The same key each time. */
  act(stage: Stage, person: Person, key: string): Promise<Answer | null>
  /** How often it has happened: at the provider, and in our books. */
  effects(stage: Stage, person: Person): Promise<readonly [provider: number, books: number]>
}

const asked = (person: Person, path: string, key: string, body: Fields): Promise<Answer | null> =>
  person.ask('POST', path, body, { 'idempotency-key': key }).catch(() => null)

const count = async ({ db }: Stage, sql: string, values: readonly unknown[]): Promise<number> =>
  (await db.rows<{ n: number }>(sql, values))[0]!.n

const atTwin = (stage: Stage, kind: string, user: string): Promise<number> =>
  count(
    stage,
    `select count(*) as n from stripe_twin.object where kind = $1 and body -> 'metadata' ->> 'user_id' = $2
       and (body ->> 'status' is null or body ->> 'status' = 'succeeded')`,
    [kind, user],
  )
const inBooks = (stage: Stage, kind: string, account: string): Promise<number> =>
  count(stage, `select count(*) as n from transfer where kind = $1 and $2 in (from_account, to_account)`, [
    kind,
    account,
  ])
/** Postings that settled an intent of this person. */
const settled = (stage: Stage, kind: string, user: string): Promise<number> =>
  count(
    stage,
    `select count(*) as n from transfer t join provider_intent i on t.from_account = 'clearing:' || i.id where t.kind = $1 and i.user_id = $2`,
    [kind, user],
  )

/** Walks through the provider's form. */
async function connectAt({ url }: Stage, person: Person): Promise<void> {
  const { body } = await person.ask<{ url: string }>('POST', '/api/stripe/connect', {})
  await ask(url, 'POST', body.url)
  await until('the account is active', async () => {
    const { body } = await person.ask<{ status: string }>('GET', '/api/stripe/connect/status')
    return body.status === 'active'
  })
}

async function payOnPage(stage: Stage, person: Person, cents: number): Promise<void> {
  const { body } = await person.ask<{ url: string }>('POST', '/api/wallet/topup', { amount_cents: cents })
  await ask(stage.url, 'POST', body.url)
  await until('the top-up is booked', async () => (await inBooks(stage, 'topup', `wallet:${person.userId}`)) === 1)
}

export const flows: readonly Flow[] = [
  {
    name: 'top-up',
    point: 'topup',
    path: '/v1/checkout/sessions',
    prepare: async ({ market }) => (await owners(market, 'Tom'))[0],
    act: (_stage, person, key) => asked(person, '/api/wallet/topup', key, { amount_cents: 2_000 }),
    async effects(stage, { userId }) {
      return [await atTwin(stage, 'payment_intent', userId), await inBooks(stage, 'topup', `wallet:${userId}`)]
    },
  },
  {
    name: 'withdrawal',
    point: 'withdrawal',
    path: '/v1/transfers',
    async prepare(stage) {
      const [person] = await owners(stage.market, 'Wilma')
      await earn(stage.market, person, 1_000)
      await connectAt(stage, person)
      return person
    },
    act: (_stage, person, key) => asked(person, '/api/wallet/withdraw', key, { amount_cents: 700 }),
    async effects(stage, { userId }) {
      return [await atTwin(stage, 'transfer', userId), await settled(stage, 'withdrawal_paid', userId)]
    },
  },
  {
    name: 'card refund',
    point: 'card_refund',
    path: '/v1/refunds',
    async prepare(stage) {
      const [person] = await owners(stage.market, 'Rita')
      await payOnPage(stage, person, 1_500)
      return person
    },
    act: (_stage, person, key) => asked(person, '/api/wallet/refund', key, { amount_cents: 600 }),
    async effects(stage, { userId }) {
      return [await atTwin(stage, 'refund', userId), await settled(stage, 'card_refund_paid', userId)]
    },
  },
  {
    name: 'auto top-up',
    point: 'auto_topup',
    path: '/v1/payment_intents',
    async prepare({ market, url }) {
      const [person] = await owners(market, 'Otto')
      const { body } = await person.ask<{ url: string }>('POST', '/api/wallet/setup-payment-method', {})
      await ask(url, 'POST', body.url)
      await until('the card is saved', async () => {
        const { body } = await person.ask<{ card: object | null }>('GET', '/api/wallet/auto-topup')
        return body.card !== null
      })
      return person
    },
    async act({ db }, { userId }) {
      await db.rows(
        `insert into auto_topup (user_id, enabled, amount_cents, threshold_cents, max_per_day_cents, changed_at)
         values ($1, true, 800, 800, 5000, app_now()) on conflict do nothing`,
        [userId],
      )
      return null
    },
    async effects(stage, { userId }) {
      return [await atTwin(stage, 'payment_intent', userId), await inBooks(stage, 'auto_topup', `wallet:${userId}`)]
    },
  },
  {
    name: 'payout',
    point: 'payout',
    path: '/v1/transfers',
    async prepare(stage) {
      const [person] = await owners(stage.market, 'Paul')
      await connectAt(stage, person)
      return person
    },
    // Released today, and due at once; asked again, it is there already.
    async act({ db }, { userId }) {
      const ref = `milestone:${userId}`
      await db.transaction(async (sql) => {
        if ((await sql.rows(`select 1 from payout where ref = $1`, [ref])).length > 0) return
        for (const [kind, from, to] of [
          ['topup', 'platform:stripe', `escrow:${ref}`],
          ['release', `escrow:${ref}`, `pending:${userId}`],
        ] as const)
          await sql.rows(`select ledger_post($1, $2, $2, 'USD', array[$3], array[$4], array[900::bigint])`, [
            kind,
            ref,
            from,
            to,
          ])
        await startPayout(sql, { ref, user: userId, amount: 900, days: 0 })
      })
      return null
    },
    async effects(stage, { userId }) {
      return [await atTwin(stage, 'transfer', userId), await settled(stage, 'payout_paid', userId)]
    },
  },
  {
    name: 'connect account',
    point: 'connect_account',
    path: '/v1/accounts',
    prepare: async ({ market }) => (await owners(market, 'Cora'))[0],
    act: (_stage, person, key) => asked(person, '/api/stripe/connect', key, {}),
    async effects(stage, { userId }) {
      return [
        await atTwin(stage, 'account', userId),
        await count(stage, `select count(*) as n from app_user where id = $1 and stripe_account_id is not null`, [
          userId,
        ]),
      ]
    },
  },
]

/** A top-up has its effect only when its page is paid: whoever got one pays there, else begins anew. */
export async function payIfAsked(flow: Flow, stage: Stage, person: Person, answer: Answer | null): Promise<void> {
  if (flow.point !== 'topup' || typeof answer?.body.url !== 'string') return
  const paid = await ask(stage.url, 'POST', answer.body.url)
  if (paid.status < 400) return
  // A day later the page has expired.
  const again = await person.ask<{ url: string }>('POST', '/api/wallet/topup', { amount_cents: 2_000 })
  assert.equal(again.status, 200, again.text)
  assert.ok((await ask(stage.url, 'POST', again.body.url)).status < 400)
}
