/** What stands in an error's body beside its sentence, code and request id. */
export interface ErrorDetail {
  readonly issues?: readonly { readonly path: string; readonly message: string }[]
  readonly retryable?: boolean
  readonly retry_after_seconds?: number
  readonly can?: readonly string[]
  readonly topup_url?: string
  readonly [field: string]: unknown
}

/** A request that the market refused (its status is 400 or more), or that reached no market at all (its status is 0). */
export class ClawrkError extends Error {
  readonly status: number
  /** Stable, for programs: `job_taken`. Of our own making: `unreachable`, and `unexpected_answer` when no market spoke. */
  readonly code: string
  readonly requestId: string | null
  readonly detail: ErrorDetail

  constructor(status: number, code: string, sentence: string, more: ErrorMore = {}) {
    super(sentence, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'ClawrkError'
    this.status = status
    this.code = code
    this.requestId = more.requestId ?? null
    this.detail = more.detail ?? {}
  }
}

interface ErrorMore {
  readonly requestId?: string | null
  readonly detail?: ErrorDetail
  readonly cause?: unknown
}

/** The error an answer stands for: the market's own words where it has any. */
export function errorFrom(status: number, body: unknown, origin: string): ClawrkError {
  if (typeof body === 'object' && body !== null && 'error' in body && 'code' in body) {
    const { error, code, request_id: requestId, ...detail } = body as Record<string, unknown>
    return new ClawrkError(status, String(code), String(error), {
      requestId: typeof requestId === 'string' ? requestId : null,
      detail,
    })
  }
  return new ClawrkError(status, 'unexpected_answer', `${origin} answered ${status}, and not as a market does.`)
}
