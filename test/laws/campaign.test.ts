import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'

const project = join(import.meta.dirname, '../..')

test('every race is run by a campaign: who counts rounds is in one of its files', () => {
  const { scripts } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const campaigns = Object.values(scripts).filter((script) => script.includes('ROUNDS='))
  const globs = campaigns.flatMap((script) => script.match(/test\/\S+\.test\.ts/g) ?? [])
  const run = new Set(globs.flatMap((glob) => globSync(glob, { cwd: project })))
  const races = globSync('test/**/*.test.ts', { cwd: project }).filter((file) =>
    /import \{[^}]*\b(contest|rounds)\b[^}]*\} from '[^']*contest\.ts'/.test(readFileSync(join(project, file), 'utf8')),
  )
  assert.ok(races.length > 3, 'there are races')
  for (const file of races) assert.ok(run.has(file), `${file}: put it below test/races, or call it …race….test.ts`)
})
