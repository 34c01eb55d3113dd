import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export interface Child {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Asked at every start, so a restarted child sees what has changed. */
  readonly env: () => NodeJS.ProcessEnv
  /** Others work with it, so it is asked to end only after they have. */
  readonly outlives?: boolean
  /** Whether a line it printed says that it is at work. Without it, a child is at work once it was started. */
  readonly ready?: (line: string) => boolean
}

export interface SuperviseOptions {
  readonly children: readonly Child[]
  readonly log: (line: string) => void
  /** What children print: as it is, or each line with the child's name before it. */
  readonly output?: 'merge' | 'prefix'
  /** How long a child that was asked to end may take; after that it is ended by force. */
  readonly patienceMs?: number
}

/** SIGTERM lets children take their leave of a load balancer; SIGINT means at once. Both let them finish what is under way. */
export type StopSignal = 'SIGTERM' | 'SIGINT'

export interface Supervisor {
  /** Resolves when every child is at work. Rejects with a sentence when one keeps ending before it ever was. */
  readonly started: Promise<void>
  /** Ends every child and starts it again. */
  restart(): void
  /** Asks every child to end, ends by force what loses patience, and starts nothing again. */
  stop(signal?: StopSignal): Promise<void>
  /** While it stops: asks those that are still there to end at once. */
  hurry(): void
}

const backoffMs = { first: 200, most: 10_000 }
/** A child that lived this long has recovered: its next restart is quick again. */
const steadyMs = 2_000
/** A child that ends this often in a row before it ever was at work will not get there by another try. */
const hopelessAfter = 5

/**
 * Runs children and starts again what dies, ever slower while it keeps dying.
 * Each has a channel to this process, by which it notices the death of this one (`exitWithParent`).
 */
export function supervise({ children, log, output = 'merge', patienceMs = 12_000 }: SuperviseOptions): Supervisor {
  let stopping = false
  const kept = children.map((child) => ({
    outlives: child.outlives ?? false,
    ...keep(child, { log, output, patienceMs, isStopping: () => stopping }),
  }))
  const started = Promise.all(kept.map((one) => one.started)).then(() => {})
  // Whoever awaits it sees the rejection; nobody has to.
  started.catch(() => {})
  return {
    started,
    restart: () => {
      for (const one of kept) one.kill('SIGINT')
    },
    async stop(signal = 'SIGTERM') {
      stopping = true
      await Promise.all(kept.filter(({ outlives }) => !outlives).map((one) => one.end(signal)))
      await Promise.all(kept.filter(({ outlives }) => outlives).map((one) => one.end(signal)))
    },
    hurry: () => {
      for (const one of kept) if (!one.outlives) one.kill('SIGINT')
    },
  }
}

interface Keeping {
  readonly log: (line: string) => void
  readonly output: 'merge' | 'prefix'
  readonly patienceMs: number
  readonly isStopping: () => boolean
}

interface Kept {
  readonly started: Promise<void>
  kill(signal: NodeJS.Signals): void
  end(signal: StopSignal): Promise<void>
}

function keep(child: Child, { log, output, patienceMs, isStopping }: Keeping): Kept {
  const started = Promise.withResolvers<void>()
  let wasReady = false
  let failures = 0
  let running: ChildProcess | undefined
  let restart: NodeJS.Timeout | undefined
  let ended = Promise.withResolvers<void>()

  const start = (): void => {
    const startedAt = Date.now()
    ended = Promise.withResolvers<void>()
    const watched = child.ready !== undefined || output === 'prefix'
    // In a process group of its own: Ctrl-C in the terminal must reach this process only, which then ends the children in order.
    const process_ = spawn(child.command, child.args, {
      env: child.env(),
      stdio: ['ignore', watched ? 'pipe' : 'inherit', watched ? 'pipe' : 'inherit', 'ipc'],
      detached: true,
    })
    running = process_
    const becomeReady = (): void => {
      wasReady = true
      started.resolve()
    }
    const hear = (line: string, to: NodeJS.WriteStream): void => {
      to.write(output === 'prefix' ? `${child.name.padEnd(6)} | ${line}\n` : `${line}\n`)
      if (!wasReady && child.ready?.(line)) becomeReady()
    }
    if (process_.stdout) createInterface({ input: process_.stdout }).on('line', (line) => hear(line, process.stdout))
    if (process_.stderr) createInterface({ input: process_.stderr }).on('line', (line) => hear(line, process.stderr))
    if (!child.ready) process_.once('spawn', becomeReady)
    let over = false
    const onEnd = (how: string): void => {
      if (over) return
      over = true
      running = undefined
      ended.resolve()
      if (isStopping()) return
      failures = Date.now() - startedAt > steadyMs ? 1 : failures + 1
      if (!wasReady && failures >= hopelessAfter) {
        started.reject(
          new Error(
            `${child.name} does not start: it ended ${failures} times in a row (${how}). What it said stands above.`,
          ),
        )
      }
      const wait = Math.min(backoffMs.most, backoffMs.first * 2 ** (failures - 1))
      log(`${child.name} ended (${how}); starting it again in ${wait / 1000} s`)
      restart = setTimeout(start, wait)
    }
    process_.once('error', (error) => onEnd(error.message))
    process_.once('exit', (code, signal) => onEnd(signal ?? `exit code ${code}`))
  }
  start()

  return {
    started: started.promise,
    kill: (signal) => void running?.kill(signal),
    async end(signal) {
      clearTimeout(restart)
      const last = running
      if (!last) return
      last.kill(signal)
      const force = setTimeout(() => {
        log(`${child.name} did not end within ${patienceMs / 1000} s and is ended by force`)
        // With whatever it started in its process group.
        if (last.pid) process.kill(-last.pid, 'SIGKILL')
      }, patienceMs)
      await ended.promise
      clearTimeout(force)
    },
  }
}
