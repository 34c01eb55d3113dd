import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Channel, Message } from '../../src/core/channels/channel.ts'
import { numbered, type Person, startTestMarket, type TestMarket } from '../support/market.ts'
import { type Post, type StandIn, startDiscord, startPost, startSlack, startTelegram } from './stand-ins.ts'

export const botToken = '123456:a-bot-of-the-tests'

export interface Stage {
  readonly market: TestMarket
  readonly telegram: StandIn
  readonly discord: StandIn
  readonly slack: StandIn
  readonly post: Post
  readonly ada: Person
  readonly bob: Person
}

/** The settings under which a market writes to these stand-ins. */
export const settingsFor = ({
  telegram,
  discord,
  slack,
  post,
}: Pick<Stage, 'telegram' | 'discord' | 'slack' | 'post'>) => ({
  TELEGRAM_BOT_TOKEN: botToken,
  TELEGRAM_API_URL: telegram.url,
  DISCORD_HOSTS: `discord.com,${discord.url}`,
  SLACK_HOSTS: `hooks.slack.com,${slack.url}`,
  SMTP_URL: post.url,
  MAIL_FROM: 'The market <market@market.test>',
  ALLOW_PRIVATE_WEBHOOKS: '1',
})

export async function open(context: TestContext, env: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const [telegram, discord, slack, post] = await Promise.all([
    startTelegram(context),
    startDiscord(context),
    startSlack(context),
    startPost(context),
  ])
  const stands = { telegram, discord, slack, post }
  const market = await startTestMarket({ env: { ...settingsFor(stands), ...env } })
  context.after(() => market.close())
  const stage = { ...stands, market, ada: await market.person('Ada'), bob: await market.person('Bob') }
  await numbered(market)
  return stage
}

export const discordHook = ({ url }: StandIn, nth = 1): string => `${url}/api/webhooks/10000${nth}/sEcReT-tOkEn-${nth}`
export const slackHook = ({ url }: StandIn): string => `${url}/services/T000/B000/sEcReTsEcReT`

export async function channel(
  who: Person,
  channel_type: Channel['channel_type'],
  config: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Channel> {
  const { status, body } = await who.ask<Channel>('POST', '/api/notifications', { channel_type, config, ...more })
  assert.equal(status, 201, JSON.stringify(body))
  return body
}

/** Something happens to somebody, as a room would tell it. */
export const happen = (
  market: TestMarket,
  who: Person,
  name: string,
  data: Readonly<Record<string, unknown>>,
): Promise<unknown> =>
  market.db.rows(`select event_write($2, 'thing:1', array[$1::uuid], $3::json)`, [
    who.userId,
    name,
    JSON.stringify(data),
  ])

export const topUp = (market: TestMarket, who: Person, cents: number): Promise<unknown> =>
  happen(market, who, 'wallet.topped_up', { topup_id: '01a20226-00b5-7bc1-9461-989abfd9ed53', amount_cents: cents })

export const messages = async (who: Person, { id }: Pick<Channel, 'id'>): Promise<Message[]> =>
  (await who.ask<Message[]>('GET', `/api/notifications/${id}/messages`)).body

export const state = async (who: Person, { id }: Channel): Promise<Channel> =>
  (await who.ask<Channel[]>('GET', '/api/notifications')).body.find((one) => one.id === id)!
