/** A fee as percent of a price plus a fixed part. The sum itself is made in one place, `ledger_fee` of the ledger room. */
export interface Fee {
  readonly percent: number
  readonly fixedCents: number
}

/** `$12.50`, for people. */
export function dollars(amount: number): string {
  return (amount / 100).toLocaleString('en-US', { style: 'currency', currency: 'USD' })
}
