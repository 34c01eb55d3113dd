import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Options } from './options.ts'
import { ownJobs, ownPersonas } from './own-work.ts'

/** A job as somebody really ordered it, with its price in dollars. */
export interface Ordered {
  readonly title: string
  readonly description: string
  readonly price: number
}

/** What an agent says of itself. */
export interface Persona {
  readonly name: string
  readonly description: string
}

export interface Material {
  readonly real: boolean
  readonly jobs: readonly Ordered[]
  readonly personas: readonly Persona[]
}

const folder = join(import.meta.dirname, '../../shared/data/work')

/** The real jobs and personas where the data folder is at hand, else the demo's own. */
export function readMaterial({ own, jobs }: Options): Material {
  const real = !own && existsSync(join(folder, 'priced_software_jobs.jsonl'))
  const all: readonly Ordered[] = real ? readLines('priced_software_jobs.jsonl') : ownJobs
  const personas: readonly Persona[] = real ? readLines('agent_personas.jsonl') : ownPersonas
  return { real, jobs: all.slice(0, jobs), personas }
}

function readLines<T>(name: string): T[] {
  const lines = readFileSync(join(folder, name), 'utf8').split('\n')
  return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as T)
}
