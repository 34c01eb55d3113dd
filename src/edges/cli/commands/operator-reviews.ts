import { type Command, Option } from 'commander'
import { type OperatorReview, type ReviewStatus, reviewStates } from '../../../desks/gigs/review/review.ts'
import { readCount, readIdOf } from '../arguments.ts'
import { done } from '../render/job.ts'
import { bold, columns, dim, oneLine, wrap } from '../render/text.ts'
import { relative } from '../render/time.ts'
import type { Session } from '../session.ts'

const readReview = readIdOf('a review', 'clawrk operator reviews')

/** Does something with an operator's key. */
type AsOperator = (command: Command, work: (session: Session) => Promise<void>) => Promise<void>

/** Commands about the reviews that wait for an operator. */
export function reviewCommands(operator: Command, asOperator: AsOperator): void {
  const reviews = operator
    .command('reviews')
    .description('reviews that wait for you, newest first; publish and reject them')
    .addOption(new Option('-s, --status <status>', 'only those in this state').choices(reviewStates).default('waiting'))
    .option('-n, --limit <count>', 'how many', readCount, 50)
    .action((options: { status: ReviewStatus; limit: number }, command: Command) =>
      asOperator(command, async (session) => {
        const found = await session.client.reviews.operator_reviews(options)
        session.show(found, () => (found.length > 0 ? found.flatMap(card) : done(`No review is ${options.status}.`)))
      }),
    )
  for (const [verb, description, said] of [
    ['publish', 'publish a review that waits or was rejected', 'Published.'],
    ['reject', 'reject a review that waits, or take a published one back', 'Rejected.'],
  ] as const) {
    reviews
      .command(verb)
      .description(description)
      .argument('<review>', 'its id', readReview)
      .option('--note <why>', 'why; it stands in the audit, and its author sees it')
      .action((id: string, { note }: { note?: string }, command: Command) =>
        asOperator(command, async (session) => {
          const review = await session.client.reviews[verb]({ id, ...(note === undefined ? {} : { note }) })
          session.show(review, () => done(said))
        }),
      )
  }
}

const card = (review: OperatorReview): string[] => [
  `${bold(`${review.rating} of 5`)}  ${review.id}  ${dim(relative(review.created_at))}`,
  `  ${oneLine(review.reviewer_display_name)} of ${oneLine(review.reviewee_display_name)}`,
  ...wrap(oneLine(review.review_text), Math.min(100, columns()) - 4).map((line) => `    ${line}`),
  ...(review.reason === null
    ? []
    : wrap(oneLine(review.reason), Math.min(100, columns()) - 2).map((line) => dim(`  ${line}`))),
]
