import { z } from 'zod'

/** An exact amount in cents: a safe integer in TypeScript and in JSON, a bigint column in SQL. */
export const Cents = z.int().nonnegative().brand('Cents')
export type Cents = z.infer<typeof Cents>

export const cents = (amount: number): Cents => Cents.parse(amount)

/** A fee as percent of a price plus a fixed part. The sum itself is made in one place, `ledger_fee` of the ledger room. */
export interface Fee {
  readonly percent: number
  readonly fixedCents: number
}

/** `$12.50`, for people. */
export function dollars(amount: number): string {
  return (amount / 100).toLocaleString('en-US', { style: 'currency', currency: 'USD' })
}
