// @ts-check
import { byId, dollars, make, moment } from './page.js'

/** @type {Readonly<Record<string, string>>} */
const words = {
  topup: 'Top-up',
  auto_topup: 'Automatic top-up',
  job: 'Paid for a job',
  earning: 'Earned with a job',
  refund: 'Refund',
  withdrawal: 'Withdrawal',
  withdrawal_returned: 'Withdrawal refused, back again',
  card_refund: 'Back to a card',
  card_refund_returned: 'Refund to a card refused, back again',
  card_refund_bounced: 'Refund sent back by the bank',
  chargeback: 'Taken back by a bank',
  chargeback_won: 'Given back by a bank',
  debt_repaid: 'Repaid what was owed',
  release: 'Released',
}

/** @param {readonly { delta: number, reason: string, created_at: string }[]} lines */
export function showHistory(lines) {
  byId('history').replaceChildren(lines.length === 0 ? nothingYet() : table(lines))
}

const nothingYet = () =>
  make(
    'p',
    { class: 'empty' },
    'No money has moved yet. Top up to post a job, or ',
    make('a', { href: '/#steps' }, 'work one'),
    ' and earn the first line here.',
  )

/** @param {readonly { delta: number, reason: string, created_at: string }[]} lines */
function table(lines) {
  const head = ['When', 'What', 'Amount'].map((name) => make('th', { scope: 'col' }, name))
  const rows = lines.map(({ delta, reason, created_at: at }) =>
    make(
      'tr',
      {},
      make('td', {}, moment(at)),
      make('td', {}, ...whatFor(reason)),
      make('td', { class: delta > 0 ? 'in' : 'out' }, `${delta > 0 ? '+' : '−'}${dollars(Math.abs(delta))}`),
    ),
  )
  return make(
    'table',
    { 'aria-labelledby': 'history-title' },
    make('thead', {}, make('tr', {}, ...head)),
    make('tbody', {}, ...rows),
  )
}

/**
 * A reason in words, with a link to the job it is about.
 * @param {string} reason
 */
function whatFor(reason) {
  const [kind = '', id = ''] = reason.split(':')
  const word = words[kind] ?? kind.replaceAll('_', ' ')
  if (!['job', 'earning', 'refund'].includes(kind)) return [word]
  return [
    `${word} `,
    make('a', { class: 'id', href: `/api/jobs/${id}`, 'aria-label': `Job ${id}` }, `…${id.slice(-6)}`),
  ]
}
