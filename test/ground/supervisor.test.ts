import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, test } from 'node:test'
import { takePort } from '../support/ports.ts'
import { processesOf, until } from '../support/processes.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'clawrk-ground-'))
const port = await takePort()
const started: ChildProcess[] = []

interface Market {
  readonly process: ChildProcess
  /** All it has printed. */
  said(): string
  /** Its exit code, once it has ended and all that it printed has been read. */
  readonly closed: Promise<number | null>
}

function start(env: NodeJS.ProcessEnv = {}): Market {
  let text = ''
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fixture-market.ts')], {
    env: { ...process.env, CLAWRK_DATA_DIR: dataDir, PORT: `${port}`, ...env },
    // With a channel, so that it ends when this test is killed.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  started.push(child)
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      text += chunk
    })
  }
  return { process: child, said: () => text, closed: once(child, 'close').then(() => child.exitCode) }
}

async function startAndWait(): Promise<Market> {
  const market = start()
  await until(`the market runs; it said: ${market.said()}`, () => {
    assert.equal(market.process.exitCode, null, market.said())
    return market.said().includes('is running at')
  })
  return market
}

async function ask(path: string): Promise<{ pid: number; twin: string } | null> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`)
    return answer.ok ? ((await answer.json()) as { pid: number; twin: string }) : null
  } catch {
    return null
  }
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode
}

const postmaster = (): number => Number(readFileSync(join(dataDir, 'pg/cluster/postmaster.pid'), 'utf8').split('\n')[0])

afterEach(async () => {
  for (const child of started.splice(0)) {
    child.kill('SIGTERM')
    await exitCode(child)
  }
})
after(() => rmSync(dataDir, { recursive: true, force: true }))

test('SIGTERM leaves no process behind, and the exit code is 0', async () => {
  const market = await startAndWait()
  assert.ok(processesOf(dataDir).length > 3)
  market.process.kill('SIGTERM')
  assert.equal(await exitCode(market.process), 0)
  assert.deepEqual(processesOf(dataDir), [])
})

test('after SIGKILL nothing goes on running, and the next start works at once', async () => {
  const market = await startAndWait()
  market.process.kill('SIGKILL')
  await exitCode(market.process)
  const next = await startAndWait()
  next.process.kill('SIGTERM')
  assert.equal(await exitCode(next.process), 0)
  await until('nothing runs', () => processesOf(dataDir).length === 0)
})

test('when npm is killed, the market ends too, and a start meanwhile waits for that', async () => {
  const npm = spawn('/bin/sh', ['-c', `"${process.execPath}" "${join(import.meta.dirname, 'fixture-market.ts')}"; :`], {
    env: { ...process.env, CLAWRK_DATA_DIR: dataDir, PORT: `${port}`, npm_lifecycle_event: 'start' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const before = await until('the market runs', () => ask('/'))
  npm.kill('SIGKILL')
  await exitCode(npm)
  await startAndWait()
  assert.notEqual((await ask('/'))?.pid, before.pid)
})

test('what dies is started again: the API, and PostgreSQL under it', async () => {
  await startAndWait()
  const before = await ask('/')
  await ask('/crash')
  const now = await until('the API is back', () => ask('/'))
  assert.notEqual(now.pid, before!.pid)
  assert.equal(now.twin, before!.twin)

  const killed = postmaster()
  process.kill(killed, 'SIGKILL')
  await until('PostgreSQL is back', () =>
    processesOf(join(dataDir, 'pg')).some((line) => Number(line.split(' ')[0]) !== killed && / -D /.test(line)),
  )
  await until('the same API works with it', async () => (await ask('/'))?.pid === now.pid)
})

test('a second start on the same folder, or on the same port, says so in a sentence', async () => {
  await startAndWait()
  const folder = start()
  assert.equal(await folder.closed, 1)
  assert.match(folder.said(), /^A market already runs on .*http:\/\/localhost:\d+ \(process \d+\)\. Stop it first/)
  const other = mkdtempSync(join(tmpdir(), 'clawrk-ground-'))
  const samePort = start({ CLAWRK_DATA_DIR: other })
  assert.equal(await samePort.closed, 1)
  assert.match(samePort.said(), /^Port \d+ of 127\.0\.0\.1 cannot be had/)
  rmSync(other, { recursive: true, force: true })
})
