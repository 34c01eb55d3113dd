import type { z } from 'zod'
import type { Sql } from './db.ts'
import type { Refusal } from './errors.ts'
import type { RefusalTable } from './refusals.ts'
import type { Remember } from './statement.ts'

/**
 * How an endpoint touches the database, and so how its answer is made repeatable:
 * - `read`: no change.
 * - `statement`: the hot path, one guarded statement in one round trip; the idempotency row is written by that statement.
 * - `transaction`: several statements in one transaction of the edge; the idempotency row is part of it.
 * - `outside`: an intent row is committed, then a provider or model is called, then the result is booked.
 * - `upload`: like `outside`, and the body is one multipart file that the verb reads as a stream.
 */
export type Kind = 'read' | 'statement' | 'transaction' | 'outside' | 'upload'

/**
 * Who may knock: anybody, any credential, a browser session only, an API key only, an outside scheduler with CRON_SECRET, or any
 * credential of an operator; to everybody else an operator's endpoint is no address at all.
 */
export type Access = 'public' | 'caller' | 'session' | 'key' | 'cron' | 'operator'

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** One endpoint, written once, as data. HTTP, OpenAPI, SDK, CLI and MCP are read off it. */
export interface Endpoint<I extends z.ZodObject = z.ZodObject, A extends Answers = Answers, K extends Kind = Kind> {
  readonly route: `${Method} /${string}`
  readonly summary: string
  readonly description?: string
  readonly kind: K
  readonly access: Access
  readonly scope?: string
  /** It moves money or takes on something new: refused to whoever is suspended. Finishing what is under way never is. */
  readonly suspendable?: true
  /**
   * Its answer may be as old as `DATABASE_READ_LAG_MS` allows, so it may be read from a replica. Only for reads that are the same for
   * everybody: nobody looks there for what they have just done themselves.
   */
  readonly mayLag?: true
  /** One flat object: path parameters, then query (GET) or body fields. */
  readonly input: I
  /** Every lasting answer by its status. `nothing` stands for an answer without a body. */
  readonly answers: A
  readonly refusals: readonly string[]
  /** The multipart field that holds the file of an `upload`; `file` without it. */
  readonly fileField?: string
  /** The largest body it takes, in bytes; 1 MB without it. */
  readonly bodyLimit?: number
  /** Fields of the answer that are shown once: kept sealed, never in clear, and shown again for 60 s to the same request. */
  readonly secrets?: readonly string[]
  /**
   * An Idempotency-Key is taken and nothing is kept of it: the answer is a secret that the request proves no right to, and asking
   * again does no harm.
   */
  readonly forgotten?: true
  readonly example?: { readonly input?: z.input<I>; readonly output?: unknown }
}

/** `bytes`: a file; `events`: a server-sent event stream. Both are streams in the reply. */
export type Answers = Readonly<Record<number, z.ZodType | 'nothing' | 'bytes' | 'events'>>

/** Keeps the exact types of an endpoint's definition. Its example is checked against its schemas by the law tests. */
export function endpoint<const D extends AnyEndpoint>(definition: D): D {
  return definition
}

// biome-ignore lint/suspicious/noExplicitAny: a contract holds endpoints of every shape; each verb gets its exact types from `Input` and `Verb`.
export type AnyEndpoint = Endpoint<any, any, any>

/** The endpoints of one room, with the refusals they may answer. Pure data: SDK, CLI and web import it. */
export interface Contract<E extends Readonly<Record<string, AnyEndpoint>> = Readonly<Record<string, AnyEndpoint>>> {
  readonly name: string
  readonly refusals: RefusalTable
  readonly endpoints: E
}

export function contract<const E extends Readonly<Record<string, AnyEndpoint>>>(
  name: string,
  refusals: RefusalTable,
  endpoints: E,
): Contract<E> {
  return { name, refusals, endpoints }
}

export type Input<E extends AnyEndpoint> = z.output<E['input'] & z.ZodType>

/** The body types of an endpoint's answers, as a verb makes them. */
export type Body<E extends AnyEndpoint> = {
  [S in keyof E['answers']]: E['answers'][S] extends z.ZodType
    ? z.input<E['answers'][S]>
    : E['answers'][S] extends 'nothing'
      ? null
      : AsyncIterable<Uint8Array | string>
}[keyof E['answers']]

