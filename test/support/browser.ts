import { existsSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { installed, mayInstall } from './apt.ts'

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
  if (!mayInstall()) {
    return lament(`no Chromium found. Install it: apt-get install ${packages.join(' ')}, or set CHROMIUM_PATH`)
  }
  if (!installed('Chromium for the tests of pages', packages))
    return lament('Chromium could not be installed; apt-get says why above')
  return findChromium() ?? lament('Chromium was installed, but is not where it was expected')
}

function lament(reason: string): undefined {
  process.stderr.write(`\n!!! TESTS OF PAGES ARE SKIPPED: ${reason}\n\n`)
  return undefined
}
