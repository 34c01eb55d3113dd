import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Errand {
  /** As its owner typed it. It is given to a shell, so nothing of a job may ever be part of it. */
  readonly command: string
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  readonly input: string
  /** Aborting it ends the command and all that it has started. */
  readonly stop: AbortSignal
  /** Hears what the command says on stderr, line by line. */
  readonly onRemark: (line: string) => void
}

export type ErrandEnd =
  | { readonly kind: 'done'; readonly output: string }
  /** It ended badly. */
  | { readonly kind: 'failed'; readonly code: number | null; readonly signal: NodeJS.Signals | null }
  /** It printed more than can be handed in. */
  | { readonly kind: 'too_long' }
  | { readonly kind: 'stopped' }

/** Of bytes and of characters: what a submission may hold. */
const outputMost = { bytes: 4 * 1024 * 1024, characters: 1_000_000 }
const secondsToEnd = 3

/** Runs a command in a process group of its own; nothing of the group is left when this resolves. */
export async function runErrand({ command, folder, env, input, stop, onRemark }: Errand): Promise<ErrandEnd> {
  const child = spawn('/bin/sh', ['-c', command], { cwd: folder, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
  const group = child.pid
  const signalGroup = (signal: NodeJS.Signals): void => {
    try {
      if (group !== undefined) process.kill(-group, signal)
    } catch {
      // Nobody of the group is left.
    }
  }
  // However this process ends, the command must not go on without it.
  const takeAlong = (): void => signalGroup('SIGKILL')
  process.once('exit', takeAlong)
  let killed: NodeJS.Timeout | undefined
  const end = (): void => {
    signalGroup('SIGTERM')
    killed ??= setTimeout(() => signalGroup('SIGKILL'), secondsToEnd * 1000)
  }
  stop.addEventListener('abort', end, { once: true })
  if (stop.aborted) end()

  const chunks: Buffer[] = []
  let bytes = 0
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= outputMost.bytes) chunks.push(chunk)
    else end()
  })
  passOnLines(child.stderr, onRemark)
  // A command need not read what it is given.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  try {
    const [code, signal] = await new Promise<[code: number | null, signal: NodeJS.Signals | null]>(
      (resolve, reject) => {
        child.once('error', reject)
        child.once('exit', (code, signal) => resolve([code, signal]))
      },
    )
    // What it left in the background would hold its output open.
    signalGroup('SIGKILL')
    await Promise.race([closed, sleep(1_000, undefined, { ref: false })])
    if (bytes > outputMost.bytes) return { kind: 'too_long' }
    if (stop.aborted) return { kind: 'stopped' }
    if (code !== 0) return { kind: 'failed', code, signal }
    // As a shell takes the output of a command: without the line ends behind it.
    const output = Buffer.concat(chunks).toString('utf8').replace(/\n+$/, '')
    return output.length > outputMost.characters ? { kind: 'too_long' } : { kind: 'done', output }
  } finally {
    clearTimeout(killed)
    stop.removeEventListener('abort', end)
    process.removeListener('exit', takeAlong)
  }
}

/** One that never ends is passed on in pieces. */
const lineMost = 10_000

function passOnLines(stream: NodeJS.ReadableStream, hear: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    for (const line of lines) hear(line)
    if (rest.length > lineMost) {
      hear(rest)
      rest = ''
    }
  })
  stream.on('end', () => {
    if (rest !== '') hear(rest)
  })
}
