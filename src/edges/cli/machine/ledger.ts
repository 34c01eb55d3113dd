import type { Database } from '../../../base/db.ts'
import { archiveLaws } from '../../../core/ledger/archive-laws.ts'
import { checkLaws, readFreeze, unfreezeLedger } from '../../../core/ledger/laws.ts'
import { verifyChain } from '../../../core/ledger/seal.ts'
import { gigLaws } from '../../../desks/gigs/laws.ts'
import { jobArchiveLaws, jobLaws } from '../../../desks/jobs/laws.ts'
import { exits, refused } from '../exit.ts'
import { done, facts } from '../render/job.ts'
import { bold, dim, oneLine, paint } from '../render/text.ts'
import { relative } from '../render/time.ts'
import { onDatabase } from './doctor.ts'

/** Recomputes the chain and checks every law, in the database itself; exit code 1 on a fault. */
export const verifyBooks = (json: boolean): Promise<void> => onDatabase((db, name) => verify(db, name, json))

/** Lets money leave again, unless a law is still broken. */
export const unfreezeBooks = (json: boolean): Promise<void> => onDatabase((db) => unfreeze(db, json))

async function verify(db: Database, name: string, json: boolean): Promise<void> {
  const chain = await verifyChain(db)
  const breaches = await checkLaws(db, [...jobLaws, ...gigLaws, ...archiveLaws, ...jobArchiveLaws])
  const frozen = await readFreeze(db)
  const faults = [...chain.faults, ...breaches.map(({ law, where, detail }) => `${law}: ${where}, ${detail}`)]
  if (faults.length > 0) process.exitCode = exits.refused
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...chain, breaches, frozen })}\n`)
    return
  }
  const count = (n: number): string => n.toLocaleString('en-US')
  const lines = [
    `${bold('The chain over the ledger of')} ${name}`,
    ...facts([
      ['seals', count(chain.seals)],
      ['transfers', `${count(chain.transfers)} sealed`],
      ['unsealed', count(chain.unsealed)],
      ['head', chain.head],
      ['frozen', frozen && `${relative(frozen.since)}: ${oneLine(frozen.reason)}`],
    ]),
    '',
    ...faults.slice(0, 20).map((fault) => `  ${paint('red', '✖')} ${oneLine(fault)}`),
    ...(faults.length > 20 ? [dim(`  and ${faults.length - 20} more; --json lists them`)] : []),
    faults.length === 0
      ? paint('green', '✔ The chain is whole, and every law holds.')
      : paint('red', `✖ ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}.`),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

async function unfreeze(db: Database, json: boolean): Promise<void> {
  const frozen = await readFreeze(db)
  const [breach, ...others] = frozen ? await checkLaws(db, [...jobLaws, ...gigLaws]) : []
  if (breach) {
    throw refused(
      'law_broken',
      `${breach.law}: ${breach.where}, ${breach.detail}${others.length > 0 ? `, and ${others.length} more` : ''}. The market would freeze again.`,
      'clawrk ledger verify',
    )
  }
  const unfrozen = await unfreezeLedger(db)
  if (json) {
    process.stdout.write(`${JSON.stringify({ unfrozen, frozen })}\n`)
    return
  }
  const lines = unfrozen
    ? done('Money may leave again.', frozen && `it was frozen ${relative(frozen.since)}: ${oneLine(frozen.reason)}`)
    : done('The ledger was not frozen.')
  process.stdout.write(`${lines.join('\n')}\n`)
}
