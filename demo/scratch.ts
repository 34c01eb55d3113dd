import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A temporary folder that bears our process id in its name, so that one left by a process that was killed is found and removed
 * by the next. Open to others, so that PostgreSQL started by root needs no right to pass closed folders.
 */
export function makeScratchFolder(name: string): string {
  for (const left of readdirSync(tmpdir())) {
    const owner = left.startsWith(`${name}-`) ? left.slice(name.length + 1).split('-')[0] : undefined
    if (owner && !existsSync(`/proc/${owner}`)) rmSync(join(tmpdir(), left), { recursive: true, force: true })
  }
  const folder = mkdtempSync(join(tmpdir(), `${name}-${process.pid}-`))
  chmodSync(folder, 0o755)
  return folder
}
