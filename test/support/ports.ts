import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePort } from '../../src/base/free-port.ts'

/**
 * A free port that no other test of this run is given: between finding one and listening there a market starts up, and another
 * test may look meanwhile. What is taken is written down in the run's own folder for temporary files.
 */
export async function takePort(): Promise<number> {
  for (;;) {
    const port = await findFreePort()
    try {
      writeFileSync(join(tmpdir(), `clawrk-port-${port}`), '', { flag: 'wx' })
      return port
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}
