import { resolve } from 'node:path'
import type Stripe from 'stripe'
import { ConfigError, readConfig } from '../../../base/config.ts'
import type { Database } from '../../../base/db.ts'
import type { Comparison } from '../../../core/payments/books/compare.ts'
import { reconcile } from '../../../core/payments/books/reconcile.ts'
import { retryGivenUp } from '../../../core/payments/inbox.ts'
import { openStripe, wordsOf } from '../../../core/payments/stripe.ts'
import { knownTwinPort } from '../../supervisor/twin-address.ts'
import { exits, refused } from '../exit.ts'
import { facts } from '../render/job.ts'
import { bold, dim, oneLine, paint } from '../render/text.ts'
import { onDatabase } from './doctor.ts'

export interface ReconcileOptions {
  readonly days?: number
  readonly grace: number
  readonly retry?: boolean
}

/** Compares the ledger with the payment provider line by line; exit code 1 on a difference. */
export const reconcileBooks = (options: ReconcileOptions, json: boolean): Promise<void> =>
  onDatabase((db, name) => run(db, name, options, json))

async function run(db: Database, name: string, { days, grace, retry }: ReconcileOptions, json: boolean): Promise<void> {
  const stripe = findProvider()
  const retried = retry ? await retryGivenUp(db) : null
  let comparison: Comparison
  try {
    comparison = await reconcile(db, stripe, { days: days ?? null, graceSeconds: grace * 60 })
  } catch (error) {
    if (!(error instanceof Error && 'rawType' in error)) throw error
    throw refused('provider_unreachable', `The payment provider could not be asked: ${wordsOf(error)}`, 'clawrk doctor')
  }
  const { matched, in_flight: inFlight, differences } = comparison
  if (differences.length > 0) process.exitCode = exits.refused
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...comparison, ...(retried === null ? {} : { retried }) })}\n`)
    return
  }
  const lines = [
    `${bold('The ledger beside the payment provider:')} ${name}`,
    ...facts([
      ['matched', `${matched.toLocaleString('en-US')} lines`],
      ['in flight', inFlight > 0 && `${inFlight}, not older than ${grace} minutes`],
      ['retried', retried !== null && `${retried} events that had been given up; a running market works on them`],
    ]),
    '',
    ...differences.slice(0, 50).map(({ sentence }) => `  ${paint('red', '✖')} ${oneLine(sentence)}`),
    ...(differences.length > 50 ? [dim(`  and ${differences.length - 50} more; --json lists them`)] : []),
    differences.length === 0
      ? paint('green', '✔ They agree to the cent.')
      : paint('red', `✖ ${differences.length} ${differences.length === 1 ? 'difference' : 'differences'}.`),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** The provider of the market on this machine. */
export function findProvider(): Stripe {
  try {
    const config = readConfig({ ...process.env, ALLOW_RULES_ONLY: '1' })
    const port = knownTwinPort(resolve(config.dataDir))
    const apiBase = config.stripe.apiBase ?? (config.stripe.secretKey || !port ? null : `http://127.0.0.1:${port}`)
    if (!config.stripe.secretKey && !apiBase)
      throw refused('no_provider', 'There is neither a Stripe key nor a twin to ask.', 'clawrk serve')
    return openStripe({ stripe: { ...config.stripe, apiBase } })
  } catch (error) {
    if (error instanceof ConfigError) throw refused('configuration', error.message)
    throw error
  }
}
