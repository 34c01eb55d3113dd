// @ts-check
import { ask } from './ask.js'
import { byId, dollars, formOf, makeButton, onSubmit, readDollars } from './page.js'

/** The checkout this tab went to: the ledger names it in the reason of the line that its payment becomes. */
const leftFor = 'clawrk.checkout'
const recentMs = 10 * 60_000

/** Whether the checkout sent its payer here. */
export const arrived = () => new URLSearchParams(location.search).has('topup')

/** Makes the form of amounts work: it leads to the page where the card is charged. */
export function goToCheckout() {
  const form = formOf('top-up')
  const other = byId('other')
  const button = /** @type {HTMLElement} */ (form.querySelector('button'))
  const draw = () => {
    const fields = new FormData(form)
    const isOther = fields.get('choice') === 'other'
    other.hidden = !isOther
    const cents = chosenCents(String(fields.get('choice')), String(fields.get('amount_cents')))
    button.textContent = Number.isFinite(cents) ? `Top up ${dollars(cents)}` : 'Top up'
  }
  form.addEventListener('input', draw)
  onSubmit(form, async ({ choice = '', amount_cents: amount = '' }) => {
    const cents = chosenCents(choice, amount)
    if (!Number.isFinite(cents)) {
      other.querySelector('input')?.focus()
      throw new Error('Write the amount in dollars, for instance 12.50.')
    }
    const { url } = await ask('POST /api/wallet/topup', { amount_cents: cents })
    sessionStorage.setItem(leftFor, /cs_\w+/.exec(url)?.[0] ?? '')
    location.assign(url)
    // The button stays busy until the browser has left.
    await new Promise((done) => setTimeout(done, 5_000))
  })
  draw()
  if (!arrived()) sessionStorage.removeItem(leftFor)
}

/**
 * The amount asked for, NaN when it is not one.
 * @param {string} choice
 * @param {string} amount
 */
function chosenCents(choice, amount) {
  return choice === 'other' ? readDollars(amount) : Number(choice)
}

/** @typedef {{ id: string, delta: number, reason: string, created_at: string }} Line */

/**
 * Waits a little for the payment that just brought its payer back, and says what became of it.
 * @param {() => Promise<{ ledger: readonly Line[] }>} readWallet
 * @param {(look: string, ...parts: (Node | string)[]) => void} say
 */
export async function watchTopUp(readWallet, say) {
  say('', 'Thank you. Waiting for the payment to arrive …')
  for (let tries = 0; tries < 20; tries++) {
    const wallet = await readWallet().catch(() => null)
    const line = wallet?.ledger.find(isThisTopUp)
    if (line) {
      // Told once: a reload of this page is no new payment.
      history.replaceState(null, '', '/wallet')
      sessionStorage.removeItem(leftFor)
      return say('good', `Paid — ${dollars(line.delta)} is in your wallet.`)
    }
    await new Promise((done) => setTimeout(done, 300 + tries * 50))
  }
  const again = makeButton('Look again', 'text', () => void watchTopUp(readWallet, say))
  say('', 'The payment has not arrived yet; that can take a minute, and nothing is lost. ', again)
}

/**
 * A checkout that was opened elsewhere, from a terminal say, is known only by being new. The age is read off the line's id, a
 * UUIDv7, because a test market's clock may have been moved.
 * @param {Line} line
 */
function isThisTopUp({ id, reason }) {
  const session = sessionStorage.getItem(leftFor)
  if (session) return reason === `topup:${session}`
  const bornMs = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)
  return reason.startsWith('topup:') && Date.now() - bornMs < recentMs
}
