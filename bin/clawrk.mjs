#!/usr/bin/env node
// The `clawrk` command. Plain JavaScript, because the Node that starts it may be too old for the rest.
import { spawn } from 'node:child_process'
import * as modules from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bootstrap } from '../bootstrap.mjs'

const entry = new URL('../src/edges/cli/main.ts', import.meta.url)

try {
  const node = await bootstrap()
  if (node === process.execPath) {
    // Before the first file of TypeScript, for which Node would otherwise load a compiler. An old Node has no such export.
    modules.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/node-compile', import.meta.url)))
    await import(entry.href)
  } else runUnder(node)
} catch (error) {
  process.stderr.write(`clawrk: ${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}

/** Runs the command under another Node, as if it had been started itself: same terminal, signals and exit code. */
function runUnder(node) {
  const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH ?? ''}` }
  // The channel tells a long-running command when this process is killed in a way that cannot be passed on.
  const child = spawn(node, [fileURLToPath(entry), ...process.argv.slice(2)], {
    env,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGUSR2']) {
    process.on(signal, () => {
      // Ctrl-C in a terminal has reached the child already.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('error', (error) => {
    process.stderr.write(`clawrk: ${error.message}\n`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code ?? 1)
    for (const name of ['SIGTERM', 'SIGHUP', 'SIGINT']) process.removeAllListeners(name)
    process.kill(process.pid, signal)
  })
}
