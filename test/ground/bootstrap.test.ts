import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'clawrk-ground-'))
after(() => rmSync(folder, { recursive: true, force: true }))

// A project without dependencies: the order of things is the same, and nothing is downloaded.
const packageJson = { name: 'nothing', version: '1.0.0' }
copyFileSync(join(import.meta.dirname, '../../bootstrap.mjs'), join(folder, 'bootstrap.mjs'))
writeFileSync(join(folder, 'package.json'), JSON.stringify(packageJson))
const writeLockfile = (remark: string): void =>
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({ ...packageJson, lockfileVersion: 3, requires: true, packages: { '': packageJson }, remark }),
  )
const bootstrap = (): Promise<{ stdout: string; stderr: string }> =>
  run(process.execPath, [join(folder, 'bootstrap.mjs')])

test('it prints the PATH and nothing else, installs once, and again when the lockfile changes', async () => {
  writeLockfile('first')
  const first = await bootstrap()
  assert.match(first.stdout, /^\/[^\n]+\n$/)
  assert.match(first.stderr, /Installing the dependencies/)
  const second = await bootstrap()
  assert.equal(second.stdout, first.stdout)
  assert.equal(second.stderr, '')
  writeLockfile('second')
  assert.match((await bootstrap()).stderr, /Installing the dependencies/)
})

test('of two starters at once one installs; a lock whose owner died is taken over', async () => {
  writeLockfile('third')
  mkdirSync(join(folder, '.node'), { recursive: true })
  writeFileSync(join(folder, '.node/lock'), '999999999 1')
  const both = await Promise.all([bootstrap(), bootstrap()])
  assert.equal(both.filter(({ stderr }) => stderr.includes('Installing')).length, 1)
  assert.equal(existsSync(join(folder, '.node/lock')), false)
})
