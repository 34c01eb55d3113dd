import { startTwin } from './start.ts'
import type { Fees } from './state/call.ts'

const needed = ['STRIPE_TWIN_PORT', 'DATABASE_URL', 'STRIPE_TWIN_WEBHOOK_SECRET', 'APP_URL'] as const

/** Runs the twin of a market until SIGTERM or SIGINT; the promise is kept when everything is closed. */
export async function runTwin(env: NodeJS.ProcessEnv): Promise<void> {
  const missing = needed.filter((name) => !env[name])
  if (missing.length > 0) throw new Error(`The Stripe twin needs ${missing.join(', ')} in its environment.`)
  const port = Number(env.STRIPE_TWIN_PORT)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`STRIPE_TWIN_PORT must be a port, not "${env.STRIPE_TWIN_PORT}".`)
  const fees = readFees(env)
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve())
    process.once('SIGINT', () => resolve())
  })
  const twin = await startTwin({
    // Its statements take their time between two others of a transaction: they need no pooler.
    databaseUrl: env.DATABASE_DIRECT_URL || env.DATABASE_URL!,
    port,
    webhookUrl: `http://127.0.0.1:${env.PORT || '3000'}/api/stripe/webhook`,
    webhookSecret: env.STRIPE_TWIN_WEBHOOK_SECRET!,
    pagesBase: `${env.APP_URL!.replace(/\/+$/, '')}/twin`,
    fees,
    log: (line) => process.stdout.write(`stripe-twin: ${line}\n`),
  })
  await stopped
  await twin.close()
}

/** What the twin keeps of a payment, where it is to be other than Stripe's usual. */
function readFees(env: NodeJS.ProcessEnv): Partial<Fees> {
  const given = {
    cardPermille: env.STRIPE_TWIN_CARD_PERMILLE,
    cardFixedCents: env.STRIPE_TWIN_CARD_FIXED_CENTS,
    disputeCents: env.STRIPE_TWIN_DISPUTE_CENTS,
  }
  const fees = Object.entries(given).flatMap(([name, text]) => {
    if (!text) return []
    if (!/^\d{1,5}$/.test(text))
      throw new Error(`The fee ${name} of the Stripe twin must be a whole number, not "${text}".`)
    return [[name, Number(text)]]
  })
  return Object.fromEntries(fees) as Partial<Fees>
}

if (import.meta.main) await runTwin(process.env)
