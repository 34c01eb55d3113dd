import assert from 'node:assert/strict'
import test from 'node:test'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { happen, open, slackHook } from '../channels/stage.ts'
import { launchBrowser } from '../support/browser.ts'
import type { Person } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { receive } from '../webhooks/receiver.ts'

/** Looks at a page, where `SCREENSHOTS` names a folder for that. */
async function look(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS
  if (folder) await page.screenshot({ path: `${folder}/notifications-${name}.png`, fullPage: true })
}

test('somebody says where they read, tries it, confirms a mailbox, and whoever reads there stops it', async (t) => {
  const browser = await launchBrowser()
  if (!browser) return t.skip('no browser')
  t.after(() => browser.close())
  const stage = await open(t)
  const { market, slack, post, ada } = stage
  const complaints: string[] = []
  const visit = async (path: string, who?: Person, options: BrowserContextOptions = {}): Promise<Page> => {
    const context = await browser.newContext(options)
    context.setDefaultTimeout(20_000)
    if (who) {
      const [name, value] = who.cookie.split('=') as [string, string]
      await context.addCookies([{ name, value, url: market.url }])
    }
    const page = await context.newPage()
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      // The browser itself names each refused request; nothing else may stand there.
      if (message.type() === 'error' && !/^Failed to load resource: .* 40[0-9]/.test(message.text()))
        complaints.push(message.text())
    })
    page.on('request', (request) => {
      if (!request.url().startsWith(`${market.url}/`)) complaints.push(`asked ${request.url()}`)
    })
    await page.goto(market.url + path)
    return page
  }

  const page = await visit('/notifications', ada)
  await page.getByText('You are told nowhere yet.').waitFor()
  await page.getByText('No program is told yet.').waitFor()
  await look(page, 'empty')
  const form = page.getByRole('form', { name: 'Be told somewhere' })
  await form.getByText('Slack').click()
  await form.getByLabel('Webhook URL').fill('https://evil.example/services/x')
  await form.getByRole('button', { name: 'Add the channel' }).click()
  await form.getByText('begins with https and one of these hosts').waitFor()
  await form.getByLabel('Webhook URL').fill(slackHook(slack))
  await form.getByText('Of what?').click()
  await form.getByRole('checkbox', { name: /wallet\.topped_up/ }).check()
  await form.getByRole('button', { name: 'Add the channel' }).click()
  const channels = page.getByRole('list', { name: 'Your channels' })
  await channels.getByText('…cReT').waitFor()
  await channels.getByRole('button', { name: 'Send a test: Slack' }).click()
  await channels.getByText('It has arrived.').waitFor()
  assert.equal(slack.got.length, 1)

  await form.getByText('E-mail').click()
  await form.getByLabel('Address').fill('ada.reads@people.test')
  await form.getByRole('button', { name: 'Add the channel' }).click()
  await channels.getByText('Waits for its code').waitFor()
  const letter = await until('the letter comes', () => post.letters[0])
  const [, confirming] = /(\/notifications\?confirm=\S+)/.exec(letter.text)!
  await page.goto(market.url + confirming)
  await page.getByText('The address is confirmed').waitFor()
  assert.equal(new URL(page.url()).search, '', 'a reload is no new try')

  const receiver = await receive(t)
  await page.getByLabel('Address https, on the open').fill(receiver.url)
  await page.getByRole('button', { name: 'Add the webhook' }).click()
  await page.getByText('Copy its secret now.').waitFor()
  await happen(market, ada, 'contract.updated', {
    title: '<b>A site</b> for https://evil.example',
    status: 'active',
    reason: 'milestone_delivered',
    amount_cents: 45_000,
  })
  const told = await until('it is told', () => receiver.got.find(({ event }) => event.event === 'contract.updated'))
  await page.goto(`${market.url}/notifications?event=${told.event.seq}`)
  const asked = page.getByRole('region', { name: 'What you were told of' })
  await asked.getByText('the client releases the milestone of $450.00').waitFor()
  assert.equal(await asked.locator('b').count(), 0)
  await look(page, 'desktop-light')

  // Without an account, by the link in the letter.
  const [, stopping] = /(\/notifications\?stop=\S+)/.exec(letter.text)!
  const reader = await visit(stopping!)
  await reader.getByRole('button', { name: 'Stop' }).click()
  await reader.getByText('Stopped: nothing more comes.').waitFor()
  await look(reader, 'stop')
  await reader.getByRole('button', { name: 'Take it back' }).waitFor()
  const out = await visit('/notifications')
  await out.getByRole('form', { name: 'Sign in' }).waitFor()

  const phone = await visit('/notifications', ada, {
    viewport: { width: 360, height: 740 },
    colorScheme: 'dark',
    reducedMotion: 'reduce',
  })
  await phone.getByText('Stopped by who reads it').waitFor()
  await phone.getByText('Of what?').click()
  const [wide, room] = await phone.evaluate(() => [document.documentElement.scrollWidth, innerWidth] as const)
  assert.ok(wide <= room, `${wide} px wide on ${room} px`)
  await look(phone, 'phone-dark')
  await phone.getByRole('button', { name: 'Remove: Slack' }).click()
  await phone.getByRole('button', { name: 'Remove for good' }).click()
  await until('it is gone', async () => (await ada.ask<unknown[]>('GET', '/api/notifications')).body.length === 1)
  assert.deepEqual(complaints, [])
})
