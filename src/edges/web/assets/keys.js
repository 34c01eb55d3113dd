// @ts-check
import { ask } from './ask.js'
import { byId, copyFrom, formOf, make, makeButton, moment, onSubmit, sentenceOf } from './page.js'

/**
 * @typedef {{ id: string, name: string | null, prefix: string, last_four: string, created_at: string, expires_at: string,
 *   last_used_at: string | null, revoked_at: string | null }} Key
 */

const box = byId('new-key')

/** Reads the keys and lists those that work. */
export async function showKeys() {
  /** @type {Key[]} */
  const keys = await ask('GET /api/keys')
  const live = keys.filter((key) => !key.revoked_at && Date.parse(key.expires_at) > Date.now())
  byId('keys').replaceChildren(
    live.length > 0
      ? make('ul', { 'aria-label': 'Your keys' }, ...live.map(row))
      : make(
          'p',
          { class: 'empty' },
          'You have no working key. Make one, and a terminal or an agent can use this wallet.',
        ),
  )
}

/** @param {Key} key */
function row(key) {
  const name = key.name ?? 'Unnamed'
  const used = key.last_used_at ? ['last used ', moment(key.last_used_at)] : ['never used']
  const actions = make('span', { class: 'acts' })
  const fault = make('div', { role: 'alert' })
  const offer = () => {
    const button = makeButton('Revoke', 'text', sure)
    button.setAttribute('aria-label', `Revoke ${name}`)
    actions.replaceChildren(button)
    return button
  }
  // It cannot be undone, so it takes two presses.
  const sure = () => {
    const yes = makeButton('Revoke for good', 'text danger', () => void revoke())
    const no = makeButton('Keep', 'text', () => offer().focus())
    actions.replaceChildren(yes, no)
    yes.focus()
  }
  const revoke = async () => {
    try {
      await ask(`POST /api/keys/${key.id}/revoke`, {})
      if (box.dataset.key === key.id) box.replaceChildren()
      await showKeys()
      box.append(make('p', { class: 'note good' }, `${name} is revoked.`))
      byId('keys-title').focus()
    } catch (error) {
      fault.replaceChildren(make('p', { class: 'note bad' }, sentenceOf(error)))
    }
  }
  offer()
  return make(
    'li',
    {},
    make('b', {}, name),
    actions,
    make('code', {}, `${key.prefix}_…${key.last_four}`),
    make('small', {}, 'made ', moment(key.created_at), ' · ', ...used, ' · ends ', moment(key.expires_at)),
    fault,
  )
}

/** @param {{ id: string, key: string }} made */
function showOnce({ id, key }) {
  box.dataset.key = id
  box.replaceChildren(
    make(
      'div',
      { class: 'once' },
      make('p', {}, make('strong', {}, 'Copy your key now.'), ' It is shown this once and kept nowhere in clear.'),
      line('The key', key),
      line('For your shell', `export CLAWRK_API_KEY=${key}`),
      make('p', {}, 'Next: the lines on ', make('a', { href: '/#steps' }, 'the start page'), ' use it.'),
    ),
  )
  box.querySelector('button')?.focus()
}

/**
 * @param {string} label
 * @param {string} text
 */
function line(label, text) {
  const code = make('code', {}, text)
  const button = makeButton('Copy', 'copy', (pressed) => void copyFrom(pressed, code))
  button.setAttribute('aria-label', `Copy: ${label}`)
  return make('figure', { class: 'code', 'aria-label': label }, make('pre', {}, code), button)
}

onSubmit(formOf('make-key'), async ({ name = '' }) => {
  const made = await ask('POST /api/keys', name.trim() ? { name } : {})
  formOf('make-key').reset()
  showOnce(made)
  await showKeys()
})
