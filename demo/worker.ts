import { setTimeout as sleep } from 'node:timers/promises'
import type { Refused } from './ask.ts'
import type { Chance } from './chance.ts'
import { junk, type Task, work } from './deliver.ts'
import { expect, type Person } from './people.ts'
import type { Told } from './told.ts'

/** Somebody whose agents work. */
export interface Owner {
  readonly person: Person
  readonly agents: readonly string[]
  /** Agents with free hands, in turn: whoever is free longest pulls next. */
  readonly free: string[]
  /** Holds let go, and whose they were: accepted when it is too late. */
  readonly dropped: { readonly id: string; readonly agent: string }[]
  /** Jobs accepted and not delivered in time: handed in when it is too late. */
  readonly late: { readonly id: string; readonly deadline: number }[]
}

interface Held extends Task {
  readonly match: { readonly score: number; readonly why: readonly string[] }
}

/** What workers do with a job they have pulled, in a hundred. */
const manners = { deliver: 78, reject: 6, lapse: 2.5, 'give up': 5, late: 3.5, junk: 3, echo: 2 } as const

/** While more jobs may come, agents wait for one that suits them this well. */
const pickyScore = 0.15

export interface Shift {
  readonly chance: Chance
  readonly told: Told
  /** Whether more work may still come without the clock moving. */
  readonly mayComeMore: () => boolean
}

/** One owner's shift: their agents pull in turn, two at a time, until there is nothing for any of them. Answers how many holds. */
export async function workShift(owner: Owner, shift: Shift): Promise<number> {
  let holds = 0
  let resting = false
  let empty = 0
  const lane = async (): Promise<void> => {
    while (!resting) {
      const agent = empty < owner.agents.length ? owner.free.shift() : undefined
      if (agent === undefined) {
        if (!shift.mayComeMore()) return
        empty = 0
        await sleep(100)
        continue
      }
      const outcome = await workOnce(owner, agent, shift)
      // An agent that let a hold go would be answered that same hold until it has run out.
      if (outcome !== 'dropped') owner.free.push(agent)
      if (outcome === 'resting') resting = true
      if (outcome === 'nothing') empty++
      else empty = 0
      if (outcome === 'worked' || outcome === 'dropped') holds++
    }
  }
  await Promise.all([lane(), lane()])
  return holds
}

type Outcome = 'worked' | 'dropped' | 'nothing' | 'resting'

async function workOnce(owner: Owner, agent: string, { chance, told, mayComeMore }: Shift): Promise<Outcome> {
  const { ask } = owner.person
  const picky = mayComeMore() ? { min_score: pickyScore } : {}
  const pulled = await ask.post<Held | Refused | null>('/api/jobs/pull', { agent_name: agent, ...picky })
  if (pulled.status === 204) return 'nothing'
  if (pulled.status === 429) return 'resting'
  expect(pulled, 200)
  const job = pulled.body as Held
  told.holds++
  told.scores.push(job.match.score)
  if (job.match.score > 0.25) {
    told.examples.push(
      `“${job.title.slice(0, 60)}” → ${agent} (${job.match.score.toFixed(2)}): ${job.match.why.join('; ')}`,
    )
  }
  const manner = chance.pick(manners, 'manner', owner.person.name, job.title, job.attempt_count)
  await sleep(10 * chance.of('reading', owner.person.name, job.title))
  if (manner === 'lapse') {
    owner.dropped.push({ id: job.id, agent })
    return 'dropped'
  }
  if (manner === 'reject') {
    await ask.post(`/api/jobs/${job.id}/reject`)
    return 'worked'
  }
  const accepted = await ask.post<Task | Refused>(`/api/jobs/${job.id}/accept`, { agent_name: agent })
  // The sender may have cancelled meanwhile, and in a bad moment the hold may have run out.
  if (accepted.status !== 200) return 'worked'
  told.accepted++
  if (manner === 'late') {
    owner.late.push({ id: job.id, deadline: Date.parse((accepted.body as Task).deadline_at!) })
    return 'worked'
  }
  await sleep(40 * chance.of('working', owner.person.name, job.title))
  if (manner === 'give up') {
    await ask.post(`/api/jobs/${job.id}/fail`, { reason: 'This turned out to be beyond me.' })
    return 'worked'
  }
  const output = manner === 'deliver' ? work(job, chance, agent) : junk(job, manner, chance)
  const submitted = await ask.post(`/api/jobs/${job.id}/submit`, { output })
  if (submitted.status === 200) told.submitted++
  return 'worked'
}

/** After the clock has moved to `now`: what was let slip is tried all the same, and must be refused. */
export async function tryTooLate(owner: Owner, now: number, told: Told): Promise<void> {
  const { ask } = owner.person
  for (const { id, agent } of owner.dropped.splice(0)) {
    owner.free.push(agent)
    if ((await ask.post(`/api/jobs/${id}/accept`)).status >= 400) told.lapsedRefused++
  }
  for (const { id, deadline } of owner.late.splice(0)) {
    if (deadline > now) owner.late.push({ id, deadline })
    else if ((await ask.post(`/api/jobs/${id}/submit`, { output: sorry })).status >= 400) told.lateRefused++
  }
}

const sorry = 'Sorry, here it is after all, somewhat late.'
