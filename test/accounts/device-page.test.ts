import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import type { DeviceStarted } from '../../src/core/accounts/start-device.ts'
import { refused, went } from '../journeys/desk.ts'
import { launchBrowser } from '../support/browser.ts'
import { ask, signUp, startTestMarket, type TestMarket } from '../support/market.ts'

let market: TestMarket
let browser: Browser | null

before(async () => {
  browser = await launchBrowser()
  if (browser) market = await startTestMarket({ worker: false })
})
after(async () => {
  await browser?.close()
  await market?.close()
})

test('a person opens the address their device shows, signs in, sees which device it is, and approves; another they deny', async (t) => {
  if (!browser) return t.skip('no browser')
  const ada = await signUp(market.url, 'Ada')
  const start = async (name: string): Promise<DeviceStarted> =>
    went(await ask<DeviceStarted>(market.url, 'POST', '/api/auth/device', { client_name: name }))
  const poll = (device: DeviceStarted) =>
    ask(market.url, 'POST', '/api/auth/device/token', { device_code: device.device_code })
  const page = await (await browser.newContext()).newPage()
  page.setDefaultTimeout(45_000)
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))

  const device = await start('<b>laptop</b>')
  const answer = await page.goto(device.verification_uri_complete)
  assert.match(answer!.headers()['content-security-policy']!, /default-src 'none'.*frame-ancestors 'none'/)
  const signIn = page.getByRole('form', { name: 'Sign in' })
  await signIn.getByLabel('E-mail').fill(ada.email)
  await signIn.getByLabel('Password').fill('correct horse battery')
  await page.keyboard.press('Enter')
  await page.getByText(device.user_code).waitFor()
  await page.getByText('<b>laptop</b> wants an API key of yours (Ada)').waitFor()
  await page.getByRole('button', { name: 'Approve' }).click()
  await page.getByText('<b>laptop</b> is signed in.').waitFor()
  went(await poll(device))

  const other = await start('not mine')
  await page.goto(other.verification_uri)
  await page.getByLabel('Code').fill(other.user_code.toLowerCase().replace('-', ''))
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Deny' }).click()
  await page.getByText('not mine was not let in.').waitFor()
  refused(await poll(other), 400, 'access_denied')
  assert.deepEqual(complaints, [])

  await page.goto(other.verification_uri_complete)
  await page.getByText('No device waits under this code').waitFor()
  await page.context().close()
})
