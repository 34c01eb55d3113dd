import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { processesOf } from '../support/processes.ts'

const main = join(import.meta.dirname, '../../demo/main.ts')

test('the demo: a dozen jobs come to their end and every cent is accounted for, while API, worker and PostgreSQL are killed', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-test-'))
  const child = spawn(process.execPath, [main, '--own', '--kills', '6', '--seed', '3'], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk
    })
  }
  const [code] = await once(child, 'close')
  assert.equal(code, 0, said)
  assert.match(said, /posted +12 jobs/)
  assert.match(said, /killed \(-9\) +6 times: the API 2, the worker 2, PostgreSQL 2;/)
  context.diagnostic(/killed \(-9\).*/.exec(said)![0])
  assert.match(said, /left in escrow +\$0\.00/)
  assert.match(said, /ledger +every law holds, no job is stuck/)
  assert.deepEqual(readdirSync(folder), [], 'it leaves no folder behind')
  assert.deepEqual(processesOf(folder), [], 'it leaves no process behind')
})
