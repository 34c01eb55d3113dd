// @ts-check
import { ask } from './ask.js'
import { byId, dollars, formOf, make, makeButton, onSubmit, readDollars, sentenceOf } from './page.js'

/** @typedef {(look: string, ...parts: (Node | string)[]) => void} Say */

/**
 * Goes to a page of the provider that the API names.
 * @param {string} route
 * @param {Say} say
 */
async function goTo(route, say) {
  try {
    const { url } = await ask(route, {})
    if (url) location.assign(url)
    else
      say(
        '',
        'This market’s provider takes cards by its browser library: see the API, POST /api/wallet/setup-payment-method.',
      )
  } catch (error) {
    say('bad', sentenceOf(error))
  }
}

/** @type {Readonly<Record<string, readonly [sentence: string, button: string | null]>>} */
const standings = {
  not_connected: ['Earnings are paid out to an account of yours: connect one first.', 'Connect an account'],
  pending: ['The payment provider wants to know more before it pays you.', 'Go on with the form'],
  active: ['Your account is connected.', null],
}

/**
 * Shows whether earnings can be paid out.
 * @param {Say} say
 */
export async function showConnect(say) {
  const { status } = await ask('GET /api/stripe/connect/status')
  const [sentence, button] = standings[status] ?? [status, null]
  byId('connect-state').textContent = sentence
  byId('connect').replaceChildren(
    ...(button ? [makeButton(button, 'plain', () => void goTo('POST /api/stripe/connect', say))] : []),
  )
  formOf('withdraw').hidden = status !== 'active'
}

/**
 * Shows the saved card and the automatic top-up.
 * @param {Say} say
 */
export async function showCard(say) {
  const auto = await ask('GET /api/wallet/auto-topup')
  const { card, enabled } = auto
  byId('card').textContent = card
    ? `${card.brand} ····${card.last4}, good until ${card.exp_month}/${card.exp_year}`
    : 'No card is saved. With one, the wallet can fill itself up when it runs low.'
  byId('save-card').replaceChildren(
    makeButton(
      card ? 'Save another card' : 'Save a card',
      card ? 'text' : 'plain',
      () => void goTo('POST /api/wallet/setup-payment-method', say),
    ),
  )
  const form = formOf('auto-topup')
  form.hidden = !card
  byId('auto-state').replaceChildren(...(card ? [stateOf(auto)] : []))
  for (const name of ['amount_cents', 'threshold_cents', 'max_per_day_cents']) {
    const field = /** @type {HTMLInputElement} */ (form.elements.namedItem(name))
    if (auto[name] !== null && document.activeElement !== field) field.value = (auto[name] / 100).toFixed(2)
  }
  const button = /** @type {HTMLElement} */ (form.querySelector('button[type=submit]'))
  button.textContent = enabled ? (auto.paused_at ? 'Go on' : 'Change') : 'Turn on'
  byId('auto-off').replaceChildren(...(enabled ? [makeButton('Turn off', 'text', () => void turnOff(say))] : []))
}

/** @param {{ enabled: boolean, amount_cents: number, threshold_cents: number, max_per_day_cents: number, charged_today_cents: number, paused_reason: string | null }} auto */
function stateOf(auto) {
  if (!auto.enabled) return make('p', { class: 'quiet' }, 'Automatic top-up is off.')
  if (auto.paused_reason)
    return make('p', { class: 'note bad' }, `Paused, because a charge failed: ${auto.paused_reason}`)
  const today = auto.charged_today_cents > 0 ? ` Today it has charged ${dollars(auto.charged_today_cents)}.` : ''
  return make(
    'p',
    { class: 'note good' },
    `On: charges ${dollars(auto.amount_cents)} when less than ${dollars(auto.threshold_cents)} is left, at most ${dollars(auto.max_per_day_cents)} a day.${today}`,
  )
}

/** @param {Say} say */
async function turnOff(say) {
  try {
    await ask('POST /api/wallet/auto-topup', { enabled: false })
    await showCard(say)
    // The button that was pressed is gone: the keyboard goes on at the form.
    formOf('auto-topup').querySelector('input')?.focus()
  } catch (error) {
    say('bad', sentenceOf(error))
  }
}

/**
 * @param {string} text
 * @param {string} name
 */
function centsOf(text, name) {
  const cents = readDollars(text)
  if (Number.isFinite(cents)) return cents
  throw Object.assign(new Error('Write the amount in dollars, for instance 12.50.'), {
    issues: [{ path: name, message: 'Write the amount in dollars, for instance 12.50.' }],
  })
}

/**
 * Does something after an answer, refusals included.
 * @template T
 * @param {Promise<T>} asked
 * @param {() => Promise<unknown>} then
 */
async function anyway(asked, then) {
  try {
    return await asked
  } finally {
    await then()
  }
}

/**
 * Makes the forms work.
 * @param {() => Promise<unknown>} readWallet
 * @param {Say} say
 */
export function workPayouts(readWallet, say) {
  onSubmit(formOf('withdraw'), async ({ amount_cents: amount = '' }) => {
    const answer = await anyway(
      ask('POST /api/wallet/withdraw', { amount_cents: centsOf(amount, 'amount_cents') }),
      () => Promise.all([readWallet(), showConnect(say)]),
    )
    formOf('withdraw').reset()
    const sum = dollars(answer.amount_cents)
    if (answer.status === 'paid') say('good', `${sum} are on their way to your account.`)
    else say('', `${sum} are reserved. The payment provider has not answered yet; it is asked until it does.`)
  })
  onSubmit(formOf('card-refund'), async ({ amount_cents: amount = '' }) => {
    const input = amount.trim() === '' ? {} : { amount_cents: centsOf(amount, 'amount_cents') }
    const answer = await anyway(ask('POST /api/wallet/refund', input), readWallet)
    formOf('card-refund').reset()
    const refused = answer.parts.find((/** @type {{ reason: string | null }} */ { reason }) => reason !== null)
    const rest = refused ? ` A part was refused and stays in your wallet: ${refused.reason}` : ''
    say(refused ? 'bad' : 'good', `${dollars(answer.amount_cents)} are on their way back to your card.${rest}`)
  })
  onSubmit(formOf('auto-topup'), async (fields) => {
    const names = ['amount_cents', 'threshold_cents', 'max_per_day_cents'].filter(
      (name) => name !== 'max_per_day_cents' || (fields[name] ?? '').trim() !== '',
    )
    const input = Object.fromEntries(names.map((name) => [name, centsOf(fields[name] ?? '', name)]))
    await ask('POST /api/wallet/auto-topup', { enabled: true, ...input })
    await showCard(say)
  })
}
