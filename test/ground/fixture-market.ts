// A market whose processes are stand-ins, on the settings of its environment.
import { join } from 'node:path'
import { readConfig } from '../../src/base/config.ts'
import { startMarket } from '../../src/edges/supervisor/start.ts'

try {
  await startMarket(readConfig(), { entry: join(import.meta.dirname, 'fixture-role.ts') })
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
