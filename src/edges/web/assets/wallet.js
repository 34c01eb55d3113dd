// @ts-check
import { ask, Refused } from './ask.js'
import { showHistory } from './history.js'
import { showKeys } from './keys.js'
import { byId, dollars, formOf, make, makeButton, onSubmit, sentenceOf } from './page.js'
import { showCard, showConnect, workPayouts } from './payout.js'
import { arrived, goToCheckout, watchTopUp } from './top-up.js'

const views = { opening: byId('opening'), out: byId('signed-out'), in: byId('signed-in') }
const notice = byId('notice')

/** @param {keyof typeof views} name */
function show(name) {
  for (const [other, view] of Object.entries(views)) view.hidden = other !== name
}

/**
 * @param {string} look
 * @param {(Node | string)[]} parts
 */
function say(look, ...parts) {
  notice.replaceChildren(make('p', { class: `note ${look}` }, ...parts))
}

/** Reads the wallet and shows it; answers what it read. */
async function readWallet() {
  const wallet = await ask('GET /api/wallet/balance?limit=50')
  byId('balance').textContent = dollars(wallet.balance_cents)
  const parts = [
    ['Withdrawable earnings', wallet.withdrawable_cents, true],
    ['On its way', wallet.pending_cents, wallet.pending_cents > 0],
    ['Owed after a chargeback', wallet.debt_cents, wallet.debt_cents > 0],
  ]
  byId('parts').replaceChildren(
    ...parts
      .filter(([, , told]) => told)
      .map(([name, cents]) => make('div', {}, make('dt', {}, String(name)), make('dd', {}, dollars(Number(cents))))),
  )
  showHistory(wallet.ledger)
  return wallet
}

function showForms() {
  show('out')
  if (arrived()) say('', 'Thank you. Sign in to see the payment in your wallet.')
}

/** Shows whose wallet this is and what is in it, or the forms when the session has ended. */
async function open() {
  try {
    const { user } = await ask('POST /api/whoami', {})
    const [profile] = await Promise.all([
      ask(`GET /api/users/${user.id}`),
      readWallet(),
      showKeys(),
      showConnect(say),
      showCard(say),
    ])
    byId('who').textContent = `${profile.name} · ${profile.email}`
    show('in')
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return showForms()
    show('opening')
    views.opening.replaceChildren(
      sentenceOf(error),
      ' ',
      makeButton('Try again', 'text', () => location.reload()),
    )
    return
  }
  if (arrived()) await watchTopUp(readWallet, say)
  await welcomeBack()
}

/** Says what became of the form that its owner comes back from: what was saved there may take a moment to be known here. */
async function welcomeBack() {
  const query = new URLSearchParams(location.search)
  if (query.get('card') === 'saved') {
    for (let tries = 0; tries < 20 && !/\d{4}/.test(byId('card').textContent ?? ''); tries++) {
      await new Promise((done) => setTimeout(done, 300))
      await showCard(say)
    }
  }
  // Told once: a reload of this page is no new visit.
  if (query.has('card') || query.has('connect')) history.replaceState(null, '', '/wallet')
}

for (const [form, route] of /** @type {const} */ ([
  ['sign-up', 'POST /api/auth/sign-up/email'],
  ['sign-in', 'POST /api/auth/sign-in/email'],
])) {
  onSubmit(formOf(form), async (fields) => {
    await ask(route, fields)
    location.reload()
  })
}

async function signOut() {
  try {
    await ask('POST /api/auth/sign-out', {})
  } catch (error) {
    if (!(error instanceof Refused && error.status === 401)) return say('bad', sentenceOf(error))
  }
  // A fresh page: nothing of the wallet or a new key stays behind in this one.
  location.replace('/wallet')
}

byId('sign-out').addEventListener('click', () => void signOut())

goToCheckout()
workPayouts(readWallet, say)

// A cookie belongs to one address, and the checkout leads back to the market's own: better to sign in there.
const { origin } = new URL(document.body.dataset.origin ?? location.href)
if (origin !== location.origin) {
  const link = make('a', { href: `${origin}/wallet` }, origin)
  byId('elsewhere').append(
    make('p', { class: 'note' }, 'The address of this market is ', link, '. Use your wallet there.'),
  )
}

// Jobs are paid while this page stands open elsewhere, and a checkout may be left by the Back button.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible' && !views.in.hidden) void readWallet().catch(() => {})
})
addEventListener('pageshow', (event) => {
  if (event.persisted) location.reload()
})

if (document.body.dataset.session === 'maybe') await open()
else showForms()
