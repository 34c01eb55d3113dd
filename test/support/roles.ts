import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { after } from 'node:test'

import { settings } from '../../src/base/settings.ts'

import { settingsOfRun } from './doors.ts'
import { takePort } from './ports.ts'
import { until } from './processes.ts'

const entry = join(import.meta.dirname, '../../src/main.ts')
const clawrk = join(import.meta.dirname, '../../bin/clawrk.mjs')

/** What a role prints when it is at work; null is all of them under the supervisor. */
const atWork = { api: '"listening"', worker: '"working"', twin: 'Stripe twin on' } as const

/** A process of its own that runs a part of the market, as on a machine of its own. */
export interface RoleProcess {
  readonly pid: number
  /** Of its API; it ends without a slash. */
  readonly url: string
  /** All it has printed. */
  said(): string
  /** Sends a signal and answers how the process ended, and how long that took. */
  end(signal: NodeJS.Signals): Promise<Ended>
  /** When it ends, for whatever reason. */
  readonly ended: Promise<Ended>
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly afterMs: number
}

export interface RoleOptions {
  readonly databaseUrl: string
  readonly dataDir: string
  /** A free one by itself. */
  readonly port?: number
  readonly env?: Readonly<Record<string, string>>
  /** By `clawrk serve --role`, as an operator starts it, instead of the program behind that. */
  readonly served?: boolean
  /** How long it may take to be at work. */
  readonly patienceMs?: number
}

const running = new Set<ChildProcess>()
// A test that failed in the middle leaves its processes to us, and would never end with them.
after(() => {
  for (const child of running) child.kill('SIGKILL')
})

/** The sealing secret of all processes of the tests: those of one market must agree on it. */
const secret = 'a secret of the tests, long enough for any mode'

/** Runs `src/main.ts` in a role, or all of them under the supervisor; it is at work when this resolves. It ends with this test. */
export async function startRole(
  role: 'api' | 'worker' | 'twin' | null,
  { databaseUrl, dataDir, port, env = {}, served = false, patienceMs = 15_000 }: RoleOptions,
): Promise<RoleProcess> {
  const own = port ?? (await takePort())
  const url = `http://127.0.0.1:${own}`
  const doors = await settingsOfRun(databaseUrl)
  const clean: NodeJS.ProcessEnv = { ...process.env }
  for (const { name } of settings) delete clean[name]
  // Set by npm, and by it the supervisor would watch our parent instead of us.
  delete clean.npm_lifecycle_event
  const program = served ? [clawrk, 'serve', ...(role ? ['--role', role] : [])] : [entry, ...(role ? [role] : [])]
  const child = spawn(process.execPath, program, {
    env: {
      ...clean,
      PORT: `${own}`,
      DATABASE_URL: databaseUrl,
      ...doors,
      CLAWRK_DATA_DIR: dataDir,
      CLAWRK_SECRET: secret,
      LOG_LEVEL: 'info',
      // Without a supervisor there is no twin; nobody tops up by card then.
      ...(role ? { STRIPE_API_BASE: 'http://127.0.0.1:1' } : {}),
      ...env,
    },
    // With a channel, so that it ends when this test is killed.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      text += chunk
    })
  }
  running.add(child)
  const ended = endOf(child)
  void ended.then(() => running.delete(child))
  await until(
    `${role ?? 'the market'} is at work`,
    () => {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`It ended before it was at work:\n${text}`)
      return text.includes(role === null ? 'is running at' : atWork[role])
    },
    patienceMs,
  ).catch((error: Error) => {
    throw new Error(`${error.message}; it said:\n${text}`)
  })
  return {
    pid: child.pid!,
    url,
    said: () => text,
    ended,
    async end(signal) {
      const asked = Date.now()
      child.kill(signal)
      return { ...(await ended), afterMs: Date.now() - asked }
    },
  }
}

function endOf(child: ChildProcess): Promise<Ended> {
  const started = Date.now()
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal, afterMs: Date.now() - started }))
  })
}
