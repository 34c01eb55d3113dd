import { onboard, viewLink } from '../objects/account-link.ts'
import { paySession, viewSession } from '../objects/checkout-session.ts'
import { findBySecret, payIntent } from '../objects/payment-intent.ts'
import { enterCard, findSetupBySecret } from '../objects/setup-intent.ts'
import type { Call } from '../state/call.ts'
import { intentPage, setupPage } from './card-form.ts'
import { afterSuccess, checkoutPage } from './checkout.ts'
import type { Html } from './html.ts'
import { onboardingPage } from './onboarding.ts'

/** What a visitor gets: a page, or the way on. `leadsTo` is where the page's form may end up. */
export type Outcome =
  | { readonly status: number; readonly markup: Html; readonly leadsTo?: string | undefined }
  | { readonly redirect: string }

/** A hosted page. Submitting its form, a POST to its own URL, completes its step. Undefined: there is no such page. */
export interface HostedPage {
  readonly path: `/twin/${string}/:id`
  readonly show: (call: Call, id: string, back: string | undefined) => Promise<Outcome | undefined>
  readonly complete: (call: Call, id: string, back: string | undefined) => Promise<Outcome | undefined>
}

const checkout: HostedPage = {
  path: '/twin/checkout/:id',
  async show(call, id) {
    const view = await viewSession(call, id)
    if (!view) return undefined
    const leadsTo = view.session.success_url ? afterSuccess(view.session) : undefined
    const status = view.session.status === 'expired' ? 410 : 200
    return { status, markup: checkoutPage(view.session, view.items), leadsTo }
  },
  async complete(call, id) {
    const { decline } = await paySession(call, id)
    const view = await viewSession(call, id)
    if (!view) return undefined
    if (view.session.status === 'complete') return { redirect: afterSuccess(view.session) }
    const leadsTo = view.session.success_url ? afterSuccess(view.session) : undefined
    return { status: decline ? 402 : 410, markup: checkoutPage(view.session, view.items, decline?.message), leadsTo }
  },
}

const setup: HostedPage = {
  path: '/twin/setup/:id',
  async show(call, secret, back) {
    const intent = await findSetupBySecret(call, secret)
    return (
      intent && { status: intent.status === 'canceled' ? 410 : 200, markup: setupPage(intent, { back }), leadsTo: back }
    )
  },
  async complete(call, secret, back) {
    const { decline } = await enterCard(call, secret)
    const intent = await findSetupBySecret(call, secret)
    if (intent?.status === 'succeeded') return { redirect: back ?? `${call.pagesBase}/setup/${secret}` }
    const refusal = decline?.message
    return intent && { status: decline ? 402 : 410, markup: setupPage(intent, { back, refusal }), leadsTo: back }
  },
}

const pay: HostedPage = {
  path: '/twin/pay/:id',
  async show(call, secret, back) {
    const intent = await findBySecret(call, secret)
    return (
      intent && {
        status: intent.status === 'canceled' ? 410 : 200,
        markup: intentPage(intent, { back }),
        leadsTo: back,
      }
    )
  },
  async complete(call, secret, back) {
    const { decline } = await payIntent(call, secret)
    const intent = await findBySecret(call, secret)
    if (intent?.status === 'succeeded') return { redirect: back ?? `${call.pagesBase}/pay/${secret}` }
    const refusal = decline?.message
    return intent && { status: decline ? 402 : 410, markup: intentPage(intent, { back, refusal }), leadsTo: back }
  },
}

const connect: HostedPage = {
  path: '/twin/connect/:id',
  async show(call, secret) {
    const view = await viewLink(call, secret)
    if (!view) return undefined
    const { account, link } = view
    if (!link.fresh && !account.details_submitted) return { redirect: link.refresh_url }
    return { status: 200, markup: onboardingPage(account, link.return_url), leadsTo: link.return_url }
  },
  async complete(call, secret) {
    const next = await onboard(call, secret)
    return next === undefined ? undefined : { redirect: next }
  },
}

/** Every page the twin hosts. */
export const hostedPages: readonly HostedPage[] = [checkout, setup, pay, connect]
