import { type Command, InvalidArgumentError } from 'commander'
import type { TwinOptions } from '../machine/stripe-twin.ts'

/** `clawrk stripe-twin`: the stand-in for Stripe by itself, for whoever builds against it. */
export function stripeTwinCommand(program: Command): void {
  program
    .command('stripe-twin')
    .description('run the stand-in for Stripe by itself: play money, signed webhooks, faults on demand')
    .option('--port <port>', 'where it listens, on 127.0.0.1', portNumber, 12_111)
    .option('--webhook-url <url>', 'where events are sent (default: the market of this folder)')
    .option('--webhook-secret <secret>', 'what they are signed with (default: what that market expects)')
    .addHelpText(
      'after',
      `
Its state is in DATABASE_URL, or else in the database of CLAWRK_DATA_DIR (.data), in a schema of its own. Twins on one
database are one Stripe. Point any Stripe SDK at it with any key that begins with sk_test_; see docs/stripe-twin.md.`,
    )
    .action(async (options: TwinOptions) => (await import('../machine/stripe-twin.ts')).runTwin(options))
}

function portNumber(given: string): number {
  const port = Number(given)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new InvalidArgumentError('It must be a port.')
  return port
}
