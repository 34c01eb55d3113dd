import { type Command, InvalidArgumentError, Option } from 'commander'
import { type DisputeStatus, disputeStates } from '../../../desks/gigs/dispute/dispute.ts'
import { readCount, readIdOf } from '../arguments.ts'
import { misused } from '../exit.ts'
import { disputeCard, disputesTable } from '../render/dispute.ts'
import { done } from '../render/job.ts'
import { dim } from '../render/text.ts'
import { asOperator } from './operator.ts'

const readDispute = readIdOf('a dispute', 'clawrk operator disputes')

function readPercent(text: string): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) > 100)
    throw new InvalidArgumentError('It must be a whole number from 0 to 100.')
  return Number(text)
}

/** What operators do about disputes. */
export function decidingCommands(operator: Command): void {
  operator
    .command('disputes')
    .description('the disputes that wait for a decision; with an id one of them, with all that was shown')
    .argument('[dispute]', 'its id', readDispute)
    .addOption(new Option('-s, --status <status>', 'those in this state').choices(disputeStates))
    .option('-n, --limit <count>', 'how many', readCount, 20)
    .action((id: string | undefined, options: { status?: DisputeStatus; limit: number }, command: Command) =>
      asOperator(command, async (session) => {
        const { status, limit } = options
        const found = await session.client.disputes.undecided({
          limit,
          ...(status === undefined ? {} : { status }),
          ...(id === undefined ? {} : { dispute_id: id }),
        })
        if (id !== undefined) {
          const [one] = found
          if (!one) throw misused('There is no such dispute.', 'clawrk operator disputes')
          const next = one.can.includes('resolve')
            ? ['', `  ${dim('→')} clawrk operator resolve ${id} --share 50 --note "…"`]
            : []
          session.show(one, () => [...disputeCard(one), ...next])
          return
        }
        session.show(found, () =>
          found.length === 0
            ? done(status ? `No dispute is ${status}.` : 'No dispute waits for a decision.')
            : [...disputesTable(found), '', dim('one with all that was shown:  clawrk operator disputes <id>')],
        )
      }),
    )
  operator
    .command('resolve')
    .description('decide a dispute: what part of the milestone the worker gets')
    .argument('<dispute>', 'its id', readDispute)
    .requiredOption('--share <percent>', 'the worker’s part, 0 to 100', readPercent)
    .requiredOption('--note <why>', 'why; both sides read it, and it stands in the audit')
    .action((id: string, { share, note }: { share: number; note: string }, command: Command) =>
      asOperator(command, async (session) => {
        const resolved = await session.client.disputes.resolve({ id, worker_share_percent: share, note })
        session.show(resolved, () => [...done('Resolved.'), ...disputeCard(resolved)])
      }),
    )
}
