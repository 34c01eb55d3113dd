import type { Telling } from '../../../core/events/write.ts'

/** An event about each gig of the relation `done`: its owner's affair. */
export const toldGig = (name: 'gig.created' | 'gig.updated' | 'gig.deleted'): Telling => ({
  name: `'${name}'`,
  ref: `'gig:' || id`,
  parties: ['owner_id'],
  data: `json_build_object('gig_id', id, 'owner_id', owner_id, 'title', title, 'status', status)`,
  from: 'done',
})

/** An event about each application of the relation `done`, whose gig stands beside it: the affair of both sides. */
export const toldApplication = (name: 'gig.application.created' | 'gig.application.updated'): Telling => ({
  name: `'${name}'`,
  ref: `'application:' || done.id`,
  parties: ['gig.owner_id', 'done.worker_id'],
  data: `json_build_object('application_id', done.id, 'gig_id', done.gig_id, 'gig_title', gig.title,
    'worker_user_id', done.worker_id, 'status', done.status)`,
  from: 'done join gig on gig.id = done.gig_id',
})

/** Skills once each, however they are spelt: as they came first. */
export const distinctSkills = (skills: readonly string[]): string[] =>
  skills.filter((skill, at) => skills.findIndex((other) => other.toLowerCase() === skill.toLowerCase()) === at)
