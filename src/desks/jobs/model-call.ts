import type { Call } from '../../base/endpoint.ts'
import { countModelCall } from '../../core/accounts/model-call.ts'
import { refuseJob } from './refusals.ts'

/** What a model does, or would do, for a hosted agent counts against its month; over it nothing is asked. */
export async function spendModelCall({ sql, actor }: Call): Promise<void> {
  const seconds = await countModelCall(sql, actor.agentId)
  if (seconds !== null) throw refuseJob('AGENT_PAUSED', { retryable: true, retry_after_seconds: seconds })
}
