import { z } from 'zod'
import type { FaultKind, Faults } from '../state/faults.ts'

const word = z.string().min(1).max(200)

/** The parameters of every fault, with what they are when nothing is said. */
export const faultParams = {
  card_declined: z.strictObject({ decline_code: word.optional() }),
  rate_limit: z.strictObject({}),
  answer_lost: z.strictObject({ how: z.enum(['cut', 'error']).default('cut'), applied: z.boolean().default(true) }),
  slow: z.strictObject({ milliseconds: z.int().min(1).max(60_000) }),
  webhook_duplicate: z.strictObject({ copies: z.int().min(2).max(10).default(2) }),
  webhook_delay: z.strictObject({ seconds: z.int().min(1).max(10_000_000) }),
  webhook_missing: z.strictObject({}),
  webhook_reorder: z.strictObject({}),
  transfer_refused: z.strictObject({ code: word.default('balance_insufficient'), message: word.optional() }),
  reversal_refused: z.strictObject({}),
  refund_refused: z.strictObject({ message: word.optional() }),
  refund_pending: z.strictObject({}),
  refund_fails: z.strictObject({}),
} satisfies { readonly [K in FaultKind]: z.ZodType<Faults[K]> }

export type FaultInput<K extends FaultKind> = z.input<(typeof faultParams)[K]>

/** What the control door takes: which fault, how often, for whom; the rest are the fault's own parameters. */
export const faultOrder = z.looseObject({
  kind: z.enum(Object.keys(faultParams) as FaultKind[]),
  times: z.int().min(1).max(10_000).optional(),
  match: z.record(word, word).default({}),
})
