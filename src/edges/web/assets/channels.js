// @ts-check
import { ask } from './ask.js'
import { byId, formOf, make, makeButton, moment, onSubmit, sentenceOf } from './page.js'

/**
 * @typedef {{ id: string, channel_type: 'telegram' | 'discord' | 'slack' | 'email', config: Record<string, string>,
 *   enabled_events: string[] | null, digest: string, enabled: boolean, disabled_reason: string | null, confirmed: boolean,
 *   available: boolean, failing_since: string | null, last_error: string | null, delivered_at: string | null }} Channel
 * @typedef {{ kind: string, outcome: string, error: string | null, at: string }} Message
 */

const kinds = {
  telegram: {
    name: 'Telegram',
    field: 'chat_id',
    label: 'Chat id',
    note: 'Write to the bot of this market first; then the number of your chat, or @ and the name of a public channel',
    example: '123456789',
  },
  discord: {
    name: 'Discord',
    field: 'webhook_url',
    label: 'Webhook URL',
    note: 'In Discord: Edit channel, Integrations, Webhooks, Copy webhook URL',
    example: 'https://discord.com/api/webhooks/…',
  },
  slack: {
    name: 'Slack',
    field: 'webhook_url',
    label: 'Webhook URL',
    note: 'In Slack: an app of yours with incoming webhooks, added to a conversation',
    example: 'https://hooks.slack.com/services/…',
  },
  email: {
    name: 'E-mail',
    field: 'address',
    label: 'Address',
    note: 'A code is sent there first, unless it is known to be yours',
    example: 'you@example.com',
  },
}

const form = formOf('add-channel')
const where = /** @type {HTMLInputElement} */ (form.elements.namedItem('where'))

/** @returns {typeof kinds.telegram} */
const chosenKind = () => kinds[/** @type {keyof typeof kinds} */ (new FormData(form).get('channel_type'))]

function labelWhere() {
  const { label, note, example } = chosenKind()
  byId('where-label').textContent = label
  byId('where-note').textContent = note
  where.placeholder = example
}

const chosenEvents = () => new FormData(form).getAll('event').map(String)

form.addEventListener('change', () => {
  labelWhere()
  const many = chosenEvents().length
  byId('chosen').textContent = many === 0 ? 'All but small news' : `${many} chosen`
})
labelWhere()

/** Reads the channels and lists them. */
export async function showChannels() {
  /** @type {Channel[]} */
  const channels = await ask('GET /api/notifications')
  byId('channels').replaceChildren(
    channels.length > 0
      ? make('ul', { 'aria-label': 'Your channels' }, ...channels.map(row))
      : make(
          'p',
          { class: 'empty' },
          'You are told nowhere yet. Add a chat or your mailbox beside this, and you hear when work is delivered, a dispute waits for you, or money comes in.',
        ),
  )
}

/** @param {Channel} channel */
function stateOf({ enabled, disabled_reason: reason, confirmed, available, failing_since: failing }) {
  /** @type {Record<string, string>} */
  const reasons = {
    owner: 'Off',
    gone: 'Not there any more',
    failing: 'Off: it failed',
    stopped: 'Stopped by who reads it',
  }
  if (!enabled) return ['bad', reasons[reason ?? 'owner'] ?? 'Off']
  if (!confirmed) return ['', 'Waits for its code']
  if (!available) return ['', 'Not set up on this market']
  return failing ? ['bad', 'Failing'] : ['good', 'On']
}

