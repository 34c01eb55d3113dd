import type { Egress } from '../../base/egress/egress.ts'
import { EgressError } from '../../base/egress/egress.ts'
import type { Sealer } from '../../base/seal.ts'
import type { ChannelType, MaskedConfig } from './channel.ts'

/** Where a channel leads: a chat, the address of a webhook, or a mailbox. */
export interface Place {
  readonly type: ChannelType
  readonly to: string
}

/** Which field of `config` names the place. */
export const fieldOf = { telegram: 'chat_id', discord: 'webhook_url', slack: 'webhook_url', email: 'address' } as const

export type ConfigField = (typeof fieldOf)[ChannelType]

/** Hosts that webhooks of Discord and Slack may have; one that begins with `http:` is a stand-in of theirs, without TLS. */
export interface Hosts {
  readonly discord: readonly string[]
  readonly slack: readonly string[]
}

/** What a place is sealed for: that of one channel opens no other's. */
const sealedFor = (channel: string): string => `channel:${channel}`

export const sealPlace = (sealer: Sealer, channel: string, { to }: Place): Buffer => sealer.seal(to, sealedFor(channel))

export const openPlace = (sealer: Sealer, channel: string, type: ChannelType, hex: string): Place => ({
  type,
  to: sealer.open(Buffer.from(hex, 'hex'), sealedFor(channel)),
})

/** By this a place is known again, whoever asks for it; nobody without the market's secret can try places out. */
export const placePrint = (sealer: Sealer, { type, to }: Place): Buffer =>
  sealer.fingerprint(`place:${type}:${type === 'email' ? to.toLowerCase() : to}`)

const dots = '…'

/** As its owner is shown it. */
export function maskPlace({ type, to }: Place): MaskedConfig {
  const end = (text: string): string => text.slice(-Math.min(4, Math.floor(text.length / 3)))
  if (type === 'telegram') return { chat_id: dots + end(to) }
  if (type === 'email') {
    const at = to.lastIndexOf('@')
    return { address: `${to[0]}${dots}${to.slice(at)}` }
  }
  return { webhook_url: `${new URL(to).origin}/${dots}${end(to)}` }
}

const discordPath = /^\/api(\/v\d+)?\/webhooks\/\d+\/[\w-]+$/
const slackPath = /^\/services\/[\w/-]+$/

/** What is wrong with the place that somebody names, as a sentence for them; null when it is one that may be written to. */
export function faultOf({ type, to }: Place, hosts: Hosts, egress: Pick<Egress, 'judge'>): string | null {
  if (type === 'telegram')
    return /^-?[1-9]\d{0,18}$/.test(to) || /^@[A-Za-z]\w{3,31}$/.test(to)
      ? null
      : 'A chat_id is a number, or @ and the name of a public channel.'
  if (type === 'email') return null
  const name = type === 'discord' ? 'Discord' : 'Slack'
  if (!URL.canParse(to)) return `This is no web address: copy the webhook URL that ${name} shows you.`
  const url = new URL(to)
  const isListed = hosts[type].some((host) =>
    host.includes('//') ? url.origin === host : url.host === host && url.protocol === 'https:',
  )
  if (!isListed) return `A webhook URL of ${name} begins with https and one of these hosts: ${hosts[type].join(', ')}.`
  if (!(type === 'discord' ? discordPath : slackPath).test(url.pathname))
    return `This is no incoming webhook of ${name}: its path is ${type === 'discord' ? '/api/webhooks/<id>/<token>' : '/services/…'}.`
  try {
    egress.judge(to)
    return null
  } catch (error) {
    if (error instanceof EgressError) return error.message
    throw error
  }
}
