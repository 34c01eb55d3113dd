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
    name: 'CLAWRK_BACKUP_DIR',
    fallback: '',
    help: 'folder of backups, on another disk: the embedded database archives its log there, and is backed up once a day (default: no backups)',
  },
  { name: 'CLAWRK_BACKUP_KEEP', fallback: '7', help: 'how many of the daily backups are kept' },
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
    name: 'SMTP_URL',
    fallback: '',
    help: 'your mail server, as smtps://user:password@mail.example:465; without it and without RESEND_API_KEY no mail is sent',
  },
  { name: 'RESEND_API_KEY', fallback: '', help: 'sends mail by Resend instead, when there is no SMTP_URL' },
  { name: 'RESEND_API_URL', fallback: 'https://api.resend.com', help: 'origin of its API' },
  { name: 'MAIL_FROM', fallback: '', help: 'who mail is from (default: clawrk <no-reply@ the host of APP_URL>)' },
  {
    name: 'TELEGRAM_BOT_TOKEN',
    fallback: '',
    help: 'of the bot that writes to Telegram chats: 123456:ABC…, from @BotFather',
  },
  { name: 'TELEGRAM_API_URL', fallback: 'https://api.telegram.org', help: 'origin of its API' },
  {
    name: 'DISCORD_HOSTS',
    fallback: 'discord.com,discordapp.com,ptb.discord.com,canary.discord.com',
    help: 'hosts that the webhooks of Discord channels may have',
  },
  {
    name: 'SLACK_HOSTS',
    fallback: 'hooks.slack.com,hooks.slack-gov.com',
    help: 'the same for Slack; in test mode an origin such as http://127.0.0.1:4000 may stand in',
  },
  {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    fallback: '',
    help: 'sends traces there by OTLP (needs npm ci --prefix ops/otel; see docs/operating/watching.md)',
  },
  { name: 'LOG_LEVEL', fallback: 'info', help: 'trace, debug, info, warn, error or silent' },
] as const satisfies readonly Setting[]

export type SettingName = (typeof settings)[number]['name']
