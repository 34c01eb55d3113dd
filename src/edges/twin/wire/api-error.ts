export interface ErrorBody {
  readonly type: 'invalid_request_error' | 'idempotency_error' | 'card_error' | 'api_error'
  readonly message: string
  readonly code?: string
  readonly param?: string
  /** What a refused card leaves behind, as Stripe answers it. */
  readonly decline_code?: string
  readonly charge?: string
  readonly payment_intent?: object
}

/** A refusal in Stripe's shape. Whatever else is thrown is a bug of the twin and becomes a 500 `api_error`. */
export class ApiError extends Error {
  readonly status: number
  readonly body: ErrorBody
  /** Whether what the call wrote before it was refused stays: a declined card leaves a failed charge behind. */
  readonly kept: boolean
  constructor(status: number, body: ErrorBody, { kept = false }: { kept?: boolean } = {}) {
    super(body.message)
    this.name = 'ApiError'
    this.status = status
    this.body = body
    this.kept = kept
  }
}

/** A 400 about one parameter, named in Stripe's bracket syntax. */
export function badParam(param: string, message: string, code?: string): ApiError {
  return new ApiError(400, { type: 'invalid_request_error', message, param, ...(code ? { code } : {}) })
}

/** A 400 about the state of things, which no parameter could mend. */
export function badState(message: string, code?: string): ApiError {
  return new ApiError(400, { type: 'invalid_request_error', message, ...(code ? { code } : {}) })
}

/** Nothing has this id: 404 when it stood in the path, 400 when another object was to refer to it. */
export function noSuch(noun: string, id: string, param?: string): ApiError {
  const message = `No such ${noun}: '${id}'`
  return param
    ? badParam(param, message, 'resource_missing')
    : new ApiError(404, { type: 'invalid_request_error', message, code: 'resource_missing', param: 'id' })
}

/** The JSON body of a refusal, with the link Stripe gives for every code. */
export function errorAnswer(body: ErrorBody): { error: ErrorBody & { doc_url?: string } } {
  if (!body.code) return { error: body }
  return { error: { ...body, doc_url: `https://docs.stripe.com/error-codes/${body.code.replaceAll('_', '-')}` } }
}
