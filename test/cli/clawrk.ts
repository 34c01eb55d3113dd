import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const entry = join(import.meta.dirname, '../../src/edges/cli/main.ts')

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** What stdout says as JSON, of the type the test expects. */
  json<T = Readonly<Record<string, unknown>>>(): T
}

/** A command that goes on while the test does something else. */
export interface Running {
  /** What it has printed so far. */
  readonly stdout: string
  readonly stderr: string
  readonly ended: Promise<Ran>
  signal(name: NodeJS.Signals): void
}

export interface Shell {
  readonly home: string
  /** Runs `clawrk` as its own process, without a terminal. */
  (...args: string[]): Promise<Ran>
  /** The same with more in the environment, or something on standard input. */
  with(more: { readonly env?: Record<string, string>; readonly input?: string }): (...args: string[]) => Promise<Ran>
  /** The same without waiting for its end. */
  start(...args: string[]): Running
}

/** Somebody's shell, with a home of its own and nothing in the environment that says where a market is. */
export function openShell(env: Readonly<Record<string, string>> = {}): Shell {
  const home = mkdtempSync(join(tmpdir(), 'clawrk-home-'))
  const runWith =
    ({ env: more = {}, input = '' }: { env?: Record<string, string>; input?: string }) =>
    (...args: string[]) =>
      start(process.execPath, [entry, ...args], environment({ HOME: home, ...env, ...more }), input).ended
  return Object.assign(runWith({}), {
    home,
    with: runWith,
    start: (...args: string[]) => start(process.execPath, [entry, ...args], environment({ HOME: home, ...env }), ''),
  })
}

/** The same command in a terminal, with `input` typed into it. */
export function inTerminal(
  shell: Shell,
  args: readonly string[],
  env: Record<string, string>,
  input = '',
  columns = 80,
): Promise<Ran> {
  const quoted = [process.execPath, entry, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  const all = environment({ HOME: shell.home, TERM: 'xterm-256color', ...env })
  return start('script', ['-qec', `stty cols ${columns} rows 40; exec ${quoted}`, '/dev/null'], all, input).ended
}

function environment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { PATH, TMPDIR, NODE_COMPILE_CACHE } = process.env
  return { PATH, TMPDIR, NODE_COMPILE_CACHE, ...more }
}

function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv, input: string): Running {
  const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
  const printed = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      printed[name] += chunk
    })
  }
  // A command that reads nothing may have ended before this arrives.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      resolve({ code: code ?? -1, ...printed, json: <T>() => JSON.parse(printed.stdout) as T })
    })
  })
  return {
    get stdout() {
      return printed.stdout
    },
    get stderr() {
      return printed.stderr
    },
    ended,
    signal: (name) => void child.kill(name),
  }
}
