import assert from 'node:assert/strict'
import test from 'node:test'
import { messages, open, slackHook } from '../channels/stage.ts'
import { until } from '../support/processes.ts'
import { openShell } from './clawrk.ts'

test('somebody has a chat and a mailbox told what happens, tries, changes and removes them, all from a shell', async (context) => {
  const { market, slack, post, ada } = await open(context)
  const clawrk = openShell({ CLAWRK_API_KEY: ada.key, CLAWRK_API_URL: market.url })
  assert.match((await clawrk('channels')).stdout, /You have none: {2}clawrk channels create telegram/)
  assert.equal((await clawrk('channels', 'create', 'fax', '1')).code, 2)
  const made = await clawrk('channels', 'create', 'slack', slackHook(slack), '-e', 'wallet.topped_up', '--json')
  const { id } = made.json<{ id: string }>()
  assert.match((await clawrk('channels', 'test', id)).stdout, /on its way/)
  await until('it arrives', () => slack.got.length === 1)
  await until('it is booked', async () => (await messages(ada, { id })).length === 1)
  assert.match((await clawrk('channels', 'messages', id)).stdout, /test +delivered/)
  assert.match((await clawrk('channels', 'set', id, '--all', '--digest', 'daily')).stdout, /changed/)
  assert.match((await clawrk('channels')).stdout, /slack +http\S+…cReT +on/)

  const mail = await clawrk('channels', 'create', 'email', 'ada.reads@people.test')
  const [, mailbox] = /([0-9a-f-]{36}) waits for the code/.exec(mail.stdout)!
  assert.match(mail.stdout, new RegExp(`clawrk channels confirm ${mailbox} <code>`))
  const letter = await until('the code comes', () => post.letters[0])
  const [, code] = /code (\w{5}-\w{5})/.exec(letter.text)!
  assert.equal((await clawrk('channels', 'confirm', mailbox!, 'AAAAA-AAAAA')).code, 1)
  assert.match((await clawrk('channels', 'confirm', mailbox!, code!)).stdout, /told what happens from now on/)
  assert.equal((await clawrk('channels', 'disable', mailbox!)).code, 0)
  assert.match((await clawrk('channels')).stdout, /email +a…@people\.test +off \(owner\)/)
  assert.equal((await clawrk('channels', 'delete', mailbox!)).code, 0)
  assert.equal((await clawrk('channels', 'delete', id)).code, 0)
})
