import type { z } from 'zod'
import type { Answers, AnyEndpoint } from '../../base/endpoint.ts'
import { type Contracts, contracts } from './contracts.ts'
import { type EventsOptions, readEvents, type ServerEvent } from './events.ts'
import { type Connection, type SendOptions, send } from './send.ts'

// The door of the SDK (`clawrk/sdk`): nobody imports another file of it.
export { type Contracts, contracts } from './contracts.ts'
export { ClawrkError } from './error.ts'
export { type EventsOptions, readEvents, type ServerEvent } from './events.ts'
export { type Connection, type SendOptions, send } from './send.ts'
export { type Signed, verifyWebhook, WebhookError } from './webhook.ts'

type Fields<E extends AnyEndpoint> = z.input<E['input'] & z.ZodType>

type FileField<E extends AnyEndpoint> = E extends { readonly fileField: infer F extends string } ? F : 'file'

/** What a caller gives: defaults may be left out. An upload takes its file beside the other fields. */
export type Asked<E extends AnyEndpoint> = E['kind'] extends 'upload'
  ? // No fields at all are `Record<string, never>` in zod, to which nothing can be added.
    { readonly [F in FileField<E>]: Blob } & (string extends keyof Fields<E> ? unknown : Fields<E>)
  : Fields<E>

/** The body of one answer. A list carries the cursor of its next page, null on the last one; a file is a File. */
type BodyOf<A> = A extends z.ZodType
  ? z.output<A> extends readonly (infer Row)[]
    ? List<Row>
    : z.output<A>
  : A extends 'bytes'
    ? File
    : null

export type List<Row> = Row[] & { readonly next: string | null }

type ByStatus<A extends Answers> = { [S in keyof A]: { readonly status: S; readonly body: BodyOf<A[S]> } }[keyof A]

type OnlyOne<T, U = T> = T extends U ? ([U] extends [T] ? true : false) : never

/**
 * What a call resolves to: the body itself where the contract lists one answer; where it lists several (a quote, a job, an unpaid
 * job), `{ status, body }`, to be told apart by status.
 */
export type Answered<E extends AnyEndpoint> =
  OnlyOne<keyof E['answers']> extends true ? BodyOf<E['answers'][keyof E['answers']]> : ByStatus<E['answers']>

/** One endpoint as a function. Refusals are thrown as `ClawrkError`; a stream of events is read on across lost connections. */
export type Ask<E extends AnyEndpoint> = 'events' extends E['answers'][keyof E['answers']]
  ? (input: Asked<E>, options?: EventsOptions) => AsyncGenerator<ServerEvent, void, undefined>
  : Record<never, never> extends Asked<E>
    ? (input?: Asked<E>, options?: SendOptions) => Promise<Answered<E>>
    : (input: Asked<E>, options?: SendOptions) => Promise<Answered<E>>

type RoomOf<E extends Readonly<Record<string, AnyEndpoint>>> = { readonly [N in keyof E]: Ask<E[N]> }

/** Every endpoint of the market, by contract and name: `client.jobs.run({ prompt })`. */
export type Client = { readonly [C in keyof Contracts]: RoomOf<Contracts[C]['endpoints']> }

/** A typed client of a market, read off its contracts; runs in browsers and in Node. Nothing is sent before the first call. */
export function createClient(connection: Connection): Client {
  return Object.fromEntries(
    Object.entries(contracts).map(([name, contract]) => [
      name,
      Object.fromEntries(
        Object.entries(contract.endpoints as Readonly<Record<string, AnyEndpoint>>).map(([verb, endpoint]) => [
          verb,
          isStream(endpoint)
            ? (input?: Readonly<Record<string, unknown>>, options?: EventsOptions) =>
                readEvents(connection, endpoint, input, options)
            : (input?: Readonly<Record<string, unknown>>, options?: SendOptions) =>
                call(connection, endpoint, input, options),
        ]),
      ),
    ]),
  ) as unknown as Client
}

/** Whether an endpoint answers with a stream of events. */
export const isStream = (endpoint: AnyEndpoint): boolean => Object.values(endpoint.answers).includes('events')

async function call(
  connection: Connection,
  endpoint: AnyEndpoint,
  input: Readonly<Record<string, unknown>> | undefined,
  options: SendOptions | undefined,
): Promise<unknown> {
  const { status, body, next } = await send(connection, endpoint, input, options)
  if (Object.keys(endpoint.answers).length > 1) return { status, body }
  // Not enumerable, so that a list is still written as the bare array it is.
  return Array.isArray(body) ? Object.defineProperty(body, 'next', { value: next }) : body
}
