import { existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Who the database runs as. */
export interface Identity {
  readonly uid: number
  readonly gid: number
  /** Turns a command into one that runs as this identity and is interrupted when this process dies. */
  readonly wrap: (program: string, args: readonly string[]) => readonly [string, string[]]
}

const nobody = 65_534

/**
 * PostgreSQL refuses to run as root, so root hands it to an unprivileged user: the owner of an existing cluster, or nobody.
 * `paths` are what it must reach: where a parent folder is closed to that user, it gets the right to pass closed folders.
 */
export function chooseIdentity(cluster: string, paths: readonly string[]): Identity {
  const uid = process.getuid?.() ?? 0
  const gid = process.getgid?.() ?? 0
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path))
  if (uid !== 0) {
    return {
      uid,
      gid,
      wrap: (program, args) => (setpriv ? [setpriv, ['--pdeathsig', 'INT', program, ...args]] : [program, [...args]]),
    }
  }
  if (!setpriv) {
    throw new Error(
      'PostgreSQL does not run as root, and `setpriv` (package util-linux), which would start it as another user, is missing. ' +
        'Install it, run as a normal user, or set DATABASE_URL.',
    )
  }
  const owner = existsSync(cluster) ? statSync(cluster) : undefined
  const user = owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : { uid: nobody, gid: nobody }
  const flags = ['--reuid', `${user.uid}`, '--regid', `${user.gid}`, '--clear-groups', '--pdeathsig', 'INT']
  if (paths.some((path) => isClosedTo(path, user.uid))) {
    // The price of a closed folder: the server may read any file. So it is asked for only where nothing else works.
    const only = '-all,+dac_override'
    flags.push('--securebits', '+no_setuid_fixup', '--inh-caps', only, '--ambient-caps', only, '--bounding-set', only)
  }
  return { ...user, wrap: (program, args) => [setpriv, [...flags, program, ...args]] }
}

/** Whether some folder above `path` cannot be passed by `uid`. */
function isClosedTo(path: string, uid: number): boolean {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    const { mode, uid: owner } = statSync(folder)
    if (owner !== uid && (mode & 0o001) === 0) return true
    if (folder === dirname(folder)) return false
  }
}
