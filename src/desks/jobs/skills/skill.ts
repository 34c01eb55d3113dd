import { brief } from './brief.ts'
import { researchBrief } from './research.ts'

/** Something the market itself can do for a job of the first API. */
export interface Skill {
  readonly name: string
  /** What a job of this skill costs its sender; its worker gets 50 cents for each. */
  readonly creditCost: number
  /** The work, from the intent of the job alone. */
  execute(intent: string): string | Promise<string>
}

/** The skills there are; `of` answers the one for everything else where nobody knows the name. */
export interface Skills {
  of(name: string): Skill
}

export function registry(all: readonly Skill[], otherwise: Skill): Skills {
  const byName = new Map(all.map((skill) => [skill.name, skill]))
  return { of: (name) => byName.get(name) ?? otherwise }
}

/** What every other skill the structurer knows costs. Its worker does the work; without one it makes the plan for it. */
const costs: Readonly<Record<string, number>> = {
  translation: 3,
  editing: 3,
  support: 3,
  writing: 4,
  marketing: 4,
  sql: 5,
  scraping: 5,
  docs: 5,
  data: 6,
  testing: 6,
  product: 6,
  automation: 6,
  design: 8,
  media: 8,
  finance: 8,
  frontend: 8,
  backend: 9,
  devops: 9,
  mobile: 9,
  legal: 9,
  blockchain: 10,
  security: 10,
  gamedev: 10,
  ml: 10,
}

const general: Skill = { name: 'general', creditCost: 4, execute: (intent) => brief('general', intent) }

export const skills: Skills = registry(
  [
    { name: 'research', creditCost: 2, execute: researchBrief },
    ...Object.entries(costs).map(
      ([name, creditCost]): Skill => ({ name, creditCost, execute: (intent) => brief(name, intent) }),
    ),
  ],
  general,
)
