import type Stripe from 'stripe'
import { dollars } from '../../../base/money.ts'
import { type Html, html } from './html.ts'
import { cardPicture, declined, layout, notice } from './layout.ts'

interface Around {
  /** Where the person came from, when the market said so. */
  readonly back?: string | undefined
  /** Why the card was just refused. */
  readonly refusal?: string | undefined
}

/** The card form of a setup intent: keeps a card for later, and charges nothing. */
export function setupPage(intent: Stripe.SetupIntent, { back, refusal }: Around): Html {
  if (intent.status === 'succeeded')
    return notice('Card saved', {
      mark: 'good',
      sign: '✓',
      title: 'Your card is saved',
      text: 'It can be charged when you are not here, as you allowed. Nothing was charged now.',
      facts: [['Card', 'Test card •••• 4242']],
      ...(back ? { link: { href: back, text: 'Continue' } } : {}),
    })
  if (intent.status === 'canceled')
    return ended('This form is closed', 'No card was saved. Start again to save one.', back)
  return formPage({
    title: 'Save a card',
    label: 'Save a card for later',
    heading: 'No charge today',
    points: ['Charged only as you set it up', 'Can be removed at any time'],
    action: 'Save card',
    hint: 'It is not a real card, and no real money moves.',
    back,
    refusal,
  })
}

/** The payment page of a payment intent that is not part of a checkout. */
export function intentPage(intent: Stripe.PaymentIntent, { back, refusal }: Around): Html {
  const amount = dollars(intent.amount)
  if (intent.status === 'succeeded')
    return notice(`Paid ${amount}`, {
      mark: 'good',
      sign: '✓',
      title: `${amount} paid`,
      text: 'Thank you. The payment is complete, and nothing is left to do here.',
      facts: [
        ...(intent.description ? [['For', intent.description] as const] : []),
        ['Payment', intent.id],
        ['Card', 'Test card •••• 4242'],
      ],
      ...(back ? { link: { href: back, text: 'Continue' } } : {}),
    })
  if (intent.status === 'canceled')
    return ended('This payment was cancelled', `Nothing was paid. ${amount} was asked for.`, back)
  return formPage({
    title: `Pay ${amount}`,
    label: 'Amount to pay',
    heading: amount,
    points: intent.description ? [intent.description] : [],
    action: `Pay ${amount}`,
    hint: 'It is not a real card, and no real money moves.',
    back,
    refusal,
  })
}

const ended = (title: string, text: string, back: string | undefined): Html =>
  notice(title, { mark: 'muted', sign: '–', title, text, ...(back ? { link: { href: back, text: 'Go back' } } : {}) })

interface FormPage extends Around {
  readonly title: string
  readonly label: string
  readonly heading: string
  readonly points: readonly string[]
  readonly action: string
  readonly hint: string
}

function formPage({ title, label, heading, points, action, hint, back, refusal }: FormPage): Html {
  const list = points.map((point) => html`<li>${point}</li>`)
  return layout(
    title,
    html`<main class="checkout">
      <section class="order" aria-label="What this is for">
        <div class="column">
          ${back && html`<a class="back" href="${back}"><span aria-hidden="true">&larr;</span> Go back</a>`}
          <p class="label">${label}</p>
          <h1>${heading}</h1>
          ${points.length > 0 && html`<ul class="steps">${list}</ul>`}
        </div>
      </section>
      <section class="payment" aria-label="Card">
        <form class="column" method="post">
          <h2>Card</h2>
          ${cardPicture}
          ${refusal && declined(refusal)}
          <button type="submit">${action}</button>
          <p class="hint">${hint}</p>
        </form>
      </section>
    </main>`,
  )
}
