import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import type Stripe from 'stripe'
import { startTwin } from '../../src/edges/twin/start.ts'
import { launchBrowser } from '../support/browser.ts'
import { controls } from './controls.ts'
import { pageOf, sdk, stage, topUp, webhookSecret } from './stage.ts'

const monthly: Partial<Stripe.Checkout.SessionCreateParams> = {
  mode: 'subscription',
  line_items: [
    {
      quantity: 1,
      price_data: {
        currency: 'usd',
        unit_amount: 2_900,
        recurring: { interval: 'month' },
        product_data: { name: 'Starter plan with a name that is rather long for a phone' },
      },
    },
  ],
}

/** The market as far as a payer's browser is concerned: somewhere to come back to. */
async function openMarket(t: TestContext): Promise<string> {
  const server = createServer((_request, response) => response.end('<h1>the market</h1>'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('in a browser each page fits a phone, and its one button leads back to the market', async (t) => {
  const browser = await launchBrowser()
  if (!browser) return t.skip('no browser')
  t.after(() => browser.close())
  const market = await openMarket(t)
  const { databaseUrl, receiver } = await stage(t)
  const twin = await startTwin({
    databaseUrl,
    port: 0,
    webhookUrl: receiver.url,
    webhookSecret,
    pagesBase: `${market}/twin`,
  })
  t.after(() => twin.close())
  const [stripe, faults] = [sdk(twin), controls(twin.url)]
  const { id: customer } = await stripe.customers.create({ email: 'ada@example.com' })
  const success_url = `${market}/wallet?paid={CHECKOUT_SESSION_ID}`
  const back = `?return_url=${market}/wallet`
  const pages = async (): Promise<Record<string, string>> => {
    const once = await stripe.checkout.sessions.create(topUp(2_000, { customer, success_url }))
    const plan = await stripe.checkout.sessions.create({ ...topUp(1), ...monthly, customer, success_url })
    const setup = await stripe.setupIntents.create({ customer })
    const pay = await stripe.paymentIntents.create({ amount: 150_000, currency: 'usd', description: 'Milestone 1' })
    const { id: account } = await stripe.accounts.create({ type: 'express', email: 'bob@example.com' })
    const urls = { return_url: `${market}/wallet`, refresh_url: `${market}/again` }
    const link = await stripe.accountLinks.create({ account, type: 'account_onboarding', ...urls })
    return {
      once: pageOf(twin, once.id),
      plan: pageOf(twin, plan.id),
      setup: `${twin.url}/twin/setup/${setup.client_secret}${back}`,
      pay: `${twin.url}/twin/pay/${pay.client_secret}${back}`,
      connect: link.url.replace(market, twin.url),
    }
  }
  for (const [colorScheme, width] of [
    ['light', 1_200],
    ['dark', 360],
  ] as const) {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } })
    const page = await context.newPage()
    // Pages may lead to the market only; here it is a page that says where one came to.
    await page.route(`${market}/**`, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<h1>the market</h1>' }),
    )
    for (const [name, url] of Object.entries(await pages())) {
      if (name === 'pay') await faults.fault('card_declined')
      await page.goto(url)
      const where = `${name}, ${colorScheme}, ${width} px`
      const fits = 'document.documentElement.scrollWidth <= document.documentElement.clientWidth'
      assert.ok(await page.evaluate(fits), `${where}: wider than the window`)
      assert.equal(await page.getByRole('button').count(), 1, where)
      assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1, where)
      await page.getByRole('button').click()
      if (name === 'pay') {
        assert.match((await page.getByRole('alert').textContent()) ?? '', /Your card was declined/)
        await page.getByRole('button').click()
      }
      await page.waitForURL(`${market}/wallet**`)
      await page.goto(url)
      assert.equal(await page.getByRole('button').count(), 0, `${where}: nothing is left to submit`)
      assert.ok(await page.evaluate(fits), `${where}: the receipt is wider than the window`)
    }
    await context.close()
  }
})
