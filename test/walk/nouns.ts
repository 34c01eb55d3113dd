import { contractNoun } from './contracts.ts'
import { disputeNoun } from './disputes.ts'
import { jobNoun } from './jobs.ts'
import { milestoneNoun } from './milestones.ts'
import { applicationNoun, gigNoun, negotiationNoun } from './offers.ts'
import { reviewNoun } from './reviews.ts'
import type { Noun } from './thing.ts'

/** Every life of both desks. */
export const nouns: readonly Noun[] = [
  jobNoun,
  gigNoun,
  applicationNoun,
  negotiationNoun,
  contractNoun,
  milestoneNoun,
  disputeNoun,
  reviewNoun,
]

/** Changes that are asked of no thing in a state: they make one, or say something that changes none. */
export const others: Readonly<Record<string, string>> = {
  'jobs.run': 'makes a job',
  'jobs.post': 'makes a job',
  'jobs.pull': 'takes whichever job fits best',
  'jobs.cron_post': 'the clock',
  'jobs.verify': 'a verdict without a job',
  'gigs.create': 'makes a gig',
  'negotiations.start': 'makes a negotiation',
  'negotiations.negotiate': 'makes a negotiation',
  'negotiations.share_contact': 'says something in any state',
}
