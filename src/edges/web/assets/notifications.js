// @ts-check
import { ask, Refused } from './ask.js'
import { confirmBy, showChannels } from './channels.js'
import { showHooks } from './hooks.js'
import { showAsked, showLately } from './lately.js'
import { byId, formOf, make, makeButton, onSubmit, sentenceOf } from './page.js'

const views = { opening: byId('opening'), stop: byId('stop'), out: byId('signed-out'), in: byId('signed-in') }

/** @param {keyof typeof views} name */
function show(name) {
  for (const [other, view] of Object.entries(views)) view.hidden = other !== name
}

/**
 * @param {string} look
 * @param {(Node | string)[]} parts
 */
function say(look, ...parts) {
  byId('notice').replaceChildren(make('p', { class: `note ${look}` }, ...parts))
}

const query = new URLSearchParams(location.search)

/**
 * Whoever reads somewhere ends what comes there, or takes that back.
 * @param {string} token
 */
function offerStop(token) {
  show('stop')
  const acts = byId('stop-acts')
  /** @param {boolean} stop */
  const decide = async (stop) => {
    try {
      await ask('POST /api/notifications/stop', { token, stop })
      byId('stop-said').replaceChildren(
        make(
          'p',
          { class: 'note good' },
          stop ? 'Stopped: nothing more comes.' : 'Taken back: messages may come again.',
        ),
      )
      acts.replaceChildren(makeButton(stop ? 'Take it back' : 'Stop', 'plain', () => void decide(!stop)))
    } catch (error) {
      byId('stop-said').replaceChildren(make('p', { class: 'note bad' }, sentenceOf(error)))
    }
  }
  acts.replaceChildren(makeButton('Stop', '', () => void decide(true)))
}

async function open() {
  const stop = query.get('stop')
  if (stop) return offerStop(stop)
  if (document.body.dataset.session !== 'maybe') return show('out')
  try {
    const confirmed = query.get('confirm')
    // By the link in a letter; told once, so that a reload of this page is no new try.
    if (confirmed) {
      await confirmBy(confirmed, say)
      history.replaceState(null, '', '/notifications')
    }
    await Promise.all([showChannels(), showHooks(), showLately()])
    show('in')
    const event = Number(query.get('event'))
    if (Number.isSafeInteger(event) && event > 0) await showAsked(event)
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return show('out')
    show('opening')
    views.opening.replaceChildren(
      sentenceOf(error),
      ' ',
      makeButton('Try again', 'text', () => location.reload()),
    )
  }
}

onSubmit(formOf('sign-in'), async (fields) => {
  await ask('POST /api/auth/sign-in/email', fields)
  location.reload()
})

await open()
