import type { Happening } from './happening.ts'

/** All that can be made to happen. */
export const happenings: readonly Happening[] = []
