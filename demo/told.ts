export const victims = ['api', 'worker', 'postgres'] as const
export type Victim = (typeof victims)[number]

/** What the people of the demo saw; counted by them, so that it can be held against what the database says. */
export interface Told {
  posted: number
  unpaidAtFirst: number
  cancelsAsked: number
  toppedUp: number
  /** Holds given by pull, with their scores. */
  holds: number
  scores: number[]
  /** A few matches in words. */
  examples: string[]
  accepted: number
  submitted: number
  lateRefused: number
  lapsedRefused: number
  /** How often each was killed, how often while somebody had a job in hands, and how long the market was away at most. */
  kills: Record<Victim, number>
  killsInWork: number
  longestAwayMs: number
  note(line: string): void
}

export const newTold = (note: (line: string) => void): Told => ({
  posted: 0,
  unpaidAtFirst: 0,
  cancelsAsked: 0,
  toppedUp: 0,
  holds: 0,
  scores: [],
  examples: [],
  accepted: 0,
  submitted: 0,
  lateRefused: 0,
  lapsedRefused: 0,
  kills: { api: 0, worker: 0, postgres: 0 },
  killsInWork: 0,
  longestAwayMs: 0,
  note,
})

export const killsIn = ({ kills }: Told): number => victims.reduce((sum, victim) => sum + kills[victim], 0)
