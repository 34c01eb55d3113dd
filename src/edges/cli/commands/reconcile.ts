import type { Command } from 'commander'
import { readCount } from '../arguments.ts'
import type { ReconcileOptions } from '../machine/reconcile.ts'

/** The ledger beside the provider's own books: on the machine's database and with its key, not through the API. */
export function reconcileCommand(program: Command): void {
  program
    .command('reconcile')
    .description('compare the ledger with the payment provider line by line; exit code 1 on a difference')
    .option('--days <count>', 'only what is younger than this', readCount)
    .option('--grace <minutes>', 'how long something may be on one side only', readCount, 60)
    .option('--retry', 'first work again on the provider’s events that were given up')
    .addHelpText(
      'after',
      '\nIt works on DATABASE_URL, or else on the database in CLAWRK_DATA_DIR (.data), and asks STRIPE_API_BASE, Stripe, or the twin of a market that runs there.',
    )
    .action(async (options: ReconcileOptions, command: Command) => {
      const { reconcileBooks } = await import('../machine/reconcile.ts')
      await reconcileBooks(options, command.optsWithGlobals<{ json?: boolean }>().json === true)
    })
}
