import type pg from 'pg'

/** What Stripe keeps of a card payment and takes for a dispute. */
export interface Fees {
  /** Of the amount, in thousandths: 29 are 2.9 %. */
  readonly cardPermille: number
  readonly cardFixedCents: number
  readonly disputeCents: number
}

/** What every verb of the twin gets: the one transaction it works in, when it is, and who asked. */
export interface Call {
  readonly tx: pg.PoolClient
  /** Seconds since 1970 by the twin's clock. */
  readonly now: number
  /** Where hosted pages live, as the payer's browser sees them. */
  readonly pagesBase: string
  readonly fees: Fees
  /** The API request behind this; both parts are null when a page or the clock acts. */
  readonly request: { readonly id: string | null; readonly idempotency_key: string | null }
}

/** What a call knows before it has a transaction. */
export type CallOrigin = Pick<Call, 'pagesBase' | 'fees' | 'request'>

/** Who asks when nobody called the API: the payer on a page, or the clock. */
export const nobody: Call['request'] = { id: null, idempotency_key: null }

/** Runs `work` in one transaction: everything it wrote is kept when it returns, nothing when it throws. */
export async function inCall<T>(pool: pg.Pool, from: CallOrigin, work: (call: Call) => Promise<T>): Promise<T> {
  const tx = await pool.connect()
  let broken: Error | undefined
  try {
    await tx.query('begin')
    const clock = await tx.query<{ now: number }>('select floor(extract(epoch from stripe_twin.now()))::float8 as now')
    const { pagesBase, fees, request } = from
    const result = await work({ pagesBase, fees, request, tx, now: clock.rows[0]!.now })
    await tx.query('commit')
    return result
  } catch (error) {
    // A connection that cannot even roll back must not go back to the pool.
    await tx.query('rollback').catch((failure: Error) => {
      broken = failure
    })
    throw error
  } finally {
    tx.release(broken)
  }
}
