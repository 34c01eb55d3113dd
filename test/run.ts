// What `npm test` runs: everything that has to be right. With arguments (`npm test -- test/x.test.ts`) only those test files.
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '../src/base/migrate.ts'
import { launchPostgres, type Postgres } from '../src/base/postgres/launch.ts'
import { settings } from '../src/base/settings.ts'
import { templateVariable } from './support/database.ts'
import { disturb } from './support/disturbance.ts'
import { doorVariables, onDatabase, openDoors, readsVariable, sumsOf } from './support/doors.ts'

const projectDir = join(import.meta.dirname, '..')
const folderPrefix = 'clawrk-test-'
const given = process.argv.slice(2)
const failed: string[] = []
const stopping = new AbortController()

/** Runs one part under a heading that says how long it took. */
async function part(name: string, work: () => Promise<boolean>): Promise<void> {
  if (stopping.signal.aborted) return
  const start = performance.now()
  process.stdout.write(`\n── ${name}\n`)
  const good = await work()
  if (!good) failed.push(name)
  process.stdout.write(`${good ? '✔' : '✖'} ${name} · ${((performance.now() - start) / 1000).toFixed(1)} s\n`)
}

/** Whether a command ends well; what it prints is shown. */
function succeeds(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: projectDir, env, stdio: ['ignore', 'inherit', 'inherit'] })
    const stop = (): void => void child.kill('SIGTERM')
    stopping.signal.addEventListener('abort', stop)
    child.once('error', (error) => {
      process.stderr.write(`${error.message}\n`)
      resolve(false)
    })
    child.once('exit', (code) => {
      stopping.signal.removeEventListener('abort', stop)
      resolve(code === 0)
    })
  })
}

const tool = (name: string): string => join(projectDir, 'node_modules/.bin', name)

/** Makes the server's database a template: migrated, and entered by nobody, so that it can be cloned at any time. */
async function prepareTemplate(url: string): Promise<void> {
  await migrate(url, { mode: 'test' })
  await onDatabase(url.replace(/\/clawrk$/, '/postgres'), (client) =>
    client.query('alter database clawrk with is_template true allow_connections false'),
  )
}

/** The environment of the tests: what this shell says about a market must not reach them, and their files go away with ours. */
function testEnvironment(template: string, temporary: string): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, [templateVariable]: template, TMPDIR: temporary, NODE_ENV: 'test' }
  for (const { name } of settings) delete env[name]
  env.LOG_LEVEL = process.env.LOG_LEVEL ?? 'silent'
  env.NODE_COMPILE_CACHE ??= join(projectDir, 'node_modules/.cache/node-compile')
  return env
}

function runFiles(env: NodeJS.ProcessEnv): Promise<boolean> {
  const files = given.length > 0 ? given : ['test/**/*.test.ts', 'src/**/*.test.ts']
  // A campaign takes longer than what every run does, and behind doors everything takes longer.
  const timeoutMs =
    240_000 *
    Math.max(
      process.env.DOORS || process.env.CAMPAIGN || process.env.DISTURBED ? 4 : 1,
      Number(process.env.ROUNDS ?? 0) / 40,
    )
  // One file more than there are processors: most of them wait now and then, for a deadline or another process.
  const atOnce = availableParallelism() + 1
  const options = ['--test', `--test-concurrency=${atOnce}`, `--test-timeout=${timeoutMs}`, '--test-reporter=spec']
  return succeeds(process.execPath, [...options, ...files], env)
}

/** The same tests on Debian's PostgreSQL 15, through PgBouncer and beside a streaming replica; says what went where. */
async function runBehindDoors(temporary: string): Promise<boolean> {
  const doors = await openDoors({ synchronous: true })
  if (!doors) return false
  try {
    const url = Object.assign(new URL(doors.primary.url), { pathname: '/clawrk' }).href
    await onDatabase(doors.primary.url, (client) => client.query('create database clawrk'))
    await prepareTemplate(url)
    const reads = join(temporary, 'reads')
    const good = await runFiles({
      ...testEnvironment(url, temporary),
      [doorVariables.pooler]: doors.bouncer.through(url),
      [doorVariables.replica]: doors.replica.url,
      [readsVariable]: reads,
    })
    process.stdout.write(`${await sumsOf(doors, reads)}\n`)
    return good
  } finally {
    await doors.close()
  }
}

async function runTests(): Promise<boolean> {
  for (const name of readdirSync(tmpdir())) {
    // Left by a run that was killed.
    const owner = name.startsWith(folderPrefix) ? name.slice(folderPrefix.length).split('-')[0] : undefined
    if (owner && !existsSync(`/proc/${owner}`)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
  const folder = mkdtempSync(join(tmpdir(), `${folderPrefix}${process.pid}-`))
  // Open to others, so that PostgreSQL started by root needs no right to pass closed folders.
  chmodSync(folder, 0o755)
  const temporary = join(folder, 'tmp')
  mkdirSync(temporary)
  let server: Postgres | undefined
  try {
    if (process.env.DOORS) return await runBehindDoors(temporary)
    server = await launchPostgres({
      dataDir: join(folder, 'pg'),
      durable: false,
      settings: { autovacuum: 'off', max_connections: '400' },
    })
    await prepareTemplate(server.url)
    const disturbance = process.env.DISTURBED && disturb(server.url.replace(/\/clawrk$/, '/postgres'))
    try {
      return await runFiles(testEnvironment(server.url, temporary))
    } finally {
      if (disturbance) await disturbance.stop()
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    return false
  } finally {
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort())

if (given.length === 0) {
  await part('types (tsc)', () => succeeds(tool('tsc'), []))
  await part('lint and format (biome)', () => succeeds(tool('biome'), ['check', '--error-on-warnings']))
  await part('forgotten promises (oxlint)', () => succeeds(tool('oxlint'), ['--type-aware', '--deny-warnings']))
}
process.stdout.write('\n── tests (node --test, on a PostgreSQL of their own)\n')
// No line after the tests when all is well: the last thing to read is node's summary.
if (!stopping.signal.aborted && !(await runTests())) failed.push('tests')
if (failed.length > 0) process.stdout.write(`\n✖ not passed: ${failed.join(', ')}\n`)
process.exitCode = failed.length > 0 || stopping.signal.aborted ? 1 : 0
