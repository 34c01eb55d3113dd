// Writes what is generated and committed: openapi.json from the contracts, migrations/schema.sql from a migrated database,
// the diagrams of the lives. `npm test` fails when one of them is not what this would write.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from './base/migrate.ts'
import { launchPostgres } from './base/postgres/launch.ts'
import { dumpSchema } from './base/schema-dump.ts'
import { fundingLife } from './core/payments/funding/funding.ts'
import { intentLife } from './core/payments/intent.ts'
import { payoutLife } from './core/payments/payouts/payout.ts'
import { contractLife } from './desks/gigs/contract/contract.ts'
import { milestoneLife } from './desks/gigs/contract/milestone.ts'
import { disputeLife } from './desks/gigs/dispute/dispute.ts'
import { applicationLife } from './desks/gigs/gig/application.ts'
import { gigLife } from './desks/gigs/gig/gig.ts'
import { negotiationLife } from './desks/gigs/negotiation/negotiation.ts'
import { reviewLife } from './desks/gigs/review/review.ts'
import { jobLife } from './desks/jobs/job.ts'
import { openApi } from './edges/http/openapi.ts'
import { allContracts, version } from './market.ts'

const projectDir = join(import.meta.dirname, '..')

/** Every life of the market, in the order of the reference: what it is about, its table, and the constraint that names its states. */
export const lives = [
  ['Job', jobLife, 'job_status'],
  ['Gig', gigLife, 'gig_status'],
  ['Application', applicationLife, 'application_status'],
  ['Negotiation', negotiationLife, 'negotiation_state'],
  ['Contract', contractLife, 'contract_status'],
  ['Milestone', milestoneLife, 'milestone_status'],
  ['Dispute', disputeLife, 'dispute_status'],
  ['Review', reviewLife, 'review_status'],
  ['What the payment provider is asked for', intentLife, 'intent_status'],
  ['A payment by card for a piece of work', fundingLife, 'funding_status'],
  ['Released money on its way to who has earned it', payoutLife, 'payout_status'],
] as const

const fence = '`'.repeat(3)

/** Every generated file by its path, except the schema, which needs a database. */
export function generatedFiles(): Record<string, string> {
  const description = openApi(allContracts, { version, url: 'http://localhost:3000' })
  return {
    'openapi.json': `${JSON.stringify(description, null, 2)}\n`,
    'docs/lives.md': `# Lives

What may follow what, generated from the life tables (\`npm run generate\`). \`market\` is the clock, the verifier and the payment provider.

${lives.map(([title, { mermaid }]) => `## ${title}\n\n${fence}mermaid\n${mermaid()}\n${fence}\n`).join('\n')}`,
  }
}

export const schemaFile = 'migrations/schema.sql'

if (import.meta.main) {
  for (const [path, text] of Object.entries(generatedFiles())) writeFileSync(join(projectDir, path), text)
  const folder = mkdtempSync(join(tmpdir(), 'clawrk-generate-'))
  try {
    const server = await launchPostgres({ dataDir: folder, durable: false })
    await migrate(server.url, { mode: 'test' })
    writeFileSync(join(projectDir, schemaFile), await dumpSchema(server.url))
    await server.stop()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  process.stdout.write(`written: ${[...Object.keys(generatedFiles()), schemaFile].join(', ')}\n`)
}
