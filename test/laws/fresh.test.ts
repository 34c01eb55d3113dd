import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { dumpSchema } from '../../src/base/schema-dump.ts'
import { generatedFiles, schemaFile } from '../../src/generate.ts'
import { cloneDatabase } from '../support/database.ts'

const projectDir = join(import.meta.dirname, '../..')
const committed = (path: string): string => readFileSync(join(projectDir, path), 'utf8')

for (const [path, text] of Object.entries(generatedFiles())) {
  test(`${path} is fresh`, () => {
    assert.ok(
      committed(path) === text,
      `${path} is not what its source says any more: run  npm run generate  and commit it`,
    )
  })
}

test('migrations/schema.sql is fresh', async () => {
  const { url } = await cloneDatabase()
  assert.equal(committed(schemaFile), await dumpSchema(url), 'run  npm run generate  and commit migrations/schema.sql')
})
