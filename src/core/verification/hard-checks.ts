import { type Check, type CheckVerdict, nameOfCheck } from './check.ts'
import { VerificationFault } from './fault.ts'
import type { SlowCheck } from './slow-check.ts'
import { runApart } from './threads.ts'
import { countWords } from './words.ts'

/** Wall-clock time for all regex and json_schema checks of one submission together; honest ones take milliseconds on a million characters. */
const defaultLimits = { runMs: 5_000, probeMs: 5_000 }

type QuickCheck = Extract<Check, { type: 'contains' | 'not_contains' | 'min_words' }>

interface Found {
  readonly pass: boolean
  readonly message: string
}

/**
 * Runs the hard checks on an output, in the order they were declared. A check that hangs or dies on this output, but not on
 * a tiny one, is not passed, and the checks behind it are not run; if it hangs on that too, the fault is not the worker's
 * and a `VerificationFault` is thrown.
 */
export async function runHardChecks(
  checks: readonly Check[],
  output: string,
  limits: { readonly runMs: number; readonly probeMs: number } = defaultLimits,
): Promise<CheckVerdict[]> {
  const slow = checks.filter((check) => check.type === 'regex' || check.type === 'json_schema')
  const slowFound = slow.length > 0 ? await runSlowChecks(slow, output, limits) : []
  let next = 0
  return checks.map((check) => {
    const found =
      check.type === 'regex' || check.type === 'json_schema' ? slowFound[next++]! : runQuickCheck(check, output)
    return { type: check.type, name: nameOfCheck(check), ...found }
  })
}

async function runSlowChecks(
  checks: readonly SlowCheck[],
  output: string,
  limits: typeof defaultLimits,
): Promise<Found[]> {
  const { answers, ended } = await runApart({ checks, output }, limits.runMs)
  const broken = answers.findIndex(({ outcome }) => outcome === 'broken')
  if (broken >= 0)
    throw new VerificationFault(
      `the check "${nameOfCheck(checks[broken]!)}" cannot be run: ${answers[broken]!.message}`,
    )
  const found = answers.map(({ outcome, message }) => ({ pass: outcome === 'passed', message }))
  if (ended === 'done') return found
  await blameTheOutput(checks, limits.probeMs)
  const how = ended === 'overran' ? 'took too long' : 'ran out of memory'
  found.push({ pass: false, message: `the check ${how} on this output: submit a shorter or simpler one` })
  while (found.length < checks.length)
    found.push({ pass: false, message: 'not run: the check before it did not come to an end' })
  return found
}

/** Returns if the checks get through tiny outputs right now, so that only this output can be what stopped them. */
async function blameTheOutput(checks: readonly SlowCheck[], probeMs: number): Promise<void> {
  const { answers, ended } = await runApart({ checks, output: null }, probeMs)
  if (ended !== 'done' || answers.some(({ outcome }) => outcome === 'broken')) {
    throw new VerificationFault('the regex and json_schema checks could not be run, on this output or any other')
  }
}

function runQuickCheck(check: Exclude<Check, SlowCheck>, output: string): Found {
  if (check.type === 'command')
    throw new VerificationFault('command checks need a sandbox, which this market does not have')
  return runInline(check, output)
}

function runInline(check: QuickCheck, output: string): Found {
  switch (check.type) {
    case 'contains': {
      const pass = holds(output, check.value)
      return { pass, message: `the output ${pass ? 'contains' : 'does not contain'} ${quoted(check.value)}` }
    }
    case 'not_contains': {
      const pass = !holds(output, check.value)
      return { pass, message: `the output ${pass ? 'does not contain' : 'contains'} ${quoted(check.value)}` }
    }
    case 'min_words': {
      const words = countWords(output)
      return { pass: words >= check.min, message: `the output has ${words} words, at least ${check.min} are asked for` }
    }
    default:
      return check satisfies never
  }
}

/** Exact, case and all; only the two spellings of an accented letter and of a line break count as the same. */
function holds(output: string, value: string): boolean {
  return output.includes(value) || oneSpelling(output).includes(oneSpelling(value))
}

function oneSpelling(text: string): string {
  return text.normalize('NFC').replaceAll('\r\n', '\n')
}

function quoted(value: string): string {
  return value.length > 80 ? `"${value.slice(0, 79).toWellFormed()}…"` : `"${value}"`
}
