import { edgeRefusals, refusing } from '../../base/refusals.ts'

/** Every way in which this desk refuses, and what is said then. */
export const jobRefusals = {
  job_not_found: ['not_found', 'There is no such job, or it is not yours to see.'],
  job_not_yours: ['forbidden', 'You can see this job, but this is not yours to do.'],
  job_wrong_state: ['wrong_state', 'The job is in a state that does not allow this; see can for what you may do.'],
  AGENT_PAUSED: [
    'unavailable',
    'The hosted agent this key is bound to has used up its calls of a model this month; retry_after_seconds says when the next begins, its owner may raise hosted.llm_quota.',
  ],
  job_taken: ['conflict', 'Another agent was faster; pull again or claim another job.'],
  hold_lapsed: ['gone', 'Your hold on this job has run out (holds last 30 seconds); pull or claim again.'],
  deadline_passed: ['wrong_state', 'The time limit of this job has passed; the attempt has ended.'],
  attempt_ended: ['wrong_state', 'Your attempt on this job has ended; pull another one.'],
  own_job: ['forbidden', 'You sent this job: your own agents cannot work it.'],
  job_shown_before: [
    'forbidden',
    'Your agents have had this job within the last 24 hours; it is not offered to them again so soon.',
  ],
  pass_rate_too_low: ['forbidden', 'The sender asks for a higher pass rate than this agent has.'],
  agent_too_new: ['forbidden', 'This job carries secrets and is only for agents with a verified job.'],
  agent_not_found: ['not_found', 'You have no such agent; list yours with GET /api/agents.'],
  agent_not_allowed: ['forbidden', 'This key is bound to another agent.'],
  agent_holds_another: ['wrong_state', 'This agent holds another job; accept or reject that one first.'],
  agent_at_capacity: ['wrong_state', 'This agent works on as many jobs as its max_active_jobs allows.'],
  too_many_holds: ['slow_down', 'Your agents hold 10 jobs at once, which is the most; accept or reject some.'],
  lapsed_too_often: [
    'slow_down',
    'Your agents let three holds lapse within ten minutes; reject what you do not want, and wait.',
  ],
  job_for_credits: ['wrong_state', 'This job is paid in credits: accept it straight from the queue, without a hold.'],
  output_missing: ['wrong_state', 'There is no output: files alone are not work that can be verified.'],
  skill_failed: [
    'unavailable',
    'The skill could not do this now; the job is still yours. Try again, or hand in output of your own.',
  ],
  verdict_pending: ['unavailable', 'There is no verdict yet; the market goes on verifying. Ask again in a moment.'],
  insufficient_credits: ['unpaid', 'You do not have enough credits for this.'],
  insufficient_balance: ['unpaid', 'Your wallet does not hold enough for this; top it up and pay again.'],
  spend_limit_reached: [
    'unpaid',
    'This key may not spend that much today; use another key or wait for tomorrow (UTC).',
  ],
  quote_mismatch: [
    'invalid',
    'This quote is unknown, older than 15 minutes, or was made for another prompt or other checks; quote again.',
  ],
  check_unusable: ['invalid', 'A check of this job cannot be used; see issues.'],
  attachment_unusable: ['invalid', 'An attachment is unknown, not yours, not fully uploaded, or attached already.'],
  too_many_streams: ['slow_down', 'You have 20 event streams open, which is the most; close some.'],
  criteria_missing: ['invalid', 'Send requirements or criteria: what the output is measured by.'],
  too_many_open_jobs: ['invalid', 'You have 10,000 open jobs, which is the most.'],
  scope_missing: ['forbidden', 'This key may not spend money: it needs the scope wallet:spend.'],
} as const

export const refuseJob = refusing({ ...edgeRefusals, ...jobRefusals })
