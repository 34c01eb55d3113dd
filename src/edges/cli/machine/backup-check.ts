import { chainOf, faultsOfAttachments, faultsOfBackup, faultsOfSegments } from '../../../base/backup/check.ts'
import { findBackups, type Manifest } from '../../../base/backup/manifest.ts'
import { readArchiver } from '../archiver.ts'
import { backupFolder } from '../backups.ts'
import { exits, refused } from '../exit.ts'
import { startSteps } from '../render/progress.ts'
import { bold, dim, paint } from '../render/text.ts'
import { relative } from '../render/time.ts'

interface Window {
  readonly line: string | null
  readonly from: string
  to: string
}

/** Reads backups and the log behind them again. */
export async function checkBackups(
  from: string | undefined,
  id: string | undefined,
  all: boolean,
  json: boolean,
): Promise<void> {
  const folder = backupFolder(from, '--from')
  const found = findBackups(folder)
  const good = found.flatMap(({ manifest }) => (manifest ? [manifest] : []))
  const chosen = id !== undefined ? good.filter((one) => one.id === id) : all ? good : good.slice(-1)
  if (chosen.length === 0) {
    const bad = found.findLast((one) => id === undefined || one.id === id)
    throw refused(
      'no_backups',
      bad?.fault ?? `There is no backup ${id ?? ''} in ${folder}.`.replace('  ', ' '),
      'clawrk backup',
    )
  }
  const steps = startSteps()
  const faults = found.flatMap(({ fault, id: name }) => (fault !== null && (all || name === id) ? [fault] : []))
  const read = new Set<string>()
  for (const manifest of chosen) {
    faults.push(...(await faultsOfBackup(folder, manifest, steps.at)))
    const chain = chainOf(folder, manifest)
    const fresh = (chain?.segments ?? []).filter((segment) => !read.has(`${manifest.line} ${segment}`))
    faults.push(...(await faultsOfSegments(folder, manifest, fresh, steps.at)))
    for (const segment of fresh) read.add(`${manifest.line} ${segment}`)
    if (chain?.missing) faults.push(`the log behind ${manifest.id} has a gap: ${chain.missing} is missing`)
  }
  faults.push(...(await faultsOfAttachments(folder, chosen.at(-1)!, steps.at)))
  const windows = windowsOf(folder, good)
  const archiver = await readArchiver(folder, good.at(-1)!)
  if (archiver?.fault) faults.push(archiver.fault)
  const took = steps.stop()
  if (faults.length > 0) process.exitCode = exits.refused
  if (json) {
    const body = {
      folder,
      checked: chosen.map((one) => one.id),
      segments: read.size,
      windows,
      archiver,
      faults,
      steps: took,
    }
    process.stdout.write(`${JSON.stringify(body)}\n`)
    return
  }
  const lines = [
    `${bold('Backups in')} ${folder}`,
    `  read again: ${chosen.map((one) => one.id).join(', ')}, and ${read.size} segments of log`,
    '',
    bold('One can go back to'),
    ...windows.map(({ line, from, to }) =>
      line === null ? `  ${from}, and no other moment of it` : `  any moment from ${from} to ${to} (${relative(to)})`,
    ),
    ...(archiver === null ? [dim('  No PostgreSQL runs here that archives into it.')] : []),
    '',
    ...faults.slice(0, 20).map((fault) => `  ${paint('red', '✖')} ${fault}`),
    ...(faults.length > 20 ? [dim(`  and ${faults.length - 20} more; --json lists them`)] : []),
    faults.length === 0
      ? paint('green', '✔ Everything is what was written, without a gap.')
      : paint(
          'red',
          `✖ ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}. Take a new backup now: clawrk backup`,
        ),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** The stretches of time that the backups and their log cover together. */
function windowsOf(folder: string, all: readonly Manifest[]): Window[] {
  const windows: Window[] = []
  for (const manifest of all) {
    const reaches = chainOf(folder, manifest)?.reaches?.toISOString() ?? ''
    const last = windows.at(-1)
    const to = reaches > manifest.ended_at ? reaches : manifest.ended_at
    if (last && last.line === manifest.line && manifest.line !== null && manifest.ended_at <= last.to)
      last.to = to > last.to ? to : last.to
    else windows.push({ line: manifest.line, from: manifest.ended_at, to })
  }
  return windows
}
