import type { FaultInput } from '../../src/edges/twin/control/fault-order.ts'
import type { Fault, FaultKind } from '../../src/edges/twin/state/faults.ts'

/** How often a fault strikes (once unless said) and whom: every pair must be so of the call, card, account or event. */
export interface Aim {
  readonly times?: number
  readonly match?: Readonly<Record<string, string>>
}

/** The twin's control door, for tests: what goes wrong, what happens, and what time it is. */
export interface Controls {
  /** Injects a fault: `fault('card_declined', { decline_code: 'insufficient_funds' }, { times: 2 })`. */
  fault<K extends FaultKind>(kind: K, params?: FaultInput<K>, aim?: Aim): Promise<Fault>
  /** The faults that have not struck as often as they should. */
  faults(): Promise<Fault[]>
  /** Ends all faults; webhooks held back for reordering leave. */
  clear(): Promise<void>
  /** Moves the twin's clock alone; the market's own test clock moves it too. */
  advance(seconds: number): Promise<void>
}

/** The control door of a twin at this address. */
export function controls(twinUrl: string): Controls {
  const ask = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const answer = await fetch(new URL(`/control/${path}`, twinUrl), {
      method,
      headers: { authorization: 'Bearer sk_test_controls', 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    if (!answer.ok) throw new Error(`the control door refused ${path}: ${await answer.text()}`)
    return (await answer.json()) as T
  }
  return {
    fault: (kind, params = {} as never, aim = {}) => ask('POST', 'faults', { kind, ...params, ...aim }),
    faults: () => ask('GET', 'faults'),
    async clear() {
      await ask('DELETE', 'faults')
    },
    async advance(seconds) {
      await ask('POST', 'clock', { advance_seconds: seconds })
    },
  }
}
