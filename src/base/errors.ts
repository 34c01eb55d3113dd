/** The kinds of refusal and the status each has on the wire: the one table of it. */
export const statusOfKind = {
  invalid: 400,
  wrong_state: 400,
  unauthorized: 401,
  unpaid: 402,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  gone: 410,
  too_large: 413,
  unsupported: 415,
  mismatch: 422,
  slow_down: 429,
  unavailable: 503,
} as const

export type RefusalKind = keyof typeof statusOfKind

/** What may stand in an error body beside `error`, `code` and `request_id`. */
export interface RefusalDetail {
  readonly issues?: readonly { readonly path: string; readonly message: string }[]
  readonly retryable?: boolean
  readonly retry_after_seconds?: number
  readonly can?: readonly string[]
  readonly [key: string]: unknown
}

/**
 * A refusal is for the caller: a sentence to act on, a stable code and a kind that decides the status.
 * Everything else that is thrown is a bug of ours and becomes a 500.
 */
export class Refusal extends Error {
  readonly kind: RefusalKind
  readonly code: string
  readonly detail: RefusalDetail
  constructor(kind: RefusalKind, code: string, sentence: string, detail: RefusalDetail = {}) {
    super(sentence)
    this.name = 'Refusal'
    this.kind = kind
    this.code = code
    this.detail = detail
  }
  get status(): number {
    return statusOfKind[this.kind]
  }
}
