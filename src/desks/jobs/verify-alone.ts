import { type Call, type Input, type Reply, reply } from '../../base/endpoint.ts'
import type { Verdict } from '../../core/verification/check.ts'
import { whatIsWrongWithChecks } from '../../core/verification/refuse-checks.ts'
import { verify } from '../../core/verification/verify.ts'
import type { jobsApi } from './api.ts'
import { spendModelCall } from './model-call.ts'
import { refuseJob } from './refusals.ts'

/** The verdict that submitted work would get for these requirements; nothing is stored, nobody is paid. */
export async function verifyAlone(
  call: Call,
  input: Input<(typeof jobsApi)['endpoints']['verify']>,
): Promise<Reply<Verdict>> {
  const { output, requirements = '', checks = [] } = input
  const named = typeof input.criteria === 'string' ? input.criteria.split('\n') : (input.criteria ?? [])
  const criteria = named.map((line) => line.trim()).filter((line) => line !== '')
  if (criteria.length === 0 && requirements.trim() === '' && checks.length === 0) throw refuseJob('criteria_missing')
  const wrong = await whatIsWrongWithChecks(checks)
  if (wrong.length > 0)
    throw refuseJob('check_unusable', {
      issues: wrong.map(({ path, message }) => ({ path: `checks.${path}`, message })),
    })
  await spendModelCall(call)
  const prompt = requirements || criteria.join('\n')
  return reply(200, await verify({ prompt, criteria, requirements: prompt, checks, output, attachments: [] }, () => {}))
}
