import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** The command lines of all processes that work below a folder, or that have it in their environment. */
export function processesOf(folder: string): string[] {
  const found: string[] = []
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      const belongs =
        readlinkSync(`/proc/${pid}/cwd`).startsWith(folder) ||
        readFileSync(`/proc/${pid}/environ`, 'utf8').includes(folder)
      if (belongs && command) found.push(`${pid} ${command}`)
    } catch {
      // Ended while we looked, or a zombie, or another user's.
    }
  }
  return found
}

/** Waits until `probe` gives something, and returns it; throws with `what` when it does not in time. */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  patienceMs = 45_000,
): Promise<NonNullable<Exclude<T, false>>> {
  const giveUpAt = Date.now() + patienceMs
  for (;;) {
    const found = await probe()
    if (found) return found as NonNullable<Exclude<T, false>>
    if (Date.now() > giveUpAt) throw new Error(`waited ${patienceMs / 1000} s in vain: ${what}`)
    await new Promise((done) => setTimeout(done, 20))
  }
}
