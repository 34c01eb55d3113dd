import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

enableCompileCache(join(import.meta.dirname, '../../../node_modules/.cache/node-compile'))

// `clawrk jobs | head -1`: whoever reads has had enough, which is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

const { runCommand } = await import('./program.ts')
await runCommand(process.argv.slice(2))
