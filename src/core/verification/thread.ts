import { parentPort } from 'node:worker_threads'
import { probeSlowCheck, runSlowCheck } from './slow-check.ts'
import type { FromThread, ToThread } from './threads.ts'

// The inside of a checking thread: one task at a time, one answer a check, so the pool knows which check was running when time ran out.
const port = parentPort!
port.on('message', ({ checks, output }: ToThread) => {
  for (const check of checks) {
    port.postMessage((output === null ? probeSlowCheck(check) : runSlowCheck(check, output)) satisfies FromThread)
  }
})
port.postMessage('ready' satisfies FromThread)
