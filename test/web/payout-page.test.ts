import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { people, walletOf as walletCents } from '../journeys/desk.ts'
import { launchBrowser } from '../support/browser.ts'
import { type Person, startTestMarket, type TestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { earn, paid } from '../wallet/stage.ts'

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

async function walletOf(
  person: Person,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser!.newContext(options)
  context.setDefaultTimeout(45_000)
  const [name, value] = person.cookie.split('=') as [string, string]
  await context.addCookies([{ name, value, url: market.url }])
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    // The browser itself names each refused request; nothing else may stand there.
    if (message.type() === 'error' && !/^Failed to load resource: .* 40[02]/.test(message.text()))
      complaints.push(message.text())
  })
  await page.goto(`${market.url}/wallet`)
  return { page, complaints }
}

/** Looks at a page, where `SCREENSHOTS` names a folder for that. */
async function look(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true })
}

test('somebody connects an account, takes earned money out, sends a top-up back and lets the wallet fill itself up', async (t) => {
  if (!browser) return t.skip('no browser')
  const [ada] = await people(market, 'Ada')
  await paid(market, ada, 2_000)
  await earn(market, ada, 1_500)
  const { page, complaints } = await walletOf(ada)
  await page.getByText('connect one first').waitFor()
  await look(page, 'new')
  assert.ok(await page.getByRole('form', { name: 'Withdraw' }).isHidden())
  await page.getByRole('button', { name: 'Connect an account' }).click()
  await page.waitForURL('**/twin/**')
  await page.locator('button[type=submit]').click()
  await page.getByText('Your account is connected.').waitFor()
  assert.equal(new URL(page.url()).search, '')

  const withdraw = page.getByRole('form', { name: 'Withdraw' })
  await withdraw.getByRole('textbox').fill('a lot')
  await withdraw.getByRole('button').click()
  await withdraw.getByText('Write the amount in dollars').waitFor()
  await withdraw.getByRole('textbox').fill('20')
  await withdraw.getByRole('button').click()
  await withdraw.getByText('You may take out $15.00').waitFor()
  await withdraw.getByRole('textbox').fill('15')
  await withdraw.getByRole('button').click()
  await page.getByText('$15.00 are on their way to your account.').waitFor()
  assert.equal(await page.locator('#balance').innerText(), '$20.00')

  const back = page.getByRole('form', { name: 'Back to the card' })
  await back.getByRole('textbox').fill('12.50')
  await back.getByRole('button').click()
  await page.getByText('$12.50 are on their way back to your card.').waitFor()
  assert.equal(await page.locator('#balance').innerText(), '$7.50')

  await page.getByRole('button', { name: 'Save a card' }).click()
  await page.waitForURL('**/twin/**')
  await page.locator('button[type=submit]').click()
  await page.getByText('visa ····4242').waitFor()
  const auto = page.getByRole('form', { name: 'Automatic top-up' })
  await auto.getByLabel('Charge').fill('20')
  await auto.getByLabel('When below').fill('30')
  await auto.getByRole('button', { name: 'Turn on' }).click()
  await auto.getByText('must be at most amount_cents').waitFor()
  await auto.getByLabel('When below').fill('10')
  await auto.getByRole('button', { name: 'Turn on' }).click()
  await page.getByText('On: charges $20.00 when less than $10.00 is left, at most $50.00 a day.').waitFor()
  await until('the wallet fills itself up', async () => (await walletCents(ada)).balance_cents === 2_750)
  await page.reload()
  await page.getByText('On: charges').waitFor()
  await page.getByRole('cell', { name: 'Automatic top-up' }).waitFor()
  await look(page, 'desktop-light')
  await auto.getByRole('button', { name: 'Turn off' }).click()
  await page.getByText('Automatic top-up is off.').waitFor()
  assert.deepEqual(complaints, [])
  await page.context().close()
})

test('a debt, a paused card and an account that is asked for more, on a phone in the dark', async (t) => {
  if (!browser) return t.skip('no browser')
  const [bea] = await people(market, 'Bea')
  await market.db.rows(`select ledger_chargeback($1, 'dispute:du_page', 1234)`, [bea.userId])
  await market.db.rows(
    `insert into saved_card (user_id, customer_id, payment_method_id, brand, last4, exp_month, exp_year, setup_at, saved_at)
     values ($1, 'cus_x', 'pm_x', 'visa', '0341', 12, 2034, now(), now())`,
    [bea.userId],
  )
  await market.db.rows(
    `insert into auto_topup (user_id, enabled, amount_cents, threshold_cents, max_per_day_cents, paused_at, paused_reason, changed_at)
     values ($1, true, 2000, 500, 5000, now(), 'Your card was declined.', now())`,
    [bea.userId],
  )
  await market.db.rows(
    `update app_user set stripe_account_id = 'acct_page', stripe_account_status = 'pending' where id = $1`,
    [bea.userId],
  )
  const { page, complaints } = await walletOf(bea, {
    viewport: { width: 360, height: 740 },
    colorScheme: 'dark',
    reducedMotion: 'reduce',
  })
  await page.getByText('Paused, because a charge failed: Your card was declined.').waitFor()
  await page.getByRole('button', { name: 'Go on with the form' }).waitFor()
  assert.match(await page.locator('#parts').innerText(), /Owed after a chargeback\s+\$12\.34/)
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth] as const)
  assert.ok(wide <= room, `${wide} px wide on ${room} px`)
  await look(page, 'phone-dark')
  assert.deepEqual(complaints, [])
  await page.context().close()
})
