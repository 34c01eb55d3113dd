import { columns, cut, paint } from './text.ts'

export interface Progress {
  say(text: string): void
  /** Wipes the line. */
  stop(): void
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/** A line on stderr that moves while something is awaited; nothing at all where stderr is no terminal. */
export function startProgress(): Progress {
  const stream = process.stderr
  if (!stream.isTTY) return { say() {}, stop() {} }
  let text = ''
  let frame = 0
  const draw = (): void => {
    const mark = paint('cyan', frames[frame++ % frames.length]!, stream)
    stream.write(`\r\u001b[2K${mark} ${cut(text, columns(stream) - 3)}`)
  }
  const timer = setInterval(draw, 100)
  return {
    say(next) {
      text = next
      draw()
    },
    stop() {
      clearInterval(timer)
      stream.write('\r\u001b[2K')
    },
  }
}

/** A share as a bar of a fixed width: `━━━━━━╌╌╌╌ 62 %`. */
export function bar(share: number, width = 20): string {
  const full = Math.round(Math.max(0, Math.min(1, share)) * width)
  return `${'━'.repeat(full)}${'╌'.repeat(width - full)} ${`${Math.floor(share * 100)}`.padStart(3)} %`
}

export interface Step {
  readonly step: string
  readonly seconds: number
}

export interface Steps {
  /** What is being done now, with a share from 0 to 1 where that is known. */
  readonly at: (what: string, share?: number) => void
  /** Wipes the line; answers what was done and how long each took. */
  stop(): Step[]
}

/** The progress of something that takes several steps, and how long each of them took. */
export function startSteps(): Steps {
  const progress = startProgress()
  const steps: Step[] = []
  let current: { what: string; since: number } | null = null
  const end = (): void => {
    if (current) steps.push({ step: current.what, seconds: Math.round(performance.now() - current.since) / 1000 })
    current = null
  }
  return {
    at(what, share) {
      if (current?.what !== what) {
        end()
        current = { what, since: performance.now() }
      }
      progress.say(share === undefined ? `${what} …` : `${what.padEnd(24)} ${bar(share)}`)
    },
    stop() {
      end()
      progress.stop()
      return steps
    },
  }
}
