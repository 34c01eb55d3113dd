import type { Check } from './check.ts'
import type { SlowCheck } from './slow-check.ts'
import { runApart } from './threads.ts'

/** All checks of one job together must compile, and get through tiny outputs, in this time. */
const limitMs = 2_000

/** What is wrong with one check; `path` counts from the list of checks, such as `0.value`. */
export interface CheckFault {
  readonly path: string
  readonly message: string
}

/**
 * Says which declared checks this market cannot run, so that they are refused when the job is posted and not met with a
 * worker's money at stake: regular expressions RE2 cannot run, schemas that do not compile or reach outside themselves,
 * checks that never come to an end, and commands (there is no sandbox yet). Limits of size are the schema's matter.
 *
 * It answers later, not at once: within the limits of size a pattern can still take 3.5 s to compile and a schema 0.8 s
 * (measured), so compiling runs in a checking thread. Without regex and json_schema checks no thread is touched.
 */
export async function whatIsWrongWithChecks(checks: readonly Check[]): Promise<CheckFault[]> {
  const faults: CheckFault[] = []
  const slow: { check: SlowCheck; path: string }[] = []
  for (const [index, check] of checks.entries()) {
    if (check.type === 'command') {
      faults.push({
        path: `${index}.run`,
        message: 'command checks need a sandbox, which this market does not have: use another kind of check',
      })
    } else if (check.type === 'regex') slow.push({ check, path: `${index}.value` })
    else if (check.type === 'json_schema') slow.push({ check, path: `${index}.schema` })
  }
  if (slow.length === 0) return faults
  const { answers, ended } = await runApart({ checks: slow.map(({ check }) => check), output: null }, limitMs)
  for (const [index, { outcome, message }] of answers.entries()) {
    if (outcome === 'broken') faults.push({ path: slow[index]!.path, message })
  }
  const stuck = slow[answers.length]
  if (ended !== 'done' && stuck)
    faults.push({ path: stuck.path, message: 'this check takes too long even on a tiny output: make it simpler' })
  return faults.sort((one, other) => Number.parseInt(one.path, 10) - Number.parseInt(other.path, 10))
}
