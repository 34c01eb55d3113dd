// @ts-check
import { ask, Refused } from './ask.js'
import { byId, formOf, make, onSubmit, sentenceOf } from './page.js'

const steps = {
  opening: byId('opening'),
  signIn: byId('signed-out'),
  askCode: byId('ask-code'),
  decide: byId('decide'),
  done: byId('done'),
}

/** @param {keyof typeof steps} name */
function show(name) {
  for (const [other, step] of Object.entries(steps)) step.hidden = other !== name
}

const given = new URLSearchParams(location.search).get('user_code')

/**
 * Shows the device behind a code, to be decided on.
 * @param {string} code
 */
async function look(code) {
  const device = await ask(`GET /api/auth/device?${new URLSearchParams({ user_code: code })}`)
  byId('code').textContent = device.user_code
  byId('client').textContent = device.client_name
  show('decide')
  byId('decide-title').focus()
}

/** @param {boolean} approve */
async function decide(approve) {
  const code = byId('code').textContent ?? ''
  try {
    const { client_name: name } = await ask('POST /api/auth/device/approve', { user_code: code, approve })
    show('done')
    const words = approve ? `${name} is signed in. You can close this page.` : `${name} was not let in.`
    steps.done.replaceChildren(
      make('p', { class: `note ${approve ? 'good' : ''}` }, words),
      make(
        'p',
        {},
        'Its key stands among ',
        make('a', { href: '/wallet#keys-title' }, 'your keys'),
        ', where you can revoke it.',
      ),
    )
    if (!approve) steps.done.lastElementChild?.remove()
  } catch (error) {
    byId('fault').replaceChildren(make('p', { class: 'note bad' }, sentenceOf(error)))
  }
}

byId('approve').addEventListener('click', () => void decide(true))
byId('deny').addEventListener('click', () => void decide(false))

onSubmit(formOf('ask-code'), ({ user_code: code = '' }) => look(code))
onSubmit(formOf('sign-in'), async (fields) => {
  await ask('POST /api/auth/sign-in/email', fields)
  location.reload()
})

const github = document.getElementById('github')
if (github && given)
  github.setAttribute('href', `/api/auth/sign-in/github?${new URLSearchParams({ user_code: given })}`)

async function open() {
  if (document.body.dataset.session !== 'maybe') return show('signIn')
  try {
    const { user } = await ask('POST /api/whoami', {})
    byId('who').textContent = user.name
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return show('signIn')
    steps.opening.textContent = sentenceOf(error)
    return
  }
  const form = formOf('ask-code')
  show('askCode')
  if (!given) return
  const field = /** @type {HTMLInputElement} */ (form.elements.namedItem('user_code'))
  field.value = given
  form.requestSubmit()
}

await open()
