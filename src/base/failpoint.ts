/**
 * Points at which a test lets this process die as if its machine had lost power: `CLAWRK_FAILPOINT` names one, as
 * `withdrawal:before_booking`. Without it, as everywhere but in those tests, passing one does nothing.
 */
const deadly = process.env.CLAWRK_FAILPOINT

export type Failpoint = 'before_intent' | 'after_intent' | 'before_call' | 'before_booking' | 'after_booking'

export const failpoint: (what: string, point: Failpoint) => void = deadly
  ? (what, point) => {
      if (`${what}:${point}` === deadly) process.kill(process.pid, 'SIGKILL')
    }
  : () => {}
