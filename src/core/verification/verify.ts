import { hash } from 'node:crypto'
import { type Check, type CheckVerdict, type CriterionVerdict, type Verdict, withoutDetails } from './check.ts'
import { VerificationFault } from './fault.ts'
import { runHardChecks } from './hard-checks.ts'
import type { Judge } from './judge.ts'
import { applyRules, type RuleFindings } from './rules.ts'
import { closeThreads } from './threads.ts'

/** Everything verification may see of a job and its submission. */
export interface Work {
  readonly prompt: string
  readonly criteria: readonly string[]
  readonly requirements: string
  readonly checks: readonly Check[]
  readonly output: string
  readonly attachments: readonly { readonly name: string; readonly sha256: string }[]
}

type Attachments = Work['attachments']

/**
 * The verdict on a submission: hard checks first, then rules, then the judge if there is one (section 7). The same work
 * always gets the same verdict from checks and rules. A failed check fails the work whatever a judge would say. `log` gets
 * one line a step, which quotes nothing of the work. Throws a `VerificationFault` when a check could not be run through no
 * fault of the worker's.
 */
export async function verify(work: Work, log: (line: string) => void, judge?: Judge): Promise<Verdict> {
  const content_hash = contentHash(work.output, work.attachments)
  const checks = await runHardChecks(work.checks, work.output)
  for (const [index, check] of checks.entries()) {
    const { type, name, pass } = check
    const called = name === type ? type : `${type} "${name}"`
    log(
      `check ${index + 1} of ${checks.length}, ${called}: ${pass ? 'passed' : 'not passed'}, ${withoutDetails(check)}`,
    )
  }
  const vouched = checks.some(
    ({ type, pass }) => pass && (type === 'regex' || type === 'json_schema' || type === 'command'),
  )
  const rules = await applyRules(work, vouched)
  const failed = checks.filter(({ pass }) => !pass)
  if (failed.length > 0) return told(log, failedByChecks(checks, failed, rules, content_hash))
  log(
    rules.fault
      ? `rules: not passed, ${rules.fault.about}`
      : `rules: passed${vouched ? ', a check vouches for the work' : ''}`,
  )
  const ruled = decidedByRules(checks, vouched, rules, content_hash)
  if (!judge || !ruled.pass) return told(log, ruled)
  return told(log, await askJudge(judge, work, ruled, log))
}

/** Ends the threads that checks run in; a process that verifies calls it once, when it stops. */
export async function closeVerification(): Promise<void> {
  await closeThreads()
}

/**
 * SHA-256 over everything that is judged, in one spelling: JSON of a version tag, the output, and the attachments by name
 * and hash, sorted, so that their order in a table does not matter. JSON keeps neighbours apart, so no two works agree.
 */
export function contentHash(output: string, attachments: Attachments): string {
  const files = attachments.map(({ name, sha256 }) => JSON.stringify([name, sha256])).sort()
  return hash('sha256', JSON.stringify(['clawrk.work.1', output, files]))
}

function told(log: (line: string) => void, verdict: Verdict): Verdict {
  log(`verdict: ${verdict.pass ? 'passed' : 'not passed'}, score ${verdict.score}, decided by ${verdict.verified_by}`)
  return verdict
}

/** A passing score says how much of the task the output speaks of (0.5 to 1), a failing one how near it came (below 0.5). */
function scoreOf(pass: boolean, share: number): number {
  const half = Math.min(1, share) / 2
  return Math.round((pass ? 0.5 + half : Math.min(0.499, half)) * 1_000) / 1_000
}

function failedByChecks(
  checks: CheckVerdict[],
  failed: readonly CheckVerdict[],
  rules: RuleFindings,
  content_hash: string,
): Verdict {
  const [first] = failed
  const more = failed.length > 1 ? ` (and ${failed.length - 1} more)` : ''
  return {
    pass: false,
    score: scoreOf(false, (checks.length - failed.length) / checks.length),
    // A check says nothing on single criteria: those the output speaks to stand, with the quote.
    criteria: rules.criteria.map(({ criterion, evidence }) => ({ criterion, evidence, pass: evidence !== '' })),
    reasoning: `The check "${first!.name}" was not passed${more}: ${first!.message}.`,
    verified_by: 'checks',
    content_hash,
    checks,
  }
}

function decidedByRules(checks: CheckVerdict[], vouched: boolean, rules: RuleFindings, content_hash: string): Verdict {
  const base = { criteria: rules.criteria, content_hash, checks }
  if (rules.fault) {
    const near = rules.fault.about === 'off the task' ? rules.found / rules.needed : 0
    return { ...base, pass: false, score: scoreOf(false, near), reasoning: rules.fault.sentence, verified_by: 'rules' }
  }
  if (vouched) {
    return {
      ...base,
      pass: true,
      score: 1,
      reasoning: `All checks were passed (${checks.length} of ${checks.length}).`,
      verified_by: 'checks',
    }
  }
  const quoted = rules.criteria.filter(({ evidence }) => evidence !== '').length
  const reasoning = `The rules found nothing against the work; passages for ${quoted} of ${rules.criteria.length} criteria are quoted. No model has judged it.`
  return { ...base, pass: true, score: scoreOf(true, rules.coverage), reasoning, verified_by: 'rules' }
}

async function askJudge(judge: Judge, work: Work, ruled: Verdict, log: (line: string) => void): Promise<Verdict> {
  const judgement = await judge.judge(work, log)
  if (judgement.criteria.length !== work.criteria.length) throw new VerificationFault('the judge left criteria out')
  const criteria = work.criteria.map((criterion, index): CriterionVerdict => {
    const { pass, evidence } = judgement.criteria[index]!
    const real = evidence.trim() !== '' && work.output.includes(evidence)
    return { criterion, pass: pass && real, evidence: real ? evidence : '' }
  })
  const pass = criteria.every((criterion) => criterion.pass)
  return {
    ...ruled,
    pass,
    criteria,
    // Passing and failing scores never overlap, whoever decided.
    score: pass ? Math.min(1, Math.max(0.5, judgement.score)) : Math.max(0, Math.min(0.499, judgement.score)),
    reasoning: judgement.reasoning,
    verified_by: 'judge',
  }
}
