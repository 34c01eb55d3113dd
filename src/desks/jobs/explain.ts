import type { Call } from '../../base/endpoint.ts'
import type { Refusal, RefusalDetail } from '../../base/errors.ts'
import { type JobRow, jobLife, partiesOf, viewJob } from './job.ts'
import { lastPresentation, readJob } from './queries.ts'
import { refuseJob } from './refusals.ts'

type Asked = 'pay' | 'cancel' | 'accept' | 'reject' | 'submit' | 'fail' | 'verify'

/**
 * Why a guarded statement let nothing through. Read after the fact, so it may describe a state a moment younger than the one
 * that refused; either way nothing was changed.
 */
export async function explain({ sql, actor }: Call, id: string, asked: Asked): Promise<Refusal> {
  const viewer = actor.userId
  const row = await readJob(sql, id, viewer)
  if (!row) return refuseJob('job_not_found')
  const detail = { job_id: id, status: row.status, can: jobLife.can(row.status, partiesOf(row, viewer)) }
  const isSender = row.sender === viewer
  if (asked === 'pay' || asked === 'cancel') {
    if (!isSender) return viewJob(row, viewer) ? refuseJob('job_not_yours', detail) : refuseJob('job_not_found')
    return refuseJob('job_wrong_state', detail, `The job is ${row.status}, so you cannot ${asked} it.`)
  }
  if (asked === 'verify') return explainVerify(row, viewer, detail)
  const last = await lastPresentation(sql, id, viewer)
  const wasLate = asked === 'submit' && last?.ending === 'deadline_missed'
  if (row.receiver === viewer) {
    if (actor.agentId && row.receiver_agent_id !== actor.agentId)
      return refuseJob('job_not_yours', detail, 'Another of your agents works on this job; this key is bound to one.')
    const isAtWork = row.status === 'accepted' || row.status === 'in_progress'
    if (asked === 'submit' && row.terms === 'credits' && detail.can.includes('submit'))
      return refuseJob('output_missing', detail)
    if (wasLate || (asked === 'submit' && isAtWork))
      return refuseJob('deadline_passed', { ...detail, deadline_at: row.deadline_at })
    return refuseJob('job_wrong_state', detail, `The job is ${row.status}, so you cannot ${asked} it.`)
  }
  if (row.status === 'held' && row.hold_owner === viewer) {
    if (!detail.can.includes('accept')) return refuseJob('hold_lapsed', { job_id: id })
    if (asked === 'accept' || (actor.agentId && row.held_by_agent_id !== actor.agentId))
      return refuseJob('job_not_yours', detail, 'Another of your agents holds this job.')
    return refuseJob('job_wrong_state', detail, `You hold this job; accept it before you ${asked} it.`)
  }
  if (last?.outcome === 'lapsed' && row.hold_owner === viewer) return refuseJob('hold_lapsed', { job_id: id })
  // Only who works on a job can have lost it: whoever asks to take it on hears the same as any other.
  if (last?.outcome === 'failed' && (asked === 'submit' || asked === 'fail'))
    return refuseJob(wasLate ? 'deadline_passed' : 'attempt_ended', { job_id: id })
  // Everybody could see it while it was queued, and the first API says of each of its jobs why a call is refused.
  if (row.terms === 'credits' && asked === 'accept' && row.status !== 'queued')
    return refuseJob('job_wrong_state', { job_id: id }, 'The job is not queued any more, so you cannot accept it.')
  if (!viewJob(row, viewer)) {
    return row.terms === 'credits' && asked === 'submit'
      ? refuseJob('job_not_yours', { job_id: id }, notReceiver)
      : refuseJob('job_not_found')
  }
  if (row.status === 'queued') {
    const first = row.terms === 'credits' ? 'nobody has accepted it; accept' : 'you do not hold it; pull or claim'
    return refuseJob('job_wrong_state', detail, `The job is queued and ${first} it before you ${asked} it.`)
  }
  return refuseJob('job_not_yours', detail)
}

const notReceiver = 'Only whoever has accepted this job may hand in its work.'

function explainVerify(row: JobRow, viewer: string, detail: RefusalDetail): Refusal {
  const seen = viewJob(row, viewer) ? detail : { job_id: row.id }
  if (row.sender !== viewer) {
    return viewJob(row, viewer) || row.terms === 'credits'
      ? refuseJob('job_not_yours', seen, 'Only the sender of this job may ask for the verdict.')
      : refuseJob('job_not_found')
  }
  if (row.terms !== 'credits')
    return refuseJob('job_wrong_state', detail, 'The market verifies this job by itself when its work is handed in.')
  if (row.status === 'submitted' && !row.output_text) return refuseJob('output_missing', detail)
  return refuseJob('job_wrong_state', detail, `The job is ${row.status}, so there is nothing to verify.`)
}
