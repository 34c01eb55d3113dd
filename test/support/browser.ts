import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Browser } from 'playwright-core'

const candidates = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]
const packages = ['chromium-headless-shell', 'fonts-dejavu-core']

/**
 * A headless Chromium for tests of pages; the caller closes it. `null`, said loudly, where there is none and none can be installed:
 * the test then skips.
 */
export async function launchBrowser(): Promise<Browser | null> {
  const executablePath = process.env.CHROMIUM_PATH ?? findChromium() ?? installChromium()
  if (!executablePath) return null
  const { chromium } = await import('playwright-core')
  // Chromium's own sandbox needs rights that root in a container does not have; the pages are ours.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

function findChromium(): string | undefined {
  return candidates.find((path) => existsSync(path))
}

/** Debian's, about 100 MB and 10 s, once. Only for root, who may; others are told. */
function installChromium(): string | undefined {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    return lament(`no Chromium found. Install it: apt-get install ${packages.join(' ')}, or set CHROMIUM_PATH`)
  }
  process.stderr.write('installing Chromium for the tests of pages (once) …\n')
  const apt = (...args: string[]): boolean => {
    // Two test files may come here at once: the second waits for the first.
    const options = ['-qq', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=2']
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    return spawnSync('apt-get', [...options, ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
  }
  const install = (): boolean => apt('install', '--yes', '--no-install-recommends', ...packages)
  // A fresh image has no package lists, or old ones.
  if (!install() && !(apt('update') && install()))
    return lament('Chromium could not be installed; apt-get says why above')
  return findChromium() ?? lament('Chromium was installed, but is not where it was expected')
}

function lament(reason: string): undefined {
  process.stderr.write(`\n!!! TESTS OF PAGES ARE SKIPPED: ${reason}\n\n`)
  return undefined
}
