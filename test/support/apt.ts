import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Whether we may install programs of Debian here: only root may. */
export const mayInstall = (): boolean => process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')

/** Installs what a test needs, once, and says so; whether it is there now. What apt-get has to say is shown. */
export function installed(what: string, packages: readonly string[]): boolean {
  process.stderr.write(`installing ${what} (once) …\n`)
  const apt = (...args: string[]): boolean => {
    // Two test files may come here at once: the second waits for the first.
    const options = ['-qq', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=2']
    // As on a machine that is starting: a server that comes with a package is not started.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
    return spawnSync('apt-get', [...options, ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
  }
  const install = (): boolean => apt('install', '--yes', '--no-install-recommends', ...packages)
  // A fresh image has no package lists, or old ones.
  return install() || (apt('update') && install())
}
