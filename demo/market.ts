import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findFreePort } from '../src/base/free-port.ts'
import { settings } from '../src/base/settings.ts'
import { postgresDir } from '../src/edges/supervisor/start.ts'
import { type WatchedDatabase, watchDatabase } from './database.ts'
import { makeScratchFolder } from './scratch.ts'
import { type Victim, victims } from './told.ts'

const entry = join(import.meta.dirname, '../src/main.ts')

/** A whole market of the demo's own, as `npm start` would run it: supervisor, PostgreSQL, twin, API and worker. */
export interface RunningMarket {
  readonly url: string
  /** Straight into its database: to count, and to check the laws of the ledger. */
  readonly db: WatchedDatabase
  /** The processes that run a part of it; of PostgreSQL the one that holds it together. */
  pids(part: Victim): number[]
  /** Ends them by kill -9; the supervisor starts them again. Answers which they were, when none of them is left. */
  kill(part: Victim): Promise<number[]>
  /** Whether every part runs and the API is ready. */
  isRunning(): Promise<boolean>
  /** What its processes have said, for when something is wrong. */
  said(): string
  close(): Promise<void>
}

export async function startMarket(): Promise<RunningMarket> {
  const folder = makeScratchFolder('clawrk-demo')
  const port = await findFreePort()
  const lines: string[] = []
  const child = spawn(process.execPath, [entry], {
    env: { ...cleanEnvironment(), PORT: `${port}`, CLAWRK_DATA_DIR: folder, LOG_LEVEL: 'warn' },
    // With a channel, so that the market ends when the demo is killed.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const close = async (): Promise<void> => {
    await end(child)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await untilRunning(child, lines)
    const db = watchDatabase(postgresDir({ dataDir: folder }))
    const pids = (part: Victim): number[] => {
      if (part !== 'postgres') return childrenOf(child.pid!, part)
      const server = db.server()
      return server ? [server.pid] : []
    }
    const url = `http://127.0.0.1:${port}`
    let closing: Promise<void> | undefined
    return {
      url,
      db,
      pids,
      async kill(part) {
        const killed = pids(part)
        for (const pid of killed) process.kill(pid, 'SIGKILL')
        while (killed.some((pid) => existsSync(`/proc/${pid}`))) await sleep(5)
        return killed
      },
      isRunning: async () => victims.every((part) => pids(part).length > 0) && (await isReady(url)),
      said: () => lines.slice(-60).join('\n'),
      close() {
        // Asked twice when somebody presses Ctrl-C at the end.
        closing ??= db.close().then(close)
        return closing
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** What this shell says about some other market must not reach the demo's. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env }
  for (const { name } of settings) delete env[name]
  // Set by npm, and by it the supervisor would watch our parent instead of us.
  delete env.npm_lifecycle_event
  return env
}

async function untilRunning(child: ChildProcess, lines: string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const hear = (chunk: Buffer): void => {
    lines.push(...chunk.toString().split('\n').filter(Boolean))
    if (lines.length > 2_000) lines.splice(0, 1_000)
    if (lines.some((line) => line.includes('is running at'))) resolve()
  }
  child.stdout?.on('data', hear)
  child.stderr?.on('data', hear)
  child.once('exit', (code) => reject(new Error(`The market ended (${code}) before it ran:\n${lines.join('\n')}`)))
  await promise
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/api/ready`, { signal: AbortSignal.timeout(2_000) })
    await answer.body?.cancel()
    return answer.ok
  } catch {
    return false
  }
}

/** The supervisor's children that run this role. */
function childrenOf(supervisor: number, role: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')
      return parent === supervisor && command.includes(role) ? [Number(name)] : []
    } catch {
      // Ended while we looked.
      return []
    }
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}