/** The body types of an endpoint's answers, as a client reads them. */
export type Output<E extends AnyEndpoint> = {
  [S in keyof E['answers']]: E['answers'][S] extends z.ZodType ? z.output<E['answers'][S]> : null
}[keyof E['answers']]

/** Who is calling. Built by the accounts room, carried by every call, never ambient. */
export interface Actor {
  readonly kind: 'anonymous' | 'key' | 'session'
  readonly userId: string
  /** The key's lineage (it survives rotation) or `session:<user>`: the name spending and idempotency are booked under. */
  readonly lineage: string
  readonly keyId: string | null
  readonly sessionId: string | null
  readonly scopes: ReadonlySet<string>
  /** The one agent this key may act as, if it is bound to one. */
  readonly agentId: string | null
  readonly spendLimitCents: number | null
  /** Starts nothing new with money or work until an operator restores them. */
  readonly suspended: boolean
  /** Runs this market: was granted it on the machine, or has a verified address in OPERATOR_EMAILS. */
  readonly operator: boolean
}

/** Given to every verb: who asks, on what connection or transaction, and under which idempotency key. */
export interface Call {
  readonly actor: Actor
  readonly sql: Sql
  readonly remember: Remember | null
  readonly requestId: string
  /** The file of an `upload`; null when the body has none. */
  readonly upload?: () => Promise<Upload | null>
  /** Header of a stream that goes on where another broke off. */
  readonly lastEventId?: string
  /** This is the answer to a repeated request, and the minute is over in which its secrets may be shown again. */
  readonly secretsShown?: boolean
  /** What this browser was given when it set out to sign in elsewhere. */
  readonly setOutWith?: string
  /** Counts a new account against its address; throws `rate_limited` when there are too many. Never within a transaction. */
  readonly countSignUp?: () => Promise<void>
  /** Aborts when whoever asked has gone. */
  readonly gone?: () => AbortSignal
  /** For what lasts: whether the credential it was begun with is still good; `anew`: as the database has it now. */
  readonly stillWelcome?: (anew?: boolean) => Promise<boolean>
  /** Tells background work that there is some, once this call has committed; only saves it the wait for its next poll. */
  readonly wake: (work: string) => void
}

/** A file as it comes in. */
export interface Upload {
  readonly field: string
  readonly name: string
  readonly contentType: string
  readonly bytes: AsyncIterable<Uint8Array>
}

/** What a verb answers with when it is not the endpoint's only status. */
export interface Reply<B = unknown> {
  readonly status: number
  readonly body: B
  /** Sent with this answer and not with its replays (cookies, links). */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
}

export type VerbOf<E extends AnyEndpoint> = (call: Call, input: Input<E>) => Promise<Reply<Body<E>>>

/**
 * A verb on the hot path: `act` is one statement that answers a row (none: nothing was changed), `show` renders the answer
 * from that row. A replay renders the stored row again, so both answers have the same bytes.
 */
export interface StatementVerb<E extends AnyEndpoint, R = unknown> {
  readonly act: (call: Call, input: Input<E>) => Promise<R | null>
  readonly show: (call: Call, row: R | null) => Reply<Body<E>> | Promise<Reply<Body<E>>>
}

// biome-ignore lint/suspicious/noExplicitAny: the row's type is the verb's own business.
export type Verb<E extends AnyEndpoint> = E['kind'] extends 'statement' ? StatementVerb<E, any> : VerbOf<E>

export interface Room<C extends Contract = Contract> {
  readonly contract: C
  readonly verbs: { readonly [N in keyof C['endpoints']]: Verb<C['endpoints'][N]> }
}

/** Ties a contract to its verbs: a missing, misspelt or ill-typed verb does not compile. */
export function room<C extends Contract>(of: C, verbs: Room<C>['verbs']): Room<C> {
  return { contract: of, verbs }
}

export const reply = <B>(status: number, body: B, headers?: Reply['headers']): Reply<B> =>
  headers ? { status, body, headers } : { status, body }

export const isRefusal = (error: unknown): error is Refusal => error instanceof Error && error.name === 'Refusal'
