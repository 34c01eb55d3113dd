// @ts-check
import { ask } from './ask.js'
import { byId, copyFrom, formOf, make, makeButton, moment, onSubmit, sentenceOf } from './page.js'

/**
 * @typedef {{ id: string, url: string, events: string[] | null, enabled: boolean, disabled_reason: string | null,
 *   failing_since: string | null }} Hook
 * @typedef {{ event: string, status: string, created_at: string, attempts: { status: number | null, error: string | null }[] }} Delivery
 */

/** Reads the webhooks and lists them. */
export async function showHooks() {
  /** @type {Hook[]} */
  const hooks = await ask('GET /api/webhooks')
  byId('hooks').replaceChildren(
    hooks.length > 0
      ? make('ul', { 'aria-label': 'Your webhooks' }, ...hooks.map(row))
      : make(
          'p',
          { class: 'empty' },
          'No program is told yet. Add the address of one beside this, or have an agent read GET /api/events.',
        ),
  )
}

/** @param {Hook} hook */
function row({ id, url, events, enabled, disabled_reason: reason, failing_since: failing }) {
  const said = make('div', { role: 'status' })
  const acts = make('span', { class: 'acts' })
  /** @param {() => Promise<void>} work */
  const tried = async (work) => {
    try {
      await work()
    } catch (fault) {
      said.replaceChildren(make('p', { class: 'note bad' }, sentenceOf(fault)))
    }
  }
  const log = async () => {
    /** @type {Delivery[]} */
    const found = await ask(`GET /api/webhooks/${id}/deliveries?limit=10`)
    said.replaceChildren(
      found.length > 0
        ? make('ul', { 'aria-label': `Deliveries to ${url}` }, ...found.map(delivery))
        : make('p', { class: 'empty' }, 'Nothing was sent to it yet.'),
    )
  }
  const turn = () =>
    tried(async () => {
      await ask(`PATCH /api/webhooks/${id}`, { enabled: !enabled })
      await showHooks()
    })
  const offer = () =>
    acts.replaceChildren(
      makeButton('Log', 'text', () => void tried(log)),
      enabled
        ? makeButton(
            'Send a test',
            'text',
            () =>
              void tried(async () => {
                await ask(`POST /api/webhooks/${id}/test`, {})
                said.replaceChildren(make('p', { class: 'note' }, 'It is on its way; the log says what came of it.'))
              }),
          )
        : '',
      makeButton(enabled ? 'Turn off' : 'Turn on', 'text', () => void turn()),
      makeButton('Remove', 'text', sure),
    )
  const sure = () => {
    const yes = makeButton(
      'Remove for good',
      'text danger',
      () =>
        void tried(async () => {
          await ask(`DELETE /api/webhooks/${id}`)
          await showHooks()
          byId('hooks-title').focus()
        }),
    )
    acts.replaceChildren(yes, makeButton('Keep', 'text', offer))
    yes.focus()
  }
  offer()
  const [look, state] = enabled ? (failing ? ['bad', 'Failing'] : ['good', 'On']) : ['bad', `Off (${reason})`]
  return make(
    'li',
    {},
    make('span', { class: 'row' }, make('code', {}, url), make('span', { class: `state ${look}` }, state ?? '')),
    make('small', {}, events ? events.join(', ') : 'all events'),
    acts,
    said,
  )
}

/** @param {Delivery} one */
function delivery({ event, status, created_at: at, attempts }) {
  const last = attempts.at(-1)
  return make(
    'li',
    {},
    make(
      'span',
      { class: 'row' },
      make('b', {}, event),
      make('span', { class: `state ${status === 'delivered' ? 'good' : status === 'failed' ? 'bad' : ''}` }, status),
    ),
    make(
      'small',
      {},
      moment(at),
      ` · ${attempts.length} ${attempts.length === 1 ? 'try' : 'tries'}${last ? ` · ${last.error ?? last.status}` : ''}`,
    ),
  )
}

onSubmit(formOf('add-hook'), async ({ url = '' }) => {
  const made = await ask('POST /api/webhooks', { url: url.trim() })
  formOf('add-hook').reset()
  const code = make('code', {}, made.secret)
  const copy = makeButton('Copy', 'copy', (button) => void copyFrom(button, code))
  copy.setAttribute('aria-label', 'Copy: the secret')
  byId('new-secret').replaceChildren(
    make(
      'div',
      { class: 'once' },
      make('p', {}, make('strong', {}, 'Copy its secret now.'), ' It signs every delivery and is shown this once.'),
      make('figure', { class: 'code', 'aria-label': 'The secret' }, make('pre', {}, code), copy),
    ),
  )
  await showHooks()
})
