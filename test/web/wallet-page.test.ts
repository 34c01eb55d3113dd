import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { launchBrowser } from '../support/browser.ts'
import { signUp as signUpAt, startTestMarket, type TestMarket } from '../support/market.ts'

let market: TestMarket
let browser: Browser | null

before(async () => {
  browser = await launchBrowser()
  if (browser) market = await startTestMarket()
})
after(async () => {
  await browser?.close()
  await market?.close()
})

interface Watched {
  readonly page: Page
  /** What the browser complained about: scripts, the content policy, requests that failed or left the market. */
  readonly complaints: string[]
}

async function open(options: BrowserContextOptions & { cookie?: string } = {}): Promise<Watched> {
  const { cookie, ...more } = options
  const context = await browser!.newContext(more)
  context.setDefaultTimeout(45_000)
  if (cookie) {
    const [name, value] = cookie.split('=') as [string, string]
    await context.addCookies([{ name, value, url: market.url }])
  }
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => {
    if (!request.url().startsWith(`${market.url}/`)) complaints.push(`asked ${request.url()}`)
  })
  return { page, complaints }
}

const balanceOf = (page: Page) => page.locator('#balance')

test('a person signs up, tops up $20, makes a key that works, and signs out', async (t) => {
  if (!browser) return t.skip('no browser')
  const { page, complaints } = await open()
  await page.goto(`${market.url}/`)
  assert.match(await page.locator('header').innerText(), /TEST MODE/)
  await page.getByText('You are not signed in.').waitFor()
  await page.getByRole('link', { name: 'Make an account' }).click()

  const signUp = page.getByRole('form', { name: 'Make an account' })
  await signUp.getByLabel('Name').fill('Ada')
  await signUp.getByLabel('E-mail').fill('ada@people.test')
  await signUp.getByLabel('Password').fill('correct horse battery')
  await page.keyboard.press('Enter')
  await balanceOf(page).getByText('$0.00').waitFor()
  await page.getByText('Ada · ada@people.test').waitFor()
  await page.getByText('No money has moved yet.').waitFor()

  await page.getByRole('button', { name: 'Top up $20.00' }).click()
  await page.getByRole('button', { name: 'Pay $20.00' }).click()
  await page.getByText('Paid — $20.00 is in your wallet.').waitFor()
  assert.equal(await balanceOf(page).innerText(), '$20.00')
  assert.equal(new URL(page.url()).search, '', 'a reload is no new payment')
  const line = page.getByRole('table', { name: 'History' }).getByRole('row').nth(1)
  assert.match(await line.innerText(), /Top-up\s+\+\$20\.00/)

  await page.getByLabel('Name of the new key').fill('laptop')
  await page.getByRole('button', { name: 'Make a key' }).click()
  const key = await page.getByRole('figure', { name: 'The key' }).locator('code').innerText()
  const whoami = (): Promise<Response> =>
    fetch(`${market.url}/api/whoami`, { method: 'POST', headers: { authorization: `Bearer ${key}` } })
  assert.equal(((await (await whoami()).json()) as { user: { name: string } }).user.name, 'Ada')

  await page.reload()
  const keys = page.getByRole('list', { name: 'Your keys' })
  assert.match(await keys.innerText(), new RegExp(`laptop[^]*clk_…${key.slice(-4)}`))
  assert.ok(!(await page.content()).includes(key), 'a key is shown once')
  await page.getByRole('button', { name: 'Revoke laptop' }).click()
  await page.getByRole('button', { name: 'Revoke for good' }).click()
  await page.getByText('laptop is revoked.').waitFor()
  assert.equal((await whoami()).status, 401)

  await page.goto(`${market.url}/`)
  await page.getByText('You are signed in as Ada, with $20.00 in your wallet.').waitFor()
  await page.goto(`${market.url}/wallet`)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  assert.deepEqual(complaints, [])
  await page.context().close()
})

