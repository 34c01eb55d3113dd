import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, ask, type Person } from '../support/market.ts'

/** How often each race is run: some in every `npm test`, 200 in `npm run campaign:races`. */
export const rounds = Number(process.env.ROUNDS ?? 40)

/** Over so many rounds each side of a race must have won at least once, or it was none. In fewer, luck may favour one of them. */
const campaign = 200

/**
 * Two or more that start at once, each after some hundred microseconds or none: from round to round another one comes first.
 * Answers what each of them got, in the given order.
 */
export async function race<T extends readonly (() => Promise<unknown>)[]>(
  ...runners: T
): Promise<{ [K in keyof T]: Awaited<ReturnType<T[K]>> }> {
  const started = runners.map(async (run) => {
    const pause = Math.random() * 4
    if (pause >= 1) await sleep(pause)
    return run()
  })
  return (await Promise.all(started)) as { [K in keyof T]: Awaited<ReturnType<T[K]>> }
}

/** Runs a race over and over, says how often which of them won, and in a campaign that each of `winners` did. */
export async function contest(
  story: TestContext,
  winners: readonly string[],
  round: (n: number) => Promise<string>,
): Promise<void> {
  const wins = new Map(winners.map((winner) => [winner, 0]))
  for (let n = 0; n < rounds; n++) {
    const winner = await round(n)
    wins.set(winner, (wins.get(winner) ?? 0) + 1)
  }
  const told = [...wins].map(([winner, times]) => `${winner} ${times}`).sort()
  // A line of its own shape: node's summary counts with lines that begin with "fail".
  story.diagnostic(`won: ${told.join(' · ')}`)
  if (rounds < campaign) return
  for (const winner of winners) assert.ok(wins.get(winner)! > 0, `${winner} never won in ${rounds} rounds`)
}

/** Checks that exactly one of two answers is the good one and the other a refusal; says which, counting from 0. */
export function onlyOneWon(answers: readonly Answer<unknown>[], lost: readonly [status: number, code: string]): number {
  const good = answers.flatMap(({ status }, index) => (status === 200 ? [index] : []))
  assert.equal(good.length, 1, answers.map(({ status, text }) => `${status} ${text.slice(0, 120)}`).join('\n'))
  for (const [index, answer] of answers.entries()) {
    if (index === good[0]) continue
    assert.deepEqual([answer.status, (answer.body as { code: string }).code], lost)
  }
  return good[0]!
}

/** The same person at another API of the market. */
export const at = (url: string | undefined, person: Person): Person => ({
  ...person,
  ask: (method, path, body, headers = {}) =>
    ask(url!, method, path, body, { authorization: `Bearer ${person.key}`, ...headers }),
})
