import { randomUUIDv7 } from 'node:crypto'

/** Ids are plain UUIDv7: they sort roughly by time, and clients may treat them as opaque. */
export const newId = (): string => randomUUIDv7()
