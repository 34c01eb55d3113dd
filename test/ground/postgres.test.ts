import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, test } from 'node:test'
import pg from 'pg'
import { launchPostgres, type Postgres } from '../../src/base/postgres/launch.ts'
import { processesOf, until } from '../support/processes.ts'

const folder = mkdtempSync(join(tmpdir(), 'clawrk-ground-'))
// Open to others, unlike what mkdtemp makes: the closed case has its own test.
chmodSync(folder, 0o755)
const dataDir = join(folder, 'shared')
const launched: Postgres[] = []
afterEach(async () => {
  for (const server of launched.splice(0)) await server.stop()
})
after(() => rmSync(folder, { recursive: true, force: true }))

async function launch(where = dataDir): Promise<Postgres> {
  const server = await launchPostgres({ dataDir: where, durable: false })
  launched.push(server)
  return server
}

async function ask(server: Postgres, text: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: server.url })
  client.on('error', () => {})
  await client.connect()
  try {
    const { rows } = await client.query({ text, rowMode: 'array' })
    return rows[0]?.[0]
  } finally {
    await client.end()
  }
}

async function own(where: string): Promise<{ owner: ChildProcess; postmaster: number }> {
  const owner = spawn(process.execPath, [join(import.meta.dirname, 'fixture-owner.ts'), where], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [chunk] = await once(owner.stdout!, 'data')
  return { owner, postmaster: Number(String(chunk)) }
}

test('three launches at once on an empty folder give one server', async () => {
  const servers = await Promise.all([launch(), launch(), launch()])
  assert.equal(servers.filter((server) => server.owned).length, 1)
  assert.equal(new Set(servers.map((server) => server.url)).size, 1)
  assert.equal(await ask(servers[2]!, 'select current_database()'), 'clawrk')
  assert.equal(statSync(join(dataDir, 'cluster/clawrk.password')).mode & 0o777, 0o600)
  for (const server of servers) await server.stop()
  assert.deepEqual(processesOf(dataDir), [])
})

test('what was written is there after a restart, at the same address', async () => {
  const first = await launch()
  await ask(first, `create table kept as select 'yes'::text as answer`)
  await first.stop()
  await first.exited
  const second = await launch()
  assert.equal(second.url, first.url)
  assert.equal(await ask(second, 'select answer from kept'), 'yes')
  await second.stop()
})

test('the password is needed', async () => {
  const server = await launch()
  const wrong = new URL(server.url)
  wrong.password = 'wrong'
  await assert.rejects(new pg.Client({ connectionString: wrong.href }).connect(), { code: '28P01' })
})

test('text of any language sorts and folds', async () => {
  const server = await launch()
  assert.equal(await ask(server, `select upper('größe') || lower('ÉÄ')`), 'GRÖßEéä')
  assert.equal(await ask(server, `select to_tsvector('simple', 'naïve Größe')::text`), `'größe':2 'naïve':1`)
})

test('a server whose owner is killed ends, and the next launch works at once', async () => {
  const { owner } = await own(dataDir)
  owner.kill('SIGKILL')
  const next = await launch()
  assert.ok(next.url)
  await next.stop()
  await until('no process is left', () => processesOf(dataDir).length === 0)
})

test('after the server itself is killed, what it had committed is there', async () => {
  const { owner, postmaster } = await own(dataDir)
  process.kill(postmaster, 'SIGKILL')
  const next = await launch()
  assert.notEqual(next.pid, postmaster)
  assert.equal(await ask(next, 'select answer from kept'), 'yes')
  await next.stop()
  owner.kill('SIGKILL')
})

test('a child of a killed server that does not notice is ended, and holds nobody up', async () => {
  const first = await launch()
  const client = new pg.Client({ connectionString: first.url })
  client.on('error', () => {})
  await client.connect()
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  process.kill(rows[0]!.pid, 'SIGSTOP')
  process.kill(first.pid, 'SIGKILL')
  await first.exited
  const second = await launch()
  assert.equal(await ask(second, 'select 1'), 1)
  assert.ok(!processesOf(dataDir).some((line) => line.startsWith(`${rows[0]!.pid} `)), 'the child is gone')
  await client.end()
})

test('a pid file that names some other living process does not keep it from starting', async () => {
  const pidFile = join(dataDir, 'cluster/postmaster.pid')
  writeFileSync(
    pidFile,
    [process.pid, join(dataDir, 'cluster'), 1, 5432, '', '127.0.0.1', '', 'ready   ', ''].join('\n'),
  )
  const server = await launch()
  assert.equal(server.owned, true)
  assert.equal(Number(readFileSync(pidFile, 'utf8').split('\n')[0]), server.pid)
  await server.stop()
  assert.equal(existsSync(pidFile), false)
})

test('root can keep the data in a folder closed to all others', {
  skip: process.getuid?.() !== 0 && 'not root',
}, async () => {
  const closed = mkdtempSync(join(folder, 'closed-'))
  chmodSync(closed, 0o700)
  const server = await launch(join(closed, 'data'))
  assert.equal(await ask(server, 'select 1 + 1'), 2)
  assert.notEqual(statSync(`/proc/${server.pid}`).uid, 0)
})
