import { parseArgs } from 'node:util'

export interface Options {
  readonly clients: readonly number[]
  /** Seconds of one round of one variant. */
  readonly seconds: number
  readonly rounds: number
  readonly warmUpSeconds: number
  readonly halfLoadSeconds: number
  /** Measures Idempotency-Keys at every number of clients, not only at 16. */
  readonly keys: boolean
  readonly json: boolean
  readonly quick: boolean
}

export const usage = `npm run bench:lifecycle -- [options]

  --quick            16 clients, two short rounds: about half a minute
  --clients 1,16,64  how many clients at once
  --seconds 3        of one round of one variant
  --rounds 3         variants take turns within a round
  --keys             with an Idempotency-Key on every request at every number of clients (else at 16 only)
  --json             machine-readable, on stdout
`

export function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      clients: { type: 'string' },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      keys: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const { quick } = values
  if (values.help) return null
  const clients = (values.clients ?? (quick ? '16' : '1,16,64')).split(',').map(Number)
  const seconds = Number(values.seconds ?? (quick ? 1.5 : 3))
  const rounds = Number(values.rounds ?? (quick ? 2 : 3))
  if (!clients.every((count) => count >= 1 && count <= 64) || !(seconds > 0) || !(rounds >= 1)) return null
  return {
    clients,
    seconds,
    rounds,
    // Node goes on optimising for some ten seconds, in which a lifecycle costs it up to half as much again.
    warmUpSeconds: quick ? 1.5 : 12,
    halfLoadSeconds: quick ? 3 : 6,
    keys: values.keys,
    json: values.json,
    quick,
  }
}
