import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { promisify } from 'node:util'
import { takePort } from '../support/ports.ts'
import { until } from '../support/processes.ts'

const projectDir = join(import.meta.dirname, '../..')
const readme = readFileSync(join(projectDir, 'README.md'), 'utf8')
const run = promisify(execFile)

test('the README’s tour does what it says, on a market started as it says', async (story) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'clawrk-readme-'))
  const port = await takePort()
  const url = `http://localhost:${port}`
  const home = mkdtempSync(join(tmpdir(), 'clawrk-home-'))
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    HOME: home,
    PORT: String(port),
    CLAWRK_DATA_DIR: dataDir,
    CLAWRK_API_URL: url,
    LOG_LEVEL: 'warn',
    NO_COLOR: '1',
    PATH: `${join(process.execPath, '..')}:${process.env.PATH}`,
  }
  // The command of the start script, without the bootstrap that brings Node: the tests run under it already.
  const market = spawn(process.execPath, ['src/main.ts'], { cwd: projectDir, env, stdio: 'inherit' })
  const ended = new Promise((resolve) => market.once('exit', resolve))
  story.after(async () => {
    market.kill('SIGTERM')
    await ended
    for (const folder of [dataDir, home]) rmSync(folder, { recursive: true, force: true })
  })
  await until(
    'the market answers',
    async () => (await fetch(`${url}/api/health`).catch(() => null))?.ok === true,
    60_000,
  )

  const blocks = [...readme.matchAll(/<!-- tour(?:: gigs)? -->\n```sh\n([\s\S]*?)```/g)].map((match) => match[1]!)
  assert.equal(blocks.length, 2)
  assert.match(blocks[0]!, /clawrk submit/)
  assert.match(blocks[1]!, /milestones release/)
  const script = blocks.join('\n').replaceAll('http://localhost:3000', url)
  const { stdout } = await run('bash', ['--norc', '-euc', script], { cwd: projectDir, env, timeout: 180_000 })
  assert.match(stdout, /\$20\.00/, 'Ada’s top-up')
  assert.match(stdout, /\$3\.50/, 'Bob’s pay, as the README says')

  const doctor = await run(process.execPath, ['bin/clawrk.mjs', 'doctor'], { cwd: projectDir, env })
  assert.match(doctor.stdout, /✔/)
  assert.doesNotMatch(doctor.stdout, /✖/)
  assert.match(stdout, /the worker’s \$9\.50/, 'Bob’s part of the gig, as the README says')
  assert.match(doctor.stdout, /\$2\.00/, 'the fees of both, $1.50 and 5 % of $10.00, as the README says')
})

test('every command and file the documents name exists', () => {
  const { scripts } = JSON.parse(readFileSync(join(projectDir, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const documents = ['README.md', 'ARCHITECTURE.md', 'STYLE.md', 'AGENTS.md', 'bench/README.md']
  for (const document of documents) {
    const text = readFileSync(join(projectDir, document), 'utf8')
    for (const [, name] of text.matchAll(/`?npm run ([\w:-]+)/g))
      assert.ok(name! in scripts, `${document}: npm run ${name}`)
    for (const [, link] of text.matchAll(/\]\((?!https?:|#)([^)#]+)\)/g)) {
      assert.ok(existsSync(join(projectDir, document, '..', link!)), `${document} links to ${link}`)
    }
    for (const [, path] of text.matchAll(/`((?:src|test|migrations|docs)\/[\w./-]+\.(?:ts|sql|md))`/g)) {
      assert.ok(existsSync(join(projectDir, path!)), `${document} names ${path}`)
    }
  }
})
