import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

export interface PidLock {
  /** Changes what somebody who is turned away gets to read. */
  note(text: string): void
  release(): void
}

/**
 * Takes a lock that is a file naming its owner, or returns what the living owner noted in it. A dead owner's lock is taken over.
 * `note` is for whoever is turned away.
 */
export function takePidLock(file: string, note: string): PidLock | { readonly pid: number; readonly note: string } {
  const mine = `${file}.${process.pid}`
  // A link appears with its content, so nobody reads a lock that is only half written.
  writeFileSync(mine, `${identify(process.pid)}\n${note}`)
  try {
    for (;;) {
      try {
        linkSync(mine, file)
        return {
          note(text) {
            writeFileSync(mine, `${identify(process.pid)}\n${text}`)
            renameSync(mine, file)
          },
          release: () => rmSync(file, { force: true }),
        }
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error
      }
      const owner = livingOwner(file)
      if (owner) return owner
    }
  } finally {
    rmSync(mine, { force: true })
  }
}

/** The owner, or null when there is none any more; a dead one's file is gone then. */
function livingOwner(file: string): { readonly pid: number; readonly note: string } | null {
  try {
    const text = readFileSync(file, 'utf8')
    const [identity = '', ...note] = text.split('\n')
    const pid = Number(identity.split(' ')[0])
    if (identify(pid) === identity) return { pid, note: note.join('\n') }
    const moved = `${file}.dead-${process.pid}`
    renameSync(file, moved)
    // Between reading and moving somebody else may have taken over: then what was moved is its lock, and goes back.
    if (readFileSync(moved, 'utf8') !== text) linkSync(moved, file)
    rmSync(moved)
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes(codeOf(error))) throw error
  }
  return null
}

/** A process, told from a later one with the same number by when it started. */
function identify(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' ? 'dead' : `${pid} ${rest[18]}`
  } catch {
    return 'dead'
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
