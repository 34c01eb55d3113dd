import type { Config } from '../../base/config.ts'
import type { Egress } from '../../base/egress/egress.ts'
import type { Mailer } from '../../base/mail/mailer.ts'
import type { ChannelType } from './channel.ts'
import { discord } from './discord.ts'
import { email } from './email.ts'
import { slack } from './slack.ts'
import { telegram } from './telegram.ts'
import type { Ways } from './way.ts'

type Settings = Pick<Config, 'telegram' | 'mail' | 'chatHosts'>

/** The ways there are with these settings. */
export const openWays = ({ telegram: bot, chatHosts }: Settings, egress: Egress, mailer: Mailer | null): Ways => ({
  ...(bot ? { telegram: telegram(bot) } : {}),
  ...(chatHosts.discord.length > 0 ? { discord: discord(egress) } : {}),
  ...(chatHosts.slack.length > 0 ? { slack: slack(egress) } : {}),
  ...(mailer ? { email: email(mailer) } : {}),
})

/** What this market can write to with these settings. */
export const availableOf = ({ telegram: bot, mail, chatHosts }: Settings): ChannelType[] => [
  ...(bot ? (['telegram'] as const) : []),
  ...(chatHosts.discord.length > 0 ? (['discord'] as const) : []),
  ...(chatHosts.slack.length > 0 ? (['slack'] as const) : []),
  ...(mail ? (['email'] as const) : []),
]
