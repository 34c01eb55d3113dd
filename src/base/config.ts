import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { faultsOf } from './door.ts'
import type { MailSettings } from './mail/mailer.ts'
import { type SettingName, settings } from './settings.ts'

export interface Config {
  readonly mode: 'test' | 'live'
  readonly port: number
  readonly host: string
  readonly appUrl: string
  readonly dataDir: string
  /** Where backups go; null: there are none. */
  readonly backupDir: string | null
  readonly backupKeep: number
  readonly secret: string
  readonly databaseUrl: string | null
  readonly databaseDirectUrl: string | null
  /** Of a streaming replica, for what may be a little old. */
  readonly databaseReadUrl: string | null
  /** How old, in milliseconds. */
  readonly readLagMs: number
  readonly poolSize: number
  readonly cronSecret: string | null
  readonly metricsToken: string | null
  /** Of a process that has no API; null: it is not to be watched. */
  readonly metricsPort: number | null
  readonly operatorEmails: readonly string[]
  readonly trustProxy: boolean | string
  readonly withdrawHoldDays: number
  readonly stripe: {
    readonly secretKey: string | null
    /** Any of them may have signed a webhook: while one is changed for another, both do. */
    readonly webhookSecrets: readonly string[]
    readonly apiBase: string | null
  }
  /** Where GitHub's public API is. */
  readonly githubApiUrl: string
  /** Null: nobody can sign in with GitHub. */
  readonly github: {
    readonly clientId: string
    readonly clientSecret: string
    readonly baseUrl: string
    readonly apiUrl: string
  } | null
  /** Where attachments are kept; null: in the data folder. */
  readonly s3: {
    readonly bucket: string
    readonly endpoint: string | null
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null
  } | null
  /** What each plan of credits costs a month, in cents. */
  readonly planPrices: { readonly starter: number; readonly pro: number; readonly team: number }
  readonly jobFee: { readonly percent: number; readonly fixedCents: number }
  readonly gigFeePercent: number
  /** Fixed for a dispute when it is opened. */
  readonly arbitrationFeeCents: number
  readonly allowRulesOnly: boolean
  /** From the end of readiness to the end of listening. */
  readonly readyGraceMs: number
  /** Whether addresses that people give may lead into our own network. */
  readonly allowPrivateWebhooks: boolean
  readonly webhookTimeoutMs: number
  /** How mail is sent; null: it is not. */
  readonly mail: MailSettings | null
  /** The bot that writes to Telegram; null: nobody is told anything there. */
  readonly telegram: { readonly token: string; readonly apiUrl: string } | null
  /** Where webhooks of Discord and Slack may be. */
  readonly chatHosts: { readonly discord: readonly string[]; readonly slack: readonly string[] }
  readonly logLevel: string
}

