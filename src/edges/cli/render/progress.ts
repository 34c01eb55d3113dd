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
