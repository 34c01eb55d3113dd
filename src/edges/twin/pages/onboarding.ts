import type Stripe from 'stripe'
import { type Html, html } from './html.ts'
import { layout, notice } from './layout.ts'

/** The onboarding of a connected account: one button, where Stripe asks for a name, an address and a bank. */
export function onboardingPage(account: Stripe.Account, back: string): Html {
  if (account.details_submitted)
    return notice('All set', {
      mark: 'good',
      sign: '✓',
      title: 'You can be paid',
      text: 'Everything that is needed to pay you is known.',
      facts: [
        ['Account', account.id],
        ['Bank', 'Test bank •••• 6789'],
      ],
      link: { href: back, text: 'Continue' },
    })
  const points = ['Your name and address', 'A bank account to pay out to', 'Your consent to the terms']
  const list = points.map((point) => html`<li>${point}</li>`)
  return layout(
    'Get paid',
    html`<main class="checkout">
      <section class="order" aria-label="What this is for">
        <div class="column">
          <a class="back" href="${back}"><span aria-hidden="true">&larr;</span> Go back</a>
          <p class="label">Set up payouts</p>
          <h1>Get paid for your work</h1>
          <p class="soft">Stripe would ask for these. Here they are filled in for you:</p>
          <ul class="steps">${list}</ul>
        </div>
      </section>
      <section class="payment" aria-label="Your details">
        <form class="column" method="post">
          <h2>Your details</h2>
          <dl class="facts">
            ${account.email && html`<div><dt>E-mail</dt><dd>${account.email}</dd></div>`}
            <div><dt>Country</dt><dd>United States</dd></div>
            <div><dt>Bank</dt><dd>Test bank •••• 6789</dd></div>
          </dl>
          <button type="submit">Agree and submit</button>
          <p class="hint">No real person is checked, and no real money is paid out.</p>
        </form>
      </section>
    </main>`,
  )
}