/** Reads the configuration once. Throws a `ConfigError` that names every setting at fault, so nothing starts half configured. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const faults: string[] = []
  const raw = (name: SettingName): string => {
    const given = env[name]?.trim()
    return given ? given : settings.find((setting) => setting.name === name)!.fallback
  }
  const whole = (name: SettingName, min: number, max: number): number => {
    const text = raw(name)
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    faults.push(`${name} must be a whole number from ${min} to ${max}, not "${text}"`)
    return min
  }
  const mode = raw('CLAWRK_MODE')
  if (mode !== 'test' && mode !== 'live') faults.push(`CLAWRK_MODE must be test or live, not "${mode}"`)
  const live = mode === 'live'
  const port = whole('PORT', 1, 65_535)
  const dataDir = resolve(raw('CLAWRK_DATA_DIR'))
  const backupDir = raw('CLAWRK_BACKUP_DIR') ? resolve(raw('CLAWRK_BACKUP_DIR')) : null
  if (backupDir !== null && `${backupDir}/`.startsWith(`${dataDir}/`))
    faults.push('CLAWRK_BACKUP_DIR must not lie in CLAWRK_DATA_DIR: whatever ends that folder would end its backups')
  const appUrl = (raw('APP_URL') || `http://localhost:${port}`).replace(/\/+$/, '')
  if (!/^https?:\/\/[^/]+$/.test(appUrl))
    faults.push(`APP_URL must be an origin such as https://market.example, not "${appUrl}"`)

  const secretKey = raw('STRIPE_SECRET_KEY') || null
  // Without a Stripe key the supervisor hands in the secret its twin signs with.
  const webhookSecrets = (raw('STRIPE_WEBHOOK_SECRET') || (secretKey ? '' : (env.STRIPE_TWIN_WEBHOOK_SECRET ?? '')))
    .split(',')
    .map((secret) => secret.trim())
    .filter(Boolean)
  if (secretKey && webhookSecrets.length === 0)
    faults.push('STRIPE_SECRET_KEY is set, so STRIPE_WEBHOOK_SECRET is needed too')
  if (webhookSecrets.some((secret) => /\s/.test(secret))) faults.push('STRIPE_WEBHOOK_SECRET must hold no spaces')
  if (secretKey && !/^(sk|rk)_(test|live)_\w+$/.test(secretKey))
    faults.push('STRIPE_SECRET_KEY must be a secret or restricted key: sk_… or rk_…')
  if (secretKey && /^(sk|rk)_live_/.test(secretKey) && !live) faults.push('a live Stripe key needs CLAWRK_MODE=live')
  const apiBase = raw('STRIPE_API_BASE') || null
  if (apiBase && !URL.canParse(apiBase)) faults.push(`STRIPE_API_BASE must be a web address, not "${apiBase}"`)
  else if (live && apiBase && !/^https:|^http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/]?/.test(apiBase))
    faults.push('live mode needs https in STRIPE_API_BASE')
  if (live) {
    if (!secretKey) faults.push('live mode needs STRIPE_SECRET_KEY: the Stripe twin is play money')
    if (raw('CLAWRK_SECRET').length < 32) faults.push('live mode needs CLAWRK_SECRET with at least 32 characters')
    if (raw('ALLOW_RULES_ONLY') !== '1')
      faults.push('live mode needs a language model for verification, or ALLOW_RULES_ONLY=1')
  }
  const planPrice = (tier: 'STARTER' | 'PRO' | 'TEAM', credits: number): number => {
    const name = `STRIPE_PRICE_${tier}` as const
    const cents = whole(name, 50, 99_999_999)
    // A job pays out 50 cents a credit, and the provider keeps a part of every payment.
    if (live && cents < credits * 63)
      faults.push(`${name} must be at least ${credits * 63} in live mode: 63 cents for each of its ${credits} credits`)
    return cents
  }
  const origin = (name: 'GITHUB_BASE_URL' | 'GITHUB_API_URL' | 'RESEND_API_URL' | 'TELEGRAM_API_URL'): string => {
    const url = raw(name).replace(/\/+$/, '')
    if (!URL.canParse(url) || !/^https?:\/\//.test(url)) faults.push(`${name} must be a web address, not "${url}"`)
    else if (live && !url.startsWith('https:')) faults.push(`live mode needs https in ${name}`)
    return url
  }
  const [clientId, clientSecret] = [raw('GITHUB_CLIENT_ID'), raw('GITHUB_CLIENT_SECRET')]
  if (Boolean(clientId) !== Boolean(clientSecret))
    faults.push('GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET are needed together')
  const githubApiUrl = origin('GITHUB_API_URL')
  const github = clientId ? { clientId, clientSecret, baseUrl: origin('GITHUB_BASE_URL'), apiUrl: githubApiUrl } : null
  if (!/^[\x21-\x7e]*$/.test(raw('CRON_SECRET')))
    faults.push(
      'CRON_SECRET must be visible ASCII without spaces: an Authorization header carries nothing else unchanged',
    )
  const metricsToken = raw('METRICS_TOKEN') || null
  if (metricsToken !== null && !/^[\x21-\x7e]{16,}$/.test(metricsToken))
    faults.push('METRICS_TOKEN must be at least 16 characters of visible ASCII without spaces')
  const [accessKeyId, secretAccessKey] = [raw('S3_ACCESS_KEY_ID'), raw('S3_SECRET_ACCESS_KEY')]
  const [bucket, endpoint] = [raw('S3_BUCKET'), raw('S3_ENDPOINT').replace(/\/+$/, '')]
  if (Boolean(accessKeyId) !== Boolean(secretAccessKey))
    faults.push('S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY are needed together')
  if (endpoint && !(URL.canParse(endpoint) && /^https?:\/\//.test(endpoint)))
    faults.push(`S3_ENDPOINT must be a web address, not "${endpoint}"`)
  if (!bucket && (endpoint || accessKeyId))
    faults.push('S3_BUCKET is needed too, to keep files in an S3-compatible store')
  const addresses = {
    databaseUrl: raw('DATABASE_URL') || null,
    databaseDirectUrl: raw('DATABASE_DIRECT_URL') || null,
    databaseReadUrl: raw('DATABASE_READ_URL') || null,
  }
  faults.push(...faultsOf(addresses))
  const smtpUrl = raw('SMTP_URL') || null
  if (smtpUrl && !(URL.canParse(smtpUrl) && /^smtps?:\/\/[^/]/.test(smtpUrl)))
    faults.push('SMTP_URL must be an address such as smtps://user:password@mail.example:465')
  const resendKey = raw('RESEND_API_KEY')
  const from = raw('MAIL_FROM') || `clawrk <no-reply@${appUrl.replace(/^https?:\/\//, '').replace(/:\d+$/, '')}>`
  if (!/^([^<>"\p{Cc}]*<)?[^\s<>@,;]+@[^\s<>@,;]+>?$/u.test(from))
    faults.push(`MAIL_FROM must be an address such as clawrk <mail@market.example>, not "${from}"`)
  const telegramToken = raw('TELEGRAM_BOT_TOKEN')
  if (telegramToken && !/^\d+:[\w-]+$/.test(telegramToken))
    faults.push('TELEGRAM_BOT_TOKEN must be a token such as 123456:ABC-def, from @BotFather')
  const hosts = (name: 'DISCORD_HOSTS' | 'SLACK_HOSTS'): string[] => {
    const found = raw(name)
      .toLowerCase()
      .split(',')
      .map((host) => host.trim())
      .filter(Boolean)
    for (const host of found)
      if (!(live ? /^[a-z0-9.-]+(:\d+)?$/ : /^(https?:\/\/)?[a-z0-9.-]+(:\d+)?$/).test(host))
        faults.push(`${name} must be hosts such as discord.com, separated by commas, not "${host}"`)
    return found
  }
  const holdDays = raw('WITHDRAW_HOLD_DAYS') === '' ? (live ? 7 : 0) : whole('WITHDRAW_HOLD_DAYS', 0, 365)
  const readyGraceMs = raw('READY_GRACE_MS') === '' ? (live ? 5_000 : 1_000) : whole('READY_GRACE_MS', 0, 60_000)
  const proxy = raw('TRUST_PROXY')
  const config: Config = {
    mode: live ? 'live' : 'test',
    port,
    host: raw('HOST'),
    appUrl,
    dataDir,
    backupDir,
    backupKeep: whole('CLAWRK_BACKUP_KEEP', 1, 1_000),
    secret: raw('CLAWRK_SECRET'),
    ...addresses,
    readLagMs: whole('DATABASE_READ_LAG_MS', 100, 3_600_000),
    poolSize: whole('DATABASE_POOL_SIZE', 2, 500),
    cronSecret: raw('CRON_SECRET') || null,
    metricsToken,
    metricsPort: whole('METRICS_PORT', 0, 65_526) || null,
    operatorEmails: raw('OPERATOR_EMAILS')
      .toLowerCase()
      .split(',')
      .map((email) => email.trim())
      .filter(Boolean),
    trustProxy: proxy === 'true' ? true : proxy === '' ? false : proxy,
    withdrawHoldDays: holdDays,
    stripe: { secretKey, webhookSecrets, apiBase },
    github,
    githubApiUrl,
    s3: bucket
      ? {
          bucket,
          endpoint: endpoint || null,
          region: raw('S3_REGION'),
          credentials: accessKeyId ? { accessKeyId, secretAccessKey } : null,
        }
      : null,
    planPrices: { starter: planPrice('STARTER', 50), pro: planPrice('PRO', 150), team: planPrice('TEAM', 500) },
    jobFee: { percent: whole('JOB_FEE_PERCENT', 0, 100), fixedCents: whole('JOB_FEE_FIXED_CENTS', 0, 100_000) },
    gigFeePercent: whole('GIG_FEE_PERCENT', 0, 100),
    arbitrationFeeCents: whole('ARBITRATION_FEE_CENTS', 0, 1_000_000),
    readyGraceMs,
    allowRulesOnly: raw('ALLOW_RULES_ONLY') === '1',
    allowPrivateWebhooks: raw('ALLOW_PRIVATE_WEBHOOKS') === '1',
    webhookTimeoutMs: whole('WEBHOOK_TIMEOUT_MS', 100, 60_000),
    mail:
      smtpUrl || resendKey
        ? { from, smtpUrl, resend: resendKey ? { key: resendKey, apiUrl: origin('RESEND_API_URL') } : null }
        : null,
    telegram: telegramToken ? { token: telegramToken, apiUrl: origin('TELEGRAM_API_URL') } : null,
    chatHosts: { discord: hosts('DISCORD_HOSTS'), slack: hosts('SLACK_HOSTS') },
    logLevel: raw('LOG_LEVEL'),
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return config.secret ? config : { ...config, secret: localSecret(dataDir) }
}

/** In test mode the sealing secret is made once and kept in the data folder, readable by its owner only. */
function localSecret(dataDir: string): string {
  const file = join(dataDir, 'secret')
  mkdirSync(dataDir, { recursive: true })
  if (!existsSync(file)) {
    try {
      writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' })
    } catch (error) {
      // Two processes of one market start together: the other one wrote it first.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
  return readFileSync(file, 'utf8')
}

/** Refuses to be the Stripe twin where real money is meant. */
export function refuseTwin(env: NodeJS.ProcessEnv = process.env): void {
  if (env.CLAWRK_MODE?.trim() === 'live')
    throw new ConfigError(['live mode refuses the Stripe twin: it is play money. Set STRIPE_SECRET_KEY.'])
}

export class ConfigError extends Error {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(`The market does not start:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
    this.name = 'ConfigError'
    this.faults = faults
  }
}
