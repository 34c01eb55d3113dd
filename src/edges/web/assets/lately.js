// @ts-check
import { ask } from './ask.js'
import { byId, dollars, make, moment } from './page.js'

/** @typedef {{ seq: number, event: string, text?: string, timestamp: string, data: Record<string, unknown> }} Told */

/** Reads the newest of what happened, in words. */
export async function showLately() {
  /** @type {Told[]} */
  const events = await ask('GET /api/events?limit=20&words=1')
  byId('lately').replaceChildren(
    events.length > 0
      ? make('ul', { 'aria-label': 'What happened lately' }, ...events.toReversed().map(row))
      : make(
          'p',
          { class: 'empty' },
          'Nothing yet. ',
          make('a', { href: '/#steps' }, 'Post a job or work one'),
          ', and what comes of it stands here.',
        ),
  )
}

/** @param {Told} told */
const row = ({ seq, event, text, timestamp }) =>
  make(
    'li',
    { id: `event-${seq}` },
    make('span', {}, text ?? event),
    make('small', {}, moment(timestamp), ' · ', make('code', {}, event)),
  )

/**
 * Shows the one event that a message led to.
 * @param {number} seq
 */
export async function showAsked(seq) {
  /** @type {Told[]} */
  const [told] = await ask(`GET /api/events?after=${seq - 1}&limit=1&words=1`)
  const box = byId('asked-event')
  byId('asked').hidden = false
  if (!told || told.seq !== seq) {
    box.replaceChildren(make('p', { class: 'empty' }, 'This is not kept any more, or it is none of your affairs.'))
    return
  }
  // Numbers and names for whoever goes on with them in a terminal; what is written in sentences stands above.
  const facts = Object.entries(told.data).filter(([, value]) => ['string', 'number'].includes(typeof value))
  box.replaceChildren(
    make('p', { class: 'lead' }, told.text ?? told.event),
    make('small', {}, moment(told.timestamp), ' · ', make('code', {}, told.event)),
    make(
      'dl',
      { class: 'facts' },
      ...facts.map(([name, value]) =>
        make(
          'div',
          {},
          make('dt', {}, name.replace(/_cents$/, '').replaceAll('_', ' ')),
          make('dd', {}, /_cents$/.test(name) ? dollars(Number(value)) : make('code', {}, String(value))),
        ),
      ),
    ),
  )
  byId('asked-title').focus()
}
