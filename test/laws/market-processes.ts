import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A process of a market with everything it prints. */
export interface Printing {
  readonly process: ChildProcess
  said(): string
  /** Ends it cleanly, if it has not ended, and answers its exit code. */
  stop(): Promise<number | null>
}

/** Starts a role of the market as `npm start` does, with exactly these settings. */
export function startRole(role: string, settings: Readonly<Record<string, string>>): Printing {
  let text = ''
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/main.ts'), role], {
    env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, NODE_ENV: 'test', ...settings },
    // With a channel, so that it ends when this test is killed.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const ended = once(child, 'close')
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (bytes) => (text += bytes))
  return {
    process: child,
    said: () => text,
    async stop() {
      child.kill('SIGTERM')
      await ended
      return child.exitCode
    },
  }
}
