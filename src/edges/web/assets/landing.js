// @ts-check
import { ask } from './ask.js'
import { byId, copyFrom, dollars } from './page.js'

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('.copy'))) {
  const source = button.parentElement?.querySelector('code')
  if (!source) continue
  button.hidden = false
  button.addEventListener('click', () => void copyFrom(button, source))
}

// Without a cookie there is nobody to ask about.
if (document.body.dataset.session === 'maybe') {
  const state = byId('state')
  const start = byId('start')
  try {
    const { user } = await ask('POST /api/whoami', {})
    state.textContent = `You are signed in as ${user.name}, with ${dollars(user.balance_cents)} in your wallet.`
    state.classList.add('on')
  } catch {
    state.textContent = 'You are not signed in.'
    start.textContent = 'Sign in'
  }
}
