import type { Recovered } from '../../../base/backup/recover.ts'
import { bold, dim, oneLine, paint } from '../render/text.ts'
import type { Settled } from './settle.ts'

const good = (text: string): string => `  ${paint('green', '✔')} ${text}`
const bad = (text: string): string => `  ${paint('red', '✖')} ${text}`
const note = (text: string): string => `  ${paint('yellow', '!')} ${text}`
const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`

/** To which moment a database came back. */
export function recoveredLines({ manifest, segments, last_commit: last, stopped_before: stop }: Recovered): string[] {
  return [
    good(`from the backup ${manifest.id} and ${count(segments, 'segment')} of log`),
    good(
      last === null
        ? 'nothing was committed after the backup'
        : `the last transaction that is there was committed at ${last}`,
    ),
    stop === null ? good('all of the log was replayed') : good(`stopped before ${stop}`),
  ]
}

/** What was found in a restored database, and what was done about it. */
export function settledLines(settled: Settled, finished: boolean): string[] {
  const { breaches, chain, to_erase: due, erased, missing_attachments: missing, provider, frozen } = settled
  const faults = [...breaches.map(({ law, where, detail }) => `${law}: ${where}, ${detail}`), ...chain.faults]
  return [
    breaches.length === 0
      ? good(`all ${settled.laws} laws of money hold`)
      : bad(`${count(breaches.length, 'place breaks', 'places break')} a law of money`),
    chain.faults.length === 0
      ? good(`the hash chain over ${count(chain.transfers, 'transfer')} is whole`)
      : bad('the hash chain is broken'),
    ...faults.slice(0, 5).map((fault) => dim(`      ${oneLine(fault)}`)),
    ...erasureLines(due.length, erased, finished),
    ...(settled.events_from === null
      ? []
      : [good(`events go on with number ${settled.events_from + 1}, behind all that were ever given`)]),
    missing.length === 0
      ? good('every attachment is there')
      : bad(
          `${count(missing.length, 'attachment is', 'attachments are')} not there: ${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ', …' : ''}`,
        ),
    ...providerLines(provider),
    ...(frozen === null
      ? []
      : [
          note(
            `money may not leave${finished ? '' : ' (with --finish)'} until an operator has looked: ${oneLine(frozen)}`,
          ),
        ]),
  ]
}

function erasureLines(due: number, erased: Settled['erased'], finished: boolean): string[] {
  if (due === 0) return [good('nobody is there who was deleted later')]
  if (!finished)
    return [bad(`${count(due, 'account is', 'accounts are')} there that had been deleted: --finish deletes them again`)]
  const inFlight = erased.filter(({ affairs }) => affairs.length > 0)
  return [
    good(`${count(erased.length, 'account')} deleted again`),
    ...inFlight
      .slice(0, 5)
      .map(({ user_id: user, affairs }) =>
        dim(`      ${user} had ${count(affairs.length, 'affair')} in flight, which run to their end without a name`),
      ),
  ]
}

function providerLines(provider: Settled['provider']): string[] {
  if ('not_asked' in provider) return [note(`the payment provider was not asked: ${oneLine(provider.not_asked)}`)]
  const { differences, matched } = provider
  if (differences.length === 0) return [good(`the payment provider agrees to the cent, in ${count(matched, 'line')}`)]
  return [
    note(
      `${count(differences.length, 'line')} of the payment provider ${differences.length === 1 ? 'differs' : 'differ'} from the books as they are now:`,
    ),
    ...differences.slice(0, 5).map(({ sentence }) => dim(`      ${oneLine(sentence)}`)),
    ...(differences.length > 5 ? [dim(`      and ${differences.length - 5} more; --json lists them`)] : []),
  ]
}

/** What is left to do, in the order in which to do it. */
export function nextLines(into: string, switched: string | null, settled: Settled): string[] {
  return [
    '',
    bold('What is next'),
    ...(switched === null
      ? [
          `  → look at it:      CLAWRK_DATA_DIR=${into} clawrk doctor`,
          '  → stop the market, and start it there:',
          `                     CLAWRK_DATA_DIR=${into} npm start`,
        ]
      : [`  → npm start        what was there before lies in ${switched}`]),
    ...(settled.frozen === null
      ? []
      : ['  → clawrk reconcile', '  → clawrk ledger unfreeze   once every difference is explained']),
    dim(
      '  Keys and sessions that were ended after that moment work again; docs/operating/backups.md lists what else to think of.',
    ),
  ]
}
