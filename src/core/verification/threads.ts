import { Worker } from 'node:worker_threads'
import { VerificationFault } from './fault.ts'
import type { SlowAnswer, SlowCheck } from './slow-check.ts'

/** A task: these checks on this output, or with null on tiny probes. */
export interface ToThread {
  readonly checks: readonly SlowCheck[]
  readonly output: string | null
}

export type FromThread = SlowAnswer | 'ready'

/** The answers in the order of the checks; fewer than asked when the thread overran or died. */
export interface Apart {
  readonly answers: readonly SlowAnswer[]
  readonly ended: 'done' | 'overran' | 'crashed'
}

const mostThreads = 2
const startLimitMs = 10_000
/** A thread's heap: enough for a megabyte of JSON and its errors, too small to hurt the process. */
const resourceLimits = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 }

const idle: Worker[] = []
const all = new Set<Worker>()
const waiting: (() => void)[] = []
let seats = mostThreads
let era = 0

/**
 * Runs checks in a thread of their own, at most two at once, others wait their turn. The limit is wall-clock time and starts
 * when the thread does; a thread over it is ended from outside, since nothing inside a thread can stop a loop in native code.
 */
export async function runApart(task: ToThread, limitMs: number): Promise<Apart> {
  const born = era
  if (seats > 0) seats--
  else await new Promise<void>((seated) => waiting.push(seated))
  try {
    if (era !== born) throw new VerificationFault('verification is shutting down')
    const worker = idle.pop() ?? (await startThread())
    const apart = await converse(worker, task, limitMs)
    if (era !== born) throw new VerificationFault('verification is shutting down')
    if (apart.ended === 'done') {
      worker.unref()
      idle.push(worker)
    } else {
      await worker.terminate()
    }
    return apart
  } finally {
    const next = waiting.shift()
    if (next) next()
    else seats++
  }
}

/** Ends every thread; what is under way or waiting ends with a `VerificationFault`. A later check starts afresh. */
export async function closeThreads(): Promise<void> {
  era++
  idle.length = 0
  await Promise.all([...all].map((worker) => worker.terminate()))
}

async function startThread(): Promise<Worker> {
  // No environment: a thread that runs strangers' schemas has no use for the market's secrets.
  const worker = new Worker(new URL('./thread.ts', import.meta.url), { resourceLimits, env: {}, name: 'checks' })
  all.add(worker)
  worker.once('exit', () => {
    all.delete(worker)
    const at = idle.indexOf(worker)
    if (at >= 0) idle.splice(at, 1)
  })
  // Without a listener the error of an idle thread would end the process; those of a busy one are heard in `hear`.
  worker.on('error', () => {})
  const { ended } = await hear(worker, startLimitMs, (message) => message === 'ready')
  if (ended === 'done') return worker
  await worker.terminate()
  throw new VerificationFault(`a checking thread did not start (${ended})`)
}

async function converse(worker: Worker, task: ToThread, limitMs: number): Promise<Apart> {
  const answers: SlowAnswer[] = []
  worker.ref()
  const heard = hear(worker, limitMs, (message) => {
    if (message !== 'ready') answers.push(message)
    return answers.length === task.checks.length
  })
  worker.postMessage(task)
  return { answers, ended: (await heard).ended }
}

/** Listens until `isEnough`, the limit, or the end of the thread. */
function hear(
  worker: Worker,
  limitMs: number,
  isEnough: (message: FromThread) => boolean,
): Promise<{ ended: Apart['ended'] }> {
  return new Promise((resolve) => {
    const end = (ended: Apart['ended']) => {
      clearTimeout(timer)
      worker.off('message', onMessage)
      worker.off('error', onDeath)
      worker.off('exit', onDeath)
      resolve({ ended })
    }
    const onMessage = (message: FromThread) => {
      if (isEnough(message)) end('done')
    }
    const onDeath = () => end('crashed')
    // If the event loop was held up, the answer may already be waiting behind the timer: let it in first.
    const timer = setTimeout(() => setImmediate(() => setImmediate(end, 'overran')), limitMs)
    worker.on('message', onMessage)
    worker.once('error', onDeath)
    worker.once('exit', onDeath)
  })
}
