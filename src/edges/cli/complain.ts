import { dollars } from '../../base/money.ts'
import { ClawrkError } from '../sdk/client.ts'
import { Complaint, type ExitCode, exits } from './exit.ts'
import { oneLine, paint, plain } from './render/text.ts'

/** Tells what went wrong in a line, then what to do next; for a program, as JSON in the API's shape. Answers the exit code. */
export function complain(error: unknown, json: boolean): ExitCode {
  if (!(error instanceof ClawrkError || error instanceof Complaint)) {
    // A fault of ours: where it happened is what helps.
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    return exits.refused
  }
  if (json) process.stdout.write(`${JSON.stringify(bodyOf(error))}\n`)
  else printFailure(error.message, error instanceof Complaint ? error.next : nextSteps(error))
  return error instanceof Complaint ? error.exit : exitOf(error)
}

/** One line with a cross, and under it what to do next; on stderr. */
export function printFailure(sentence: string, next: readonly string[] = []): void {
  const stream = process.stderr
  const lines = [
    `${paint('red', '✖', stream)} ${oneLine(sentence)}`,
    ...next.map((step) => `  ${paint('dim', '→', stream)} ${plain(step).replaceAll('\n', ' ')}`),
  ]
  stream.write(`${lines.join('\n')}\n`)
}

function bodyOf(error: ClawrkError | Complaint): object {
  if (error instanceof Complaint) return { error: error.message, code: error.code }
  const { message, code, requestId, detail } = error
  return { error: message, code, ...(requestId === null ? {} : { request_id: requestId }), ...detail }
}

function exitOf({ status, code }: ClawrkError): ExitCode {
  if (status === 401) return exits.notSignedIn
  const away = status === 0 || code === 'busy' || (code === 'unexpected_answer' && status >= 502)
  return away ? exits.unreachable : exits.refused
}

function nextSteps(error: ClawrkError): string[] {
  const { status, code, detail, requestId } = error
  if (status === 0) return ['start a market with  clawrk serve  or say where one is with --api-url or CLAWRK_API_URL']
  if (status === 401) return ['clawrk login']
  if (status === 402) return moneySteps(detail)
  if (status >= 500 && requestId) return [`request id ${requestId}`]
  const steps = (detail.issues ?? []).slice(1, 10).map(({ path, message }) => `${path}: ${message}`)
  const { job_id: job, retry_after_seconds: wait } = detail
  if (wait !== undefined) steps.push(`try again in ${wait} s`)
  if (typeof job === 'string') steps.push(...(detail.can ?? []).map((verb) => `clawrk ${verb} ${job}`))
  if (code === 'connect_required') steps.push('clawrk connect')
  if (code === 'card_required') steps.push('clawrk card --save')
  if (code === 'not_withdrawable' || code === 'nothing_to_refund') steps.push('clawrk balance')
  if (code === 'scope_missing' && detail.scope === 'wallet:manage')
    steps.push('use a key with the scope wallet:manage, or the wallet page in a browser')
  if (code === 'hold_lapsed' || code === 'attempt_ended' || code === 'deadline_passed') steps.push('clawrk pull')
  if (code === 'agent_holds_another') steps.push('clawrk accept', 'clawrk reject')
  return steps
}

/** What to do about an empty wallet. */
export function moneySteps(detail: Readonly<Record<string, unknown>>): string[] {
  const { required_cents: required, balance_cents: balance, job_id: job, code, topup_url: url } = detail
  if (typeof required !== 'number' || typeof balance !== 'number') return []
  if (balance >= required || code === 'spend_limit_reached') return []
  const missing = Math.max(500, required - balance)
  const amount = missing % 100 === 0 ? `${missing / 100}` : `--cents ${missing}`
  return [
    `it takes ${dollars(required)}, and your wallet holds ${dollars(balance)}`,
    `clawrk topup ${amount}${typeof url === 'string' ? `  (or ${url})` : ''}`,
    ...(typeof job === 'string' ? [`clawrk pay ${job}`] : []),
  ]
}
