import { dollars } from '../../../base/money.ts'
import type { Overview } from '../../../core/operators/api.ts'
import { facts } from './job.ts'
import { bold, columns, dim, oneLine, paint, wrap } from './text.ts'
import { duration, relative } from './time.ts'

/** Many of one thing, or one of it. */
export const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`

/** A name, a number and a bar as long as its share of the greatest; nothing is drawn of nothing. */
export function bars(rows: readonly (readonly [name: string, n: number])[], show: (n: number) => string): string[] {
  const name = Math.max(...rows.map(([text]) => text.length))
  const figure = Math.max(...rows.map(([, n]) => show(n).length))
  const most = Math.max(...rows.map(([, n]) => Math.abs(n)))
  const room = Math.min(30, columns() - name - figure - 6)
  return rows.map(([text, n]) => {
    const length = most === 0 || room < 4 ? 0 : Math.ceil((Math.abs(n) / most) * room)
    const bar = n < 0 ? paint('red', '█'.repeat(length)) : paint('cyan', '█'.repeat(length))
    return `  ${dim(text.padEnd(name))}  ${show(n).padStart(figure)}  ${bar}`.trimEnd()
  })
}

const words = (name: string): string => name.replaceAll('_', ' ')

/** What needs an operator, each with what to do about it; empty: nothing does. */
export function attention({ at, freeze, audit, stuck, stuck_longest: longest, inbox }: Overview): string[] {
  const lines: [string, string][] = []
  if (freeze) {
    const since = `Money may not leave since ${relative(freeze.since)}: ${oneLine(freeze.reason)}`
    lines.push([since, 'clawrk operator ledger, and on the machine  clawrk ledger unfreeze'])
  }
  if (audit && audit.breaches > 0)
    lines.push([`${count(audit.breaches, 'place breaks', 'places break')} a law of money.`, 'clawrk operator ledger'])
  if (stuck > 0)
    lines.push([
      `${stuck >= 200 ? '200 things or more are' : count(stuck, 'thing is', 'things are')} stuck${longest ? `; the longest for ${duration((Date.parse(at) - Date.parse(longest.since)) / 1000)}: ${longest.kind} ${longest.id}` : ''}.`,
      'clawrk operator stuck',
    ])
  if (inbox.given_up > 0)
    lines.push([
      `${count(inbox.given_up, 'message')} of the payment provider ${inbox.given_up === 1 ? 'was' : 'were'} given up.`,
      'on the machine  clawrk reconcile --retry',
    ])
  return lines.flatMap(([sentence, next]) => [
    ...wrap(sentence, columns() - 2).map((line, at) => (at === 0 ? `${paint('red', '✖')} ${line}` : `  ${line}`)),
    ...wrap(next, columns() - 4).map((line, at) => (at === 0 ? `  ${dim('→')} ${line}` : `    ${line}`)),
  ])
}

/** The whole page: what needs somebody first, then people, money and work. */
export function overviewPage(overview: Overview, title: string): string[] {
  const { users, agents, money, work, intents, inbox, audit, counted_at: counted } = overview
  const { platform, credits, ...held } = money
  const kinds = Object.entries(work).map(
    ([kind, states]) => [kind, Object.entries(states).filter(([, n]) => n > 0)] as const,
  )
  const empty = kinds.filter(([, states]) => states.length === 0).map(([kind]) => kind)
  const needs = attention(overview)
  const accounts = (of: Readonly<Record<string, number>>): [string, number][] =>
    Object.entries(of).map(([name, cents]) => [words(name.replace(/_cents$/, '')), cents])
  return [
    bold(title),
    ...(needs.length > 0 ? needs : [`${paint('green', '✔')} Nothing needs you.`]),
    '',
    ...facts([
      [
        'people',
        `${count(users.all, 'person', 'people')}, ${count(users.suspended, 'suspended', 'suspended')}, ${count(users.operators, 'operator')}`,
      ],
      ['agents', count(agents, 'agent')],
      [
        'provider',
        `${count(intents.open, 'open intent')} over ${dollars(intents.amount_cents)}, ${count(inbox.waiting, 'message')} waiting`,
      ],
      ['laws', audit ? `checked ${relative(audit.at)}` : 'not checked yet'],
      ['counted', counted ? relative(counted) : 'not yet: a worker does it every few minutes'],
    ]),
    '',
    bold('People’s money'),
    ...bars(accounts(held), dollars),
    ...facts([['credits', credits.toLocaleString('en-US')]]),
    ...(Object.keys(platform).length > 0
      ? ['', bold('The market’s own accounts'), ...bars(accounts(platform), dollars)]
      : []),
    ...kinds
      .filter(([, states]) => states.length > 0)
      .flatMap(([kind, states]) => [
        '',
        bold(`${kind[0]!.toUpperCase()}${kind.slice(1)}`),
        ...bars(
          states.map(([state, n]) => [words(state), n]),
          (n) => n.toLocaleString('en-US'),
        ),
      ]),
    ...(empty.length > 0 ? ['', ...wrap(`None yet: ${empty.join(', ')}.`, columns()).map(dim)] : []),
  ]
}
