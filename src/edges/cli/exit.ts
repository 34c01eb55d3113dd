/** What the command ends with, by class of outcome: scripts may rely on it. */
export const exits = { ok: 0, refused: 1, usage: 2, notSignedIn: 3, unreachable: 4, workFailed: 5 } as const

export type ExitCode = (typeof exits)[keyof typeof exits]

/** Something the person has to know before this can work, found on this side: a sentence, and what to do next. */
export class Complaint extends Error {
  readonly exit: ExitCode
  readonly code: string
  readonly next: readonly string[]

  constructor(exit: ExitCode, code: string, sentence: string, next: readonly string[] = []) {
    super(sentence)
    this.name = 'Complaint'
    this.exit = exit
    this.code = code
    this.next = next
  }
}

/** A command that was given wrongly. */
export function misused(sentence: string, ...next: string[]): Complaint {
  return new Complaint(exits.usage, 'usage', sentence, next)
}

/** A command that was given rightly and cannot be done as things stand. */
export function refused(code: string, sentence: string, ...next: string[]): Complaint {
  return new Complaint(exits.refused, code, sentence, next)
}
