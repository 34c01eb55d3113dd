/** A way of taking work from asked to done, driven by a number of clients at once. */
export interface Variant {
  readonly name: string
  /** Processes beside the bench and the database. */
  readonly pids: readonly number[]
  /** One lifecycle of one client; notes the milliseconds of each request under its name. */
  once(client: number, note: (request: string, ms: number) => void): Promise<void>
  /** Resolves when everything that was begun has come to its end; answers how much that is, in all since the start. */
  settled(): Promise<number>
  /** What is wrong with the result, if anything. */
  faults(): Promise<string[]>
  close(): Promise<void>
}
