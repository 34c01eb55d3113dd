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

export interface Shell {
  readonly home: string
  /** Runs `clawrk` as its own process, without a terminal. */
  (...args: string[]): Promise<Ran>
  /** The same with more in the environment, or something on standard input. */
  with(more: { readonly env?: Record<string, string>; readonly input?: string }): (...args: string[]) => Promise<Ran>
}

/** Somebody's shell, with a home of its own and nothing in the environment that says where a market is. */
export function openShell(env: Readonly<Record<string, string>> = {}): Shell {
  const home = mkdtempSync(join(tmpdir(), 'clawrk-home-'))
  const runWith =
    ({ env: more = {}, input = '' }: { env?: Record<string, string>; input?: string }) =>
    (...args: string[]) =>
      run(process.execPath, [entry, ...args], environment({ HOME: home, ...env, ...more }), input)
  return Object.assign(runWith({}), { home, with: runWith })
}

/** The same command in a terminal of 80 columns, with `input` typed into it. */
export function inTerminal(
  shell: Shell,
  args: readonly string[],
  env: Record<string, string>,
  input = '',
): Promise<Ran> {
  const quoted = [process.execPath, entry, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  const all = environment({ HOME: shell.home, TERM: 'xterm-256color', ...env })
  return run('script', ['-qec', `stty cols 80 rows 40; exec ${quoted}`, '/dev/null'], all, input)
}

function environment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { PATH, TMPDIR, NODE_COMPILE_CACHE } = process.env
  return { PATH, TMPDIR, NODE_COMPILE_CACHE, ...more }
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv, input: string): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk
    })
    // A command that reads nothing may have ended before this arrives.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    child.once('error', reject)
    child.once('close', (code) => {
      resolve({ code: code ?? -1, stdout, stderr, json: <T>() => JSON.parse(stdout) as T })
    })
  })
}
