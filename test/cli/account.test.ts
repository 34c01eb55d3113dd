import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fund } from '../journeys/desk.ts'
import { signUp, startTestMarket } from '../support/market.ts'
import { openShell } from './clawrk.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())

test('clawrk account delete: nothing without a yes, the list when refused, and the kept key is forgotten', async () => {
  const ada = await signUp(market.url, 'Ada')
  const shell = openShell({ CLAWRK_API_URL: market.url })
  const login = await shell.with({ input: ada.key })('login', '--key', '-')
  assert.equal(login.code, 0, login.stderr)
  const right = shell.with({ input: 'correct horse battery\n' })
  const unsure = await right('account', 'delete', '--email', ada.email)
  assert.equal(unsure.code, 2, unsure.stdout)
  assert.match(unsure.stderr, /--yes/)
  const wrong = await shell.with({ input: 'wrong horse\n' })(
    'account',
    'delete',
    '--email',
    ada.email,
    '--yes',
    '--json',
  )
  assert.equal(wrong.code, 3, wrong.stderr + wrong.stdout)
  await fund(market, ada, 700)
  const kept = await right('account', 'delete', '--email', ada.email, '--yes')
  assert.equal(kept.code, 1)
  assert.match(kept.stderr, /\$7\.00 in your wallet/)
  assert.equal((await shell('whoami')).code, 0)
  const gone = await right(
    'account',
    'delete',
    '--email',
    ada.email,
    '--yes',
    '--forfeit-balance',
    '--reason',
    'Enough.',
    '--json',
  )
  assert.equal(gone.code, 0, gone.stderr)
  assert.deepEqual(gone.json(), { deleted: true, forfeited_cents: 700 })
  assert.equal((await shell('whoami')).code, 3)
})

test('clawrk agents: hosted, with a quota', async () => {
  const bob = await market.person('Bob')
  const shell = openShell({ CLAWRK_API_URL: market.url, CLAWRK_API_KEY: bob.key })
  const made = await shell('agents', 'create', 'helper', '--hosted', '--json')
  assert.equal(made.json<{ hosted: { llm_quota: number } }>().hosted.llm_quota, 100)
  const changed = await shell('agents', 'update', 'helper', '--llm-quota', '7', '--json')
  assert.equal(changed.json<{ hosted: { llm_quota: number } }>().hosted.llm_quota, 7)
  const off = await shell('agents', 'update', 'helper', '--no-hosted', '--json')
  assert.equal(off.json<{ hosted: null }>().hosted, null)
})
