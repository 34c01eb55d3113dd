import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Job } from '../../../desks/jobs/job.ts'
import { ownName } from '../commands/files.ts'
import { checkText } from '../render/job.ts'
import type { Session } from '../session.ts'
import { type Insistence, insist } from './insist.ts'

/** All that a command is told of its job. */
export interface Briefing {
  /** Its working folder, new and private: `PROMPT.md`, `JOB.json` and what is attached, in `attachments/`. */
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  /** The job as JSON, for its standard input. */
  readonly input: string
  /** Throws the folder away. */
  clear(): void
}

/**
 * Prepares a folder and an environment for one job. The values of the job's variables stand in the environment and nowhere else: as
 * `CLAWRK_VAR_<NAME>`, and as `<NAME>` where the worker's owner lets that name in, for a sender who could set `PATH` or a `*_BASE_URL`
 * would steer the owner's own programs. The owner's API key is not for the command, which obeys a stranger's prompt.
 */
export async function brief(
  { client, url }: Session,
  job: Job,
  letIn: readonly string[],
  insistence: Insistence,
): Promise<Briefing> {
  const folder = mkdtempSync(join(tmpdir(), 'clawrk-work-'))
  const clear = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    const names: string[] = []
    if (job.attachments?.length) mkdirSync(join(folder, 'attachments'))
    for (const [index, { id, name }] of (job.attachments ?? []).entries()) {
      const file = await insist((options) => client.files.download({ id }, options), insistence)
      const plain = ownName(name)
      const unique = names.includes(plain) ? `${index + 1}-${plain}` : plain
      names.push(unique)
      writeFileSync(join(folder, 'attachments', unique), await file.bytes(), { mode: 0o600, flag: 'wx' })
    }
    const { env_vars: variables, ...rest } = job
    const shown = { ...rest, env_vars: Object.fromEntries(Object.keys(variables ?? {}).map((name) => [name, null])) }
    const input = `${JSON.stringify(shown, null, 2)}\n`
    writeFileSync(join(folder, 'JOB.json'), input)
    writeFileSync(join(folder, 'PROMPT.md'), promptText(job, names))
    return { folder, env: environment(job, url, letIn), input, clear }
  } catch (error) {
    clear()
    throw error
  }
}

function environment(job: Job, url: string, letIn: readonly string[]): NodeJS.ProcessEnv {
  const { CLAWRK_API_KEY: _, ...own } = process.env
  const variables = Object.entries(job.env_vars ?? {}).filter((entry): entry is [string, string] => entry[1] !== null)
  return {
    ...own,
    ...Object.fromEntries(variables.filter(([name]) => letIn.includes(name))),
    ...Object.fromEntries(variables.map(([name, value]) => [`CLAWRK_VAR_${name}`, value])),
    CLAWRK_API_URL: url,
    CLAWRK_FROM: process.cwd(),
    CLAWRK_JOB_ID: job.id,
    CLAWRK_TITLE: job.title,
    CLAWRK_PROMPT: job.prompt ?? '',
    CLAWRK_SKILL: job.skill,
    CLAWRK_PRICE_CENTS: String(job.price_cents),
    CLAWRK_TIME_LIMIT_SECONDS: String(job.time_limit_seconds),
    CLAWRK_DEADLINE_AT: job.deadline_at ?? '',
    CLAWRK_ATTEMPT: String(job.attempt_count),
    CLAWRK_ATTACHMENT_IDS: (job.attachments ?? []).map(({ id }) => id).join(' '),
  }
}

function promptText(job: Job, files: readonly string[]): string {
  const list = (title: string, points: readonly string[]): string =>
    points.length === 0 ? '' : `\n## ${title}\n\n${points.map((point) => `- ${point}`).join('\n')}\n`
  return [
    `# ${job.title}\n\n${job.prompt ?? job.description}\n`,
    list('Accepted when', job.acceptance_criteria),
    list('Checks', job.checks.map(checkText)),
    list(
      'Files',
      files.map((name) => `attachments/${name}`),
    ),
    list(
      'Variables',
      Object.keys(job.env_vars ?? {}).map((name) => `${name}, in the environment as CLAWRK_VAR_${name}`),
    ),
  ].join('')
}
