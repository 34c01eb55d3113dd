import { Counter, Gauge, type Registry } from 'prom-client'
import { openTimings } from '../../base/timings.ts'

/** What is measured of one task. */
export interface TaskMeter {
  /** A turn begins; the answer ends it. */
  begin(): (outcome: 'done' | 'failed') => void
}

export type Tasks = (name: string, everyMs: number) => TaskMeter

/** Measures the tasks of a process: each by the name it is woken with. */
export function measureTasks(registry: Registry): Tasks {
  const registers = [registry]
  const timings = openTimings(registry, {
    name: 'clawrk_task_seconds',
    help: 'How long the turns of a task in the background took.',
    bounds: [0.01, 0.1, 1, 10, 60],
  })
  const turns = new Counter({
    name: 'clawrk_task_turns_total',
    help: 'Turns of a task in the background, by how they ended.',
    labelNames: ['task', 'outcome'],
    registers,
  })
  const standing = new Map<string, { everyMs: number; running: number; goodAt: number }>()
  const show = (
    name: string,
    help: string,
    value: (of: { everyMs: number; running: number; goodAt: number }) => number,
  ) =>
    new Gauge({
      name,
      help,
      labelNames: ['task'],
      registers,
      collect() {
        for (const [task, of] of standing) this.set({ task }, value(of))
      },
    })
  show('clawrk_task_running', '1 while a turn of the task is under way.', ({ running }) => running)
  show(
    'clawrk_task_since_success_seconds',
    'How long ago a turn of the task ended well, or this process began.',
    ({ goodAt }) => (performance.now() - goodAt) / 1000,
  )
  show('clawrk_task_every_seconds', 'How often the task looks by itself.', ({ everyMs }) => everyMs / 1000)
  return (task, everyMs) => {
    const of = { everyMs, running: 0, goodAt: performance.now() }
    standing.set(task, of)
    const took = timings({ task })
    const ended = { done: turns.labels({ task, outcome: 'done' }), failed: turns.labels({ task, outcome: 'failed' }) }
    // Both are there from the beginning: a rate needs a first value.
    ended.done.inc(0)
    ended.failed.inc(0)
    return {
      begin() {
        const begun = performance.now()
        of.running = 1
        return (outcome) => {
          of.running = 0
          if (outcome === 'done') of.goodAt = performance.now()
          took((performance.now() - begun) / 1000)
          ended[outcome].inc()
        }
      },
    }
  }
}
