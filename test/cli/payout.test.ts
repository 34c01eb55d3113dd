import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { people } from '../journeys/desk.ts'
import { ask, startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { earn, owners } from '../wallet/stage.ts'
import { openShell } from './clawrk.ts'

const market = await startTestMarket()
after(() => market.close())
const [ada] = await owners(market, 'Ada')
const clawrk = openShell({ CLAWRK_API_KEY: ada.key, CLAWRK_API_URL: market.url })
const page = (text: string): string => /http\S+/.exec(text)![0]

test('money out by the command line: connect, withdraw, refund; refusals say what to do', async () => {
  await earn(market, ada, 1_200)
  const early = await clawrk('withdraw', '5')
  assert.equal(early.code, 1)
  assert.match(early.stderr, /clawrk connect/)
  assert.match((await clawrk('connect', '--status')).stdout, /not connected/)
  const connect = await clawrk('connect')
  await ask(market.url, 'POST', page(connect.stdout))
  assert.deepEqual((await clawrk('connect', '--status', '--json')).json(), { status: 'active' })
  assert.equal((await clawrk('withdraw')).code, 2)
  assert.match((await clawrk('withdraw', '5')).stdout, /✔ \$5\.00 are on their way to your account/)
  const rest = await clawrk('withdraw', '--all', '--json')
  assert.deepEqual([rest.code, rest.json().status, rest.json().amount_cents], [0, 'paid', 700])
  assert.equal((await clawrk('withdraw', '--all')).code, 1)

  const empty = await clawrk('refund')
  assert.deepEqual([empty.code, /No unspent top-up/.test(empty.stderr)], [1, true])
  await ask(market.url, 'POST', page((await clawrk('topup', '20')).stdout))
  await until('the top-up comes', async () => (await clawrk('balance', '--json')).json().balance_cents === 2_000)
  assert.match((await clawrk('refund', '12.50')).stdout, /✔ \$12\.50 are on their way back to your card/)
  assert.equal((await clawrk('refund', '--json')).json().amount_cents, 750)
})

test('a card and automatic top-ups by the command line', async () => {
  const early = await clawrk('topup', '--auto', 'on', '--amount', '20', '--below', '5')
  assert.deepEqual([early.code, /clawrk card --save/.test(early.stderr)], [1, true])
  assert.equal((await clawrk('topup', '--auto', 'maybe')).code, 2)
  await ask(market.url, 'POST', page((await clawrk('card', '--save')).stdout))
  await until('the card is saved', async () => /4242/.test((await clawrk('card')).stdout))
  const on = await clawrk('topup', '--auto', 'on', '--amount', '20', '--below', '5')
  assert.match(on.stdout, /on[\s\S]*\$20\.00[\s\S]*\$5\.00[\s\S]*\$50\.00[\s\S]*4242/)
  await until(
    'the wallet fills itself up',
    async () => (await clawrk('balance', '--json')).json().balance_cents === 2_000,
  )
  assert.match((await clawrk('balance')).stdout, /auto_topup:pi_/)
  const off = await clawrk('topup', '--auto', 'off', '--json')
  assert.equal(off.json().enabled, false)
})

test('a key without wallet:manage is told where to go', async () => {
  const [bea] = await people(market, 'Bea')
  const other = openShell({ CLAWRK_API_KEY: bea.key, CLAWRK_API_URL: market.url })
  const answer = await other('withdraw', '5')
  assert.equal(answer.code, 1)
  assert.match(answer.stderr, /wallet:manage/)
})
