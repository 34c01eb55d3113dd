import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { faultsOf } from './door.ts'

/** One setting of the market: its environment variable, what it is without one, and a sentence for `clawrk serve --help`. */
export interface Setting {
  readonly name: string
  readonly fallback: string
  readonly help: string
}

export const settings = [
  { name: 'PORT', fallback: '3000', help: 'port of the HTTP API' },
  { name: 'HOST', fallback: '127.0.0.1', help: 'address the HTTP API listens on' },
  { name: 'APP_URL', fallback: '', help: 'public origin (default http://localhost:$PORT)' },
  { name: 'CLAWRK_DATA_DIR', fallback: '.data', help: 'folder of the embedded database and generated secrets' },
  {
    name: 'CLAWRK_MODE',
    fallback: 'test',
    help: 'test, or live (refuses the Stripe twin, weak secrets and the test clock)',
  },
  {
    name: 'CLAWRK_SECRET',
    fallback: '',
    help: 'sealing of secrets; made in the data folder in test mode, required in live mode',
  },
  { name: 'DATABASE_URL', fallback: '', help: 'your own PostgreSQL 15 or later (default: embedded PostgreSQL 18)' },
  {
    name: 'DATABASE_DIRECT_URL',
    fallback: '',
    help: 'PostgreSQL itself, for LISTEN, migrations and workers, when DATABASE_URL goes through a transaction pooler',
  },
  {
    name: 'DATABASE_READ_URL',
    fallback: '',
    help: 'a streaming replica, for the board, its numbers and the directory',
  },
  {
    name: 'DATABASE_READ_LAG_MS',
    fallback: '5000',
    help: 'how far the replica may be behind, in milliseconds; beyond that those reads go to the primary',
  },
  { name: 'DATABASE_POOL_SIZE', fallback: '16', help: 'connections each process may open' },
  { name: 'CRON_SECRET', fallback: '', help: 'opens /api/cron/enforce-deadlines, for an outside scheduler' },
  {
    name: 'METRICS_TOKEN',
    fallback: '',
    help: 'opens /metrics to whoever sends it as a bearer (default: only programs on this machine, in live mode only at METRICS_PORT)',
  },
  {
    name: 'METRICS_PORT',
    fallback: '9464',
    help: 'port at which a worker without an API answers /metrics and /api/health, or the first free one of the next 9; 0 for none',
  },
  { name: 'OPERATOR_EMAILS', fallback: '', help: 'verified e-mail addresses of operators, separated by commas' },
  {
    name: 'TRUST_PROXY',
    fallback: '',
    help: 'true, or the addresses of proxies whose X-Forwarded-* headers are believed',
  },
  {
    name: 'WITHDRAW_HOLD_DAYS',
    fallback: '',
    help: 'days before an earning can be withdrawn (default 7 in live mode, 0 in test mode)',
  },
  {
    name: 'GITHUB_CLIENT_ID',
    fallback: '',
    help: 'client id of your GitHub OAuth app: lets people sign in with GitHub',
  },
  { name: 'GITHUB_CLIENT_SECRET', fallback: '', help: 'its client secret' },
  { name: 'GITHUB_BASE_URL', fallback: 'https://github.com', help: 'where people sign in with GitHub' },
  { name: 'GITHUB_API_URL', fallback: 'https://api.github.com', help: 'where GitHub says who they are' },
  { name: 'STRIPE_SECRET_KEY', fallback: '', help: 'Stripe key (default: the built-in Stripe twin, play money)' },
  {
    name: 'STRIPE_WEBHOOK_SECRET',
    fallback: '',
    help: 'signing secret of the Stripe webhook endpoint; several, separated by commas, while you change it',
  },
  { name: 'STRIPE_API_BASE', fallback: '', help: 'origin of the Stripe API (default https://api.stripe.com)' },
  {
    name: 'S3_BUCKET',
    fallback: '',
    help: 'keeps attachments in this bucket of an S3-compatible store (default: in the data folder)',
  },
  { name: 'S3_ENDPOINT', fallback: '', help: 'address of the store, for MinIO and its kind (default: that of Amazon)' },
  { name: 'S3_REGION', fallback: 'us-east-1', help: 'region of the bucket' },
  {
    name: 'S3_ACCESS_KEY_ID',
    fallback: '',
    help: 'access key of the store (default: what the machine is given, such as a role)',
  },
  { name: 'S3_SECRET_ACCESS_KEY', fallback: '', help: 'its secret' },
  { name: 'STRIPE_PRICE_STARTER', fallback: '3500', help: 'price of the plan of 50 credits a month, in cents' },
  { name: 'STRIPE_PRICE_PRO', fallback: '9900', help: 'price of the plan of 150 credits a month, in cents' },
  { name: 'STRIPE_PRICE_TEAM', fallback: '32500', help: 'price of the plan of 500 credits a month, in cents' },
  { name: 'JOB_FEE_PERCENT', fallback: '20', help: 'fee of a job, in percent of its price' },
  { name: 'JOB_FEE_FIXED_CENTS', fallback: '50', help: 'fixed part of the fee of a job, in cents' },
  { name: 'GIG_FEE_PERCENT', fallback: '5', help: 'fee of a milestone of a gig, in percent of its amount' },
  {
    name: 'ARBITRATION_FEE_CENTS',
    fallback: '0',
    help: 'what deciding a dispute costs the side that is awarded less than half, in cents',
  },
  {
    name: 'READY_GRACE_MS',
    fallback: '',
    help: 'how long after SIGTERM the API serves on while /api/ready answers 503 (default 5000 in live mode, 1000 in test mode)',
  },
  { name: 'ALLOW_RULES_ONLY', fallback: '', help: '1 lets live mode verify work by checks and rules alone' },
  {
    name: 'ALLOW_PRIVATE_WEBHOOKS',
    fallback: '',
    help: '1 lets webhooks go to addresses of your own network, which are refused otherwise',
  },
  {
    name: 'WEBHOOK_TIMEOUT_MS',
    fallback: '15000',
    help: 'how long a receiver of a webhook may take to answer, in milliseconds',
  },
  {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    fallback: '',
    help: 'sends traces there by OTLP (needs npm ci --prefix ops/otel; see docs/operating/watching.md)',
  },
  { name: 'LOG_LEVEL', fallback: 'info', help: 'trace, debug, info, warn, error or silent' },
] as const satisfies readonly Setting[]

export type SettingName = (typeof settings)[number]['name']

export interface Config {
  readonly mode: 'test' | 'live'
  readonly port: number
  readonly host: string
  readonly appUrl: string
  readonly dataDir: string
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
  const origin = (name: 'GITHUB_BASE_URL' | 'GITHUB_API_URL'): string => {
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
  const holdDays = raw('WITHDRAW_HOLD_DAYS') === '' ? (live ? 7 : 0) : whole('WITHDRAW_HOLD_DAYS', 0, 365)
  const readyGraceMs = raw('READY_GRACE_MS') === '' ? (live ? 5_000 : 1_000) : whole('READY_GRACE_MS', 0, 60_000)
  const proxy = raw('TRUST_PROXY')
  const config: Config = {
    mode: live ? 'live' : 'test',
    port,
    host: raw('HOST'),
    appUrl,
    dataDir,
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
