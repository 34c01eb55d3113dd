import type { z } from 'zod'
import type { Call } from '../state/call.ts'

/** Something that happens at Stripe's end without a call of ours: the bank, the cardholder or the worker acts. */
export interface Happening {
  readonly path: `/control/${string}`
  readonly input: z.ZodType
  readonly happen: (call: Call, given: never, id: string) => Promise<object>
}

/** Declares what may happen. */
export function happening<S extends z.ZodType>(
  path: Happening['path'],
  input: S,
  happen: (call: Call, given: z.output<S>, id: string) => Promise<object>,
): Happening {
  return { path, input, happen }
}
