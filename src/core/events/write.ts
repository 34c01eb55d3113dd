/** An event as other rooms tell it inside their own statements: each part an SQL expression over the rows of `from`. */
export interface Telling {
  readonly name: string
  /** The thing it is about, `'job:' || id`. */
  readonly ref: string
  /** Whose affair it is; null for nobody. */
  readonly parties: readonly string[]
  readonly data: string
  readonly from: string
}

/** Writes an event for each row of `from`, as a row of the same transaction: the events room's one door for writing in a CTE. */
export const tell = ({ name, ref, parties, data, from }: Telling): string =>
  `insert into event (name, ref, parties, data, created_at)
  select ${name}, ${ref}, array_remove(array[${parties.join(', ')}], null), ${data}, app_now() from ${from}`
