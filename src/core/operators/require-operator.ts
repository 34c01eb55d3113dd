import type { Call } from '../../base/endpoint.ts'
import { refuseAtEdge } from '../../base/refusals.ts'

/**
 * Lets operators pass; for everybody else there is nothing at this address (404). An endpoint with `access: 'operator'` has been
 * through it before its input was read; a verb of another endpoint asks it itself. Believed as long as the credential is (4 s).
 */
export function requireOperator({ actor }: Pick<Call, 'actor'>): void {
  if (!actor.operator) throw refuseAtEdge('not_found')
}