/** @param {Channel} channel */
function row(channel) {
  const {
    id,
    channel_type: type,
    config,
    enabled_events: events,
    digest,
    last_error: error,
    delivered_at: at,
  } = channel
  const { name, field } = kinds[type]
  const [look = '', state = ''] = stateOf(channel)
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
  /** @param {boolean} enabled */
  const turn = (enabled) =>
    tried(async () => {
      await ask(`PATCH /api/notifications/${id}`, { enabled })
      await showChannels()
    })
  const offer = () => {
    const buttons = [
      channel.enabled && channel.confirmed
        ? makeButton('Send a test', 'text', (button) => void tried(() => test(channel, button, said)))
        : '',
      channel.enabled
        ? makeButton('Turn off', 'text', () => void turn(false))
        : channel.disabled_reason === 'stopped'
          ? ''
          : makeButton('Turn on', 'text', () => void turn(true)),
      makeButton('Remove', 'text', sure),
    ]
    for (const button of buttons)
      if (button instanceof HTMLElement) button.setAttribute('aria-label', `${button.textContent}: ${name}`)
    acts.replaceChildren(...buttons)
  }
  const sure = () => {
    const yes = makeButton(
      'Remove for good',
      'text danger',
      () =>
        void tried(async () => {
          await ask(`DELETE /api/notifications/${id}`)
          await showChannels()
          byId('channels-title').focus()
        }),
    )
    acts.replaceChildren(yes, makeButton('Keep', 'text', offer))
    yes.focus()
  }
  offer()
  /** @type {Record<string, string>} */
  const how = { off: 'at once', hourly: 'once an hour', daily: 'once a day' }
  const item = make(
    'li',
    {},
    make(
      'span',
      { class: 'row' },
      make('b', {}, name),
      make('code', {}, config[field] ?? ''),
      make('span', { class: `state ${look}` }, state),
    ),
    make(
      'small',
      {},
      `${how[digest] ?? digest} · ${events ? events.join(', ') : 'all but small news'}`,
      ...(at ? [' · last told ', moment(at)] : []),
    ),
    ...(error ? [make('small', {}, `It said: ${error}`)] : []),
    ...(channel.enabled && !channel.confirmed ? [codeForm(channel, said)] : []),
    acts,
    said,
  )
  return item
}

/**
 * Where the code from a letter is typed in.
 * @param {Channel} channel
 * @param {HTMLElement} said
 */
function codeForm({ id }, said) {
  const typing = /** @type {HTMLFormElement} */ (
    make(
      'form',
      { class: 'code-form', method: 'post', novalidate: '' },
      make(
        'label',
        {},
        'The code from the letter',
        make('input', { name: 'code', autocomplete: 'one-time-code', spellcheck: 'false', placeholder: 'K7Q9F-2MXTB' }),
      ),
      make('button', { type: 'submit', class: 'plain' }, 'Confirm'),
      makeButton('Send it again', 'text', () => {
        ask(`POST /api/notifications/${id}/resend`, {}).then(
          () => said.replaceChildren(make('p', { class: 'note' }, 'It is on its way again.')),
          (fault) => said.replaceChildren(make('p', { class: 'note bad' }, sentenceOf(fault))),
        )
      }),
      make('div', { class: 'result', role: 'alert' }),
    )
  )
  onSubmit(typing, async ({ code = '' }) => {
    await ask(`POST /api/notifications/${id}/confirm`, { code })
    await showChannels()
  })
  return typing
}

/**
 * Sends a trial, and waits to say what came of it.
 * @param {Channel} channel
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} said
 */
async function test({ id }, button, said) {
  if (button.ariaDisabled === 'true') return
  button.ariaDisabled = 'true'
  try {
    const newest = async () => /** @type {Message[]} */ (await ask(`GET /api/notifications/${id}/messages?limit=1`))[0]
    const before = (await newest())?.at
    await ask(`POST /api/notifications/${id}/test`, {})
    said.replaceChildren(make('p', { class: 'note' }, 'It is on its way…'))
    for (let tries = 0; tries < 40; tries++) {
      await new Promise((done) => setTimeout(done, 500))
      const message = await newest()
      if (!message || message.at === before) continue
      const isThere = message.outcome === 'delivered'
      said.replaceChildren(
        make(
          'p',
          { class: `note ${isThere ? 'good' : 'bad'}` },
          isThere ? 'It has arrived.' : (message.error ?? 'It did not arrive.'),
        ),
      )
      return
    }
    said.replaceChildren(
      make('p', { class: 'note' }, 'It waits its turn: this channel was told much, or asked for a pause.'),
    )
  } finally {
    button.ariaDisabled = null
  }
}

/**
 * Confirms by the link of a letter, `<channel>.<code>`.
 * @param {string} link
 * @param {(look: string, ...parts: string[]) => void} say
 */
export async function confirmBy(link, say) {
  const [id = '', code = ''] = link.split('.')
  try {
    await ask(`POST /api/notifications/${encodeURIComponent(id)}/confirm`, { code })
    say('good', 'The address is confirmed: you are told there from now on.')
  } catch (error) {
    if (/** @type {{ status?: number }} */ (error).status === 401) throw error
    say('bad', sentenceOf(error))
  }
}

onSubmit(form, async ({ channel_type: type = '', where: to = '', digest = 'off' }) => {
  const events = chosenEvents()
  const { field } = chosenKind()
  await ask('POST /api/notifications', {
    channel_type: type,
    config: { [field]: to.trim() },
    digest,
    ...(events.length > 0 ? { enabled_events: events } : {}),
  })
  where.value = ''
  await showChannels()
  byId('channels-title').focus()
})
