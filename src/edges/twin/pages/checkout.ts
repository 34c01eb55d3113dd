import type Stripe from 'stripe'
import { dollars } from '../../../base/money.ts'
import type { LineItem } from '../objects/line-item.ts'
import { type Html, html } from './html.ts'
import { cardPicture, declined, layout, moment, notice } from './layout.ts'

type Session = Stripe.Checkout.Session

/** The page of a checkout in whatever state it is: to be paid, paid, or expired. */
export function checkoutPage(session: Session, items: readonly LineItem[], refusal?: string): Html {
  if (session.status === 'complete') return paidPage(session, items)
  if (session.status === 'expired') return expiredPage(session)
  return payPage(session, items, refusal)
}

/** Where the payer goes after paying, with the session's id in place of Stripe's placeholder. */
export function afterSuccess(session: Session): string {
  return new URL((session.success_url ?? '').replaceAll('{CHECKOUT_SESSION_ID}', session.id)).href
}

function payPage(session: Session, items: readonly LineItem[], refusal: string | undefined): Html {
  const total = dollars(session.amount_total ?? 0)
  const email = session.customer_details?.email
  return layout(
    `Pay ${total}`,
    html`<main class="checkout">
      <section class="order" aria-label="Order">
        <div class="column">
          ${session.cancel_url && html`<a class="back" href="${session.cancel_url}"><span aria-hidden="true">&larr;</span> Cancel and go back</a>`}
          <p class="label">Amount to pay</p>
          <h1>${total}</h1>
          ${orderLines(items, total)}
        </div>
      </section>
      <section class="payment" aria-label="Payment">
        <form class="column" method="post">
          <h2>Pay by card</h2>
          ${email && html`<dl class="facts"><div><dt>E-mail</dt><dd>${email}</dd></div></dl>`}
          ${cardPicture}
          ${refusal && declined(refusal)}
          <button type="submit">Pay ${total}</button>
          <p class="hint">It is not a real card, and no real money moves.</p>
          <p class="hint quiet">Open until ${moment(session.expires_at)}.</p>
        </form>
      </section>
    </main>`,
  )
}

function orderLines(items: readonly LineItem[], total: string): Html {
  const lines = items.map((item) => {
    const quantity = item.quantity ?? 1
    const each = quantity > 1 && html`<small>${quantity} &times; ${dollars(item.price.unit_amount ?? 0)}</small>`
    return html`<li><span>${item.description} ${each}</span> <b>${dollars(item.amount_total)}</b></li>`
  })
  // With one line the amount above has said it all.
  const sum = items.length > 1 && html`<li class="total"><span>Total due</span> <b>${total}</b></li>`
  return html`<ul class="lines">${lines}${sum}</ul>`
}

function paidPage(session: Session, items: readonly LineItem[]): Html {
  const total = dollars(session.amount_total ?? 0)
  const what = items.map((item) => item.description).join(', ')
  return notice(`Paid ${total}`, {
    mark: 'good',
    sign: '✓',
    title: `${total} paid`,
    text: 'Thank you. The payment is complete, and nothing is left to do here.',
    facts: [
      ['For', what],
      ['Payment', typeof session.payment_intent === 'string' ? session.payment_intent : ''],
      ['Card', 'Test card •••• 4242'],
    ],
    link: { href: afterSuccess(session), text: 'Continue' },
  })
}

function expiredPage(session: Session): Html {
  return notice('Expired', {
    mark: 'muted',
    sign: '–',
    title: 'This checkout has expired',
    text: `Nothing was paid. ${dollars(session.amount_total ?? 0)} was asked for; start again to pay it.`,
    ...(session.cancel_url ? { link: { href: session.cancel_url, text: 'Go back' } } : {}),
  })
}
