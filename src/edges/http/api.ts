import { z } from 'zod'
import { contract, endpoint } from '../../base/endpoint.ts'

/** What the process itself answers: whether it lives, whether it is ready, and in test mode the clock. */
export const systemApi = contract(
  'system',
  {},
  {
    health: endpoint({
      route: 'GET /api/health',
      summary: 'Whether the service is up.',
      kind: 'read',
      access: 'public',
      input: z.strictObject({}),
      answers: {
        200: z.strictObject({
          ok: z.literal(true),
          service: z.literal('clawconnected'),
          name: z.literal('clawrk'),
          mode: z.enum(['test', 'live']),
        }),
      },
      refusals: [],
    }),
  },
)

export const clockApi = contract(
  'clock',
  {},
  {
    advance: endpoint({
      route: 'POST /api/test/clock',
      summary: 'Test mode only: move the market’s clock forward; due timers have fired when this answers.',
      kind: 'outside',
      access: 'public',
      input: z.strictObject({
        advance_seconds: z
          .int()
          .min(1)
          .max(10 * 366 * 86_400)
          .describe('How far; the clock never goes back.'),
      }),
      answers: { 200: z.strictObject({ now: z.string() }) },
      refusals: [],
      example: { input: { advance_seconds: 60 } },
    }),
  },
)
