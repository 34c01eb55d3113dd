import { randomBytes } from 'node:crypto'
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Binaries } from './binaries.ts'
import type { Identity } from './identity.ts'
import { runToEnd } from './run-to-end.ts'

const passwordFile = 'clawrk.password'

export interface NewCluster {
  readonly dataDir: string
  readonly cluster: string
  readonly binaries: Binaries
  readonly identity: Identity
  readonly durable: boolean
}

/** Makes the cluster's files. It appears whole or not at all; of two makers at once one wins and both go on with its cluster. */
export async function makeCluster({ dataDir, cluster, binaries, identity, durable }: NewCluster): Promise<void> {
  mkdirSync(dataDir, { recursive: true })
  sweepAbandoned(dataDir)
  const making = mkdtempSync(join(dataDir, `.making-${process.pid}-`))
  try {
    const data = join(making, 'cluster')
    const password = join(making, passwordFile)
    writeFileSync(password, randomBytes(24).toString('base64url'), { mode: 0o600 })
    mkdirSync(data, { mode: 0o700 })
    if (process.getuid?.() === 0)
      for (const path of [making, data, password]) chownSync(path, identity.uid, identity.gid)
    await runToEnd(
      ...identity.wrap(binaries.initdb, [
        `--pgdata=${data}`,
        '--username=postgres',
        `--pwfile=${password}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        // Sorting and case by the server's own tables: an upgrade of the system's C library cannot damage an index.
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
        '--lc-ctype=C.UTF-8',
        '--no-instructions',
        ...(durable ? [] : ['--no-sync']),
      ]),
      making,
    )
    renameSync(password, join(data, passwordFile))
    try {
      renameSync(data, cluster)
    } catch (error) {
      if (!existsSync(join(cluster, 'PG_VERSION'))) throw error
    }
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
}

/** Removes what makers left behind that were killed half-way. */
function sweepAbandoned(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    const maker = /^\.making-(\d+)-/.exec(name)?.[1]
    if (maker && !existsSync(`/proc/${maker}`)) rmSync(join(dataDir, name), { recursive: true, force: true })
  }
}

/** What its user `postgres` signs in with; no two clusters have the same. */
export const clusterPassword = (cluster: string): string => readFileSync(join(cluster, passwordFile), 'utf8')

/** The address of the cluster's database while its server listens on `port`. */
export function clusterUrl(cluster: string, port: number, database: string): string {
  let password: string
  try {
    password = clusterPassword(cluster)
  } catch (error) {
    throw new Error(`${cluster} cannot be read by this user, or was not made by clawrk.`, { cause: error })
  }
  return `postgres://postgres:${password}@127.0.0.1:${port}/${database}`
}

/** What a server says of itself in `postmaster.pid`. */
export interface RunningServer {
  readonly pid: number
  readonly port: number
  readonly status: string
}

/** The server that runs on this cluster, if any. A file left by a dead server, or by one whose pid now belongs to another program, is none. */
export function findServer(cluster: string): RunningServer | null {
  const lines = readPidFile(cluster)
  const pid = Number(lines?.[0])
  if (!lines || !pid || !worksIn(pid, cluster)) return null
  return { pid, port: Number(lines[3] ?? 0), status: (lines[7] ?? '').trim() }
}

/**
 * Clears a `postmaster.pid` that would keep a new server from starting although its server is gone.
 * PostgreSQL sees by itself that a pid no longer exists; what it cannot see is a zombie, or another program with that number.
 */
export async function clearStalePid(cluster: string): Promise<void> {
  const pid = Number(readPidFile(cluster)?.[0])
  if (!pid) return
  // Children of a killed server end within moments; the file is what keeps a new server away from them until then.
  for (let tries = 0; tries < 60 && (existsSync(`/proc/${pid}`) || anyoneIn(cluster)); tries++) {
    if (worksIn(pid, cluster) || !(isZombie(pid) || anyoneIn(cluster))) break
    // One that is held up, by a slow disk or a full socket, would keep the market away as long. What it does is lost in any case.
    if (tries >= 10 && Number(readPidFile(cluster)?.[0]) === pid) endOrphans(cluster)
    await new Promise((done) => setTimeout(done, 50))
  }
  if (!anyoneIn(cluster) && Number(readPidFile(cluster)?.[0]) === pid)
    rmSync(join(cluster, 'postmaster.pid'), { force: true })
}

function readPidFile(cluster: string): string[] | null {
  try {
    return readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return null
  }
}

/** Every process of a server works in its cluster's folder; a zombie works nowhere. */
function worksIn(pid: number | string, cluster: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === cluster
  } catch {
    return false
  }
}

function anyoneIn(cluster: string): boolean {
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && worksIn(name, cluster))
}

/** Ends the children of a server that is dead; only whoever calls itself PostgreSQL's, should somebody else work in that folder. */
function endOrphans(cluster: string): void {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || !worksIn(name, cluster)) continue
    try {
      if (readFileSync(`/proc/${name}/cmdline`, 'utf8').startsWith('postgres: ')) process.kill(Number(name), 'SIGKILL')
    } catch {
      // It has ended by itself, or is not ours to end.
    }
  }
}

function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