test('a refusal is told in the words of the API, and the field it is about is marked', async (t) => {
  if (!browser) return t.skip('no browser')
  const ada = await signUpAt(market.url, 'Ada')
  const { page, complaints } = await open()
  await page.goto(`${market.url}/wallet`)
  const signUp = page.getByRole('form', { name: 'Make an account' })
  await signUp.getByLabel('Name').fill('Ada')
  await signUp.getByLabel('E-mail').fill('ada at home')
  await signUp.getByLabel('Password').fill('correct horse battery')
  await signUp.getByRole('button').click()
  await signUp.getByRole('alert').getByText('must be an e-mail address').waitFor()
  const email = signUp.getByLabel('E-mail')
  assert.equal(await email.getAttribute('aria-invalid'), 'true')
  assert.ok(await email.evaluate((field) => field === document.activeElement))

  await email.fill(ada.email)
  await signUp.getByRole('button').click()
  await page.getByText('There is an account with this e-mail address; sign in instead.').waitFor()

  const signIn = page.getByRole('form', { name: 'Sign in' })
  await signIn.getByLabel('E-mail').fill(ada.email)
  await signIn.getByLabel('Password').fill('wrong horse')
  await signIn.getByRole('button').click()
  await page.getByText('E-mail address or password is wrong.').waitFor()
  await signIn.getByLabel('Password').fill('correct horse battery')
  await signIn.getByRole('button').click()
  await balanceOf(page).getByText('$0.00').waitFor()

  await page.getByRole('radio', { name: 'Other' }).focus()
  await page.keyboard.press('Space')
  await page.getByLabel('Dollars').fill('3.00')
  await page.getByRole('button', { name: 'Top up $3.00' }).click()
  const { body } = await ada.ask<{ error: string }>('POST', '/api/wallet/topup', { amount_cents: 300 })
  await page.getByRole('alert').getByText(body.error).waitFor()

  // The browser itself names each refused request in its console; nothing else may stand there.
  assert.deepEqual(
    complaints.filter((text) => !/^Failed to load resource: .* 40[019]/.test(text)),
    [],
  )
  await page.context().close()
})

test('a payment that is not there yet is said to be on its way, and one from elsewhere is found', async (t) => {
  if (!browser) return t.skip('no browser')
  const ben = await market.person('Ben')
  const { page, complaints } = await open({ cookie: ben.cookie })
  await page.goto(`${market.url}/wallet?topup=01a2024b-bb37-7221-96c4-c3aca383199b`)
  await page.getByText('Waiting for the payment to arrive').waitFor()
  // Paid by a terminal meanwhile: this page never saw the checkout.
  await ben.topUp(500)
  await page.getByText('Paid — $5.00 is in your wallet.').waitFor()
  assert.deepEqual(complaints, [])
  await page.context().close()

  const stranger = await open()
  await stranger.page.goto(`${market.url}/wallet?topup=01a2024b-bb37-7221-96c4-c3aca383199b`)
  await stranger.page.getByText('Sign in to see the payment in your wallet.').waitFor()
  assert.deepEqual(stranger.complaints, [])
  await stranger.page.context().close()
})

test('on a phone nothing sticks out to the side', async (t) => {
  if (!browser) return t.skip('no browser')
  const phone: BrowserContextOptions = {
    viewport: { width: 360, height: 740 },
    colorScheme: 'dark',
    reducedMotion: 'reduce',
  }
  const fits = async (page: Page): Promise<void> => {
    const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth] as const)
    assert.ok(wide <= room, `${page.url()} is ${wide} px wide on ${room} px`)
  }
  const out = await open(phone)
  await out.page.goto(`${market.url}/`)
  await out.page.getByText('No browser?').click()
  await fits(out.page)
  await out.page.goto(`${market.url}/wallet`)
  await fits(out.page)
  await out.page.context().close()

  const eve = await market.person('Eve With A Rather Long Name Of Her Own')
  await eve.topUp(1_000_000)
  const { body: job } = await eve.ask('POST', '/api/jobs/run', {
    prompt: 'Name three rivers of Spain',
    price_cents: 12_345,
    confirmed: true,
  })
  await eve.ask('POST', `/api/jobs/${job.id}/cancel`)
  const { page, complaints } = await open({ ...phone, cookie: eve.cookie })
  await page.goto(`${market.url}/wallet`)
  await page.getByText('Refund').waitFor()
  await page.getByRole('button', { name: 'Make a key' }).click()
  await page.getByText('Copy your key now.').waitFor()
  await page.getByRole('button', { name: 'Revoke test' }).click()
  await fits(page)
  assert.deepEqual(complaints, [])
  await page.context().close()
})
