// A process of its own that begins a payment for work, and may be killed at it: DATABASE_URL, STRIPE_API_BASE and ORDER say where and what.
import { readConfig } from '../../src/base/config.ts'
import { noDesk } from '../../src/core/payments/funding/desk.ts'
import { type FundingOrder, startFunding } from '../../src/core/payments/funding/start.ts'
import { openMarket } from '../../src/market.ts'

const market = openMarket(readConfig(process.env))
const { db, stripe, log, config } = market
const order = JSON.parse(process.env.ORDER!) as FundingOrder
try {
  const started = await startFunding({ db, stripe, log, desk: noDesk, appUrl: config.appUrl, twin: true }, order)
  process.stdout.write(JSON.stringify(started))
} catch (error) {
  process.stdout.write(JSON.stringify({ code: (error as { code?: string }).code }))
} finally {
  await market.close()
}
