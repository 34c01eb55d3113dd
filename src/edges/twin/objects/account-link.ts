import type Stripe from 'stripe'
import { z } from 'zod'
import { stripeId } from '../ids.ts'
import type { Call } from '../state/call.ts'
import { get } from '../state/store.ts'
import { text, webAddress } from '../wire/params.ts'
import { finishOnboarding } from './account.ts'
import { type Route, route } from './route.ts'

const createShape = {
  account: text(255),
  type: z.enum(['account_onboarding']),
  return_url: webAddress(),
  refresh_url: webAddress(),
}

export const accountLinkRoutes: readonly Route[] = [route('POST /v1/account_links', createShape, create)]

/** What a link leads to, kept by the random part of its address. */
interface LinkRow {
  readonly account: string
  readonly return_url: string
  readonly refresh_url: string
  readonly fresh: boolean
}

const lastsSeconds = 300

/** A way into onboarding that works for five minutes. */
async function create(call: Call, params: z.output<z.ZodObject<typeof createShape>>): Promise<Stripe.AccountLink> {
  const { id: account } = await get(call, 'account', params.account, 'account')
  const secret = stripeId('onboard', 40)
  const expires_at = call.now + lastsSeconds
  await call.tx.query(
    'insert into stripe_twin.account_link (secret, account, return_url, refresh_url, expires_at) values ($1, $2, $3, $4, $5)',
    [secret, account, params.return_url, params.refresh_url, expires_at],
  )
  return { object: 'account_link', created: call.now, expires_at, url: `${call.pagesBase}/connect/${secret}` }
}

/** The link and its account, or undefined when there is none such. */
export async function viewLink(
  call: Call,
  secret: string,
): Promise<{ link: LinkRow; account: Stripe.Account } | undefined> {
  const sql = `select account, return_url, refresh_url, expires_at > $2 as fresh from stripe_twin.account_link where secret = $1`
  const link = (await call.tx.query<LinkRow>(sql, [secret, call.now])).rows[0]
  return link && { link, account: await get(call, 'account', link.account) }
}

/** The owner completes onboarding; answers where they go next: back to the market, or for a new link when this one is stale. */
export async function onboard(call: Call, secret: string): Promise<string | undefined> {
  const view = await viewLink(call, secret)
  if (!view) return undefined
  const { link, account } = view
  if (account.details_submitted) return link.return_url
  if (!link.fresh) return link.refresh_url
  await finishOnboarding(call, account.id)
  return link.return_url
}
