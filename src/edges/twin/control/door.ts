import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { authenticate } from '../api.ts'
import { inCall, nobody } from '../state/call.ts'
import { addFault, clearFaults, listFaults } from '../state/faults.ts'
import type { Twin } from '../twin.ts'
import { badState } from '../wire/api-error.ts'
import { faultOrder, faultParams } from './fault-order.ts'
import { happenings } from './happenings.ts'

/**
 * Serves the control door under /control, by which tests and operators make things go wrong or happen. Only the twin has it,
 * the market's own address does not lead here, and like the API it wants a test key. It speaks JSON.
 */
export function serveControls(app: FastifyInstance, twin: Twin): void {
  app.register(async (door) => {
    door.addHook('onRequest', async (request) => authenticate(request))

    door.post('/control/faults', async (request) => {
      const { kind, times, match, ...given } = read(faultOrder, request)
      const params = judge(faultParams[kind], given)
      return addFault(twin.pool, { kind, times: times ?? (kind === 'webhook_reorder' ? 2 : 1), match, params })
    })
    door.get('/control/faults', async () => listFaults(twin.pool))
    door.delete('/control/faults', async () => {
      await clearFaults(twin.pool)
      twin.wake()
      return []
    })

    door.post('/control/clock', async (request) => {
      const { advance_seconds } = read(z.strictObject({ advance_seconds: z.int().min(0).max(200_000_000) }), request)
      const sql = `update stripe_twin.clock set ahead = ahead + make_interval(secs => $1) returning stripe_twin.now() as now`
      const { rows } = await twin.pool.query<{ now: Date }>(sql, [advance_seconds])
      twin.wake()
      return { now: rows[0]!.now.toISOString() }
    })

    for (const { path, input, happen } of happenings) {
      door.post<{ Params: { id?: string } }>(path, async (request) => {
        const given = read(input, request)
        const object = await inCall(twin.pool, { ...twin, request: nobody }, (call) =>
          happen(call, given as never, request.params.id ?? ''),
        )
        twin.wake()
        return object
      })
    }
  })
}

function read<S extends z.ZodType>(schema: S, request: FastifyRequest): z.output<S> {
  const text = typeof request.body === 'string' && request.body.trim() !== '' ? request.body : '{}'
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    throw badState('The control door takes JSON, and this is not.')
  }
  return judge(schema, given)
}

function judge<S extends z.ZodType>(schema: S, given: unknown): z.output<S> {
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const { path, message } = result.error.issues[0]!
  throw badState(`The control door does not take this: ${path.length > 0 ? `${path.join('.')}: ` : ''}${message}`)
}
