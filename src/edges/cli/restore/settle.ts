import { statSync } from 'node:fs'
import { attachmentPath } from '../../../base/backup/attachments.ts'
import type { Database } from '../../../base/db.ts'
import { openSealer } from '../../../base/seal.ts'
import { type ErasedAgain, eraseAgain, stillThere } from '../../../core/accounts/erase-again.ts'
import { skipNumbers } from '../../../core/events/skip.ts'
import { listStored } from '../../../core/files/queries.ts'
import { archiveLaws } from '../../../core/ledger/archive-laws.ts'
import { type Breach, checkLaws, freezeLedger, laws } from '../../../core/ledger/laws.ts'
import { type ChainReport, verifyChain } from '../../../core/ledger/seal.ts'
import type { Comparison } from '../../../core/payments/books/compare.ts'
import { reconcile } from '../../../core/payments/books/reconcile.ts'
import { paymentLaws } from '../../../core/payments/laws.ts'
import { gigLaws } from '../../../desks/gigs/laws.ts'
import { jobArchiveLaws, jobLaws } from '../../../desks/jobs/laws.ts'
import { leavings } from '../../../market.ts'
import { findProvider } from '../machine/reconcile.ts'

export interface SettleOptions {
  /** Accounts that were deleted at any time. */
  readonly erasures: readonly string[]
  /** The market's secret; null: it is lost. */
  readonly secret: string | null
  /** Where attachments lie; null: not here. */
  readonly attachments: string | null
  /** `false` only looks, and changes nothing but the list of comparisons. */
  readonly finish: boolean
  readonly onProgress: (what: string) => void
}

/** What is known of a restored database, and what was done so that a market may go on with it. */
export interface Settled {
  readonly laws: number
  readonly breaches: readonly Breach[]
  readonly chain: ChainReport
  /** Accounts that had been deleted later and were there again. */
  readonly to_erase: readonly string[]
  readonly erased: readonly ErasedAgain[]
  readonly events_from: number | null
  readonly missing_attachments: readonly string[]
  readonly provider: Comparison | { readonly not_asked: string }
  /** Why money may not leave until an operator has looked; null: it may. */
  readonly frozen: string | null
}

const deskLaws = [...paymentLaws, ...jobLaws, ...gigLaws, ...archiveLaws, ...jobArchiveLaws]

/** Looks at a restored database, and with `finish` brings it to where a market may go on. */
export async function settle(db: Database, options: SettleOptions): Promise<Settled> {
  const { erasures, secret, attachments, finish, onProgress } = options
  onProgress('checking the laws')
  const before = await checkLaws(db, deskLaws)
  onProgress('checking the hash chain')
  const chain = await verifyChain(db)
  onProgress('deleting again')
  const due = await stillThere(db, erasures)
  const traces = secret === null ? null : openSealer(secret, 'deleted accounts')
  const erased = finish ? await eraseAgain(db, due, leavings, traces) : []
  const breaches = erased.length > 0 ? await checkLaws(db, deskLaws) : before
  const events = finish ? await skipNumbers(db) : null
  const missing = attachments === null ? [] : await missingAttachments(db, attachments)
  onProgress('asking the payment provider')
  const provider = await askProvider(db)
  const reason = whyFrozen(breaches, chain, provider)
  if (finish && reason !== null) await freezeLedger(db, reason)
  return {
    laws: laws.length + deskLaws.length,
    breaches,
    chain,
    to_erase: due,
    erased,
    events_from: events,
    missing_attachments: missing,
    provider,
    frozen: reason,
  }
}

/**
 * What left through the provider after that moment is not in the books any more, and would leave once more: so unless the provider
 * itself says that nothing did, somebody has to look first.
 */
function whyFrozen(breaches: readonly Breach[], chain: ChainReport, provider: Settled['provider']): string | null {
  const [breach] = breaches
  if (breach) return `${breach.law}: ${breach.where}, ${breach.detail}`
  if (chain.faults.length > 0) return chain.faults[0]!
  if ('not_asked' in provider) return 'restored, and not yet compared with the payment provider'
  const { length } = provider.differences
  if (length > 0)
    return `restored, and ${length} ${length === 1 ? 'line differs' : 'lines differ'} from the payment provider`
  return null
}

async function askProvider(db: Database): Promise<Settled['provider']> {
  try {
    return await reconcile(db, findProvider(), { days: null, graceSeconds: 0 })
  } catch (error) {
    return { not_asked: (error instanceof Error ? error.message : String(error)).split('\n')[0]! }
  }
}

/** Attachments that somebody may ask for, and whose bytes are not there as they should be. */
async function missingAttachments(db: Database, folder: string): Promise<string[]> {
  const rows = await listStored(db)
  return rows
    .filter(({ id, size }) => statSync(attachmentPath(folder, id), { throwIfNoEntry: false })?.size !== size)
    .map(({ id }) => id)
}
