import assert from 'node:assert/strict'
import type { Moved } from '../../src/base/archive.ts'
import { archiveLaws } from '../../src/core/ledger/archive-laws.ts'
import { checkLaws } from '../../src/core/ledger/laws.ts'
import { verifyChain } from '../../src/core/ledger/seal.ts'
import { gigLaws } from '../../src/desks/gigs/laws.ts'
import { jobArchiveLaws, jobLaws } from '../../src/desks/jobs/laws.ts'
import { tallyJobs } from '../../src/desks/jobs/tally.ts'
import { type Answer, type Person, readAll, type TestMarket } from '../support/market.ts'

/** Moves until there is nothing more to move; answers how many moved. */
export async function moveAll(move: () => Promise<Moved>): Promise<number> {
  for (let moved = 0; ; ) {
    const some = await move()
    assert.notEqual(some, null, 'nobody else moves anything here')
    if (!some) return moved
    moved += some
  }
}

/** Every law, of the archive too, and the chain over all transfers. */
export async function assertWhole({ db }: Pick<TestMarket, 'db'>): Promise<void> {
  assert.deepEqual(await checkLaws(db, [...jobLaws, ...gigLaws, ...archiveLaws, ...jobArchiveLaws]), [])
  assert.deepEqual((await verifyChain(db)).faults, [])
}

/** What people get for these addresses, to the byte; the clock and the request's own id are not looked at. */
export async function answersTo(
  people: Readonly<Record<string, Person>>,
  paths: Readonly<Record<string, readonly string[]>>,
): Promise<Map<string, string>> {
  const seen = new Map<string, string>()
  for (const [name, theirs] of Object.entries(paths)) {
    for (const path of theirs) {
      const answer: Answer<unknown> = await people[name]!.ask('GET', path)
      seen.set(`${name} ${path}`, `${answer.status} ${answer.text.replaceAll(/"request_id":"[^"]*"/g, '')}`)
    }
  }
  return seen
}

/** A list page by page, each with the cursor of the one before it, to the byte. */
export async function pagesOf(person: Person, path: string): Promise<string[]> {
  const pages: string[] = []
  for (let next: string | null = path; next !== null; ) {
    const answer: Answer<unknown> = await person.ask('GET', next)
    assert.equal(answer.status, 200, answer.text)
    pages.push(answer.text)
    const cursor = /[?&]cursor=([^&>]+)/.exec(answer.headers.get('link') ?? '')?.[1] ?? null
    next = cursor && `${path}${path.includes('?') ? '&' : '?'}cursor=${cursor}`
  }
  return pages
}

/** The keys of everybody there is, for a test that lasts more than a year. */
export const keysLast = ({ db }: Pick<TestMarket, 'db'>): Promise<unknown> =>
  db.rows(`update api_key set expires_at = expires_at + interval '10 years'`)

/** The desk reads everything that was told. */
export const tallyAll = ({ db }: Pick<TestMarket, 'db'>): Promise<unknown> =>
  readAll(db, 'jobs.tally', () => tallyJobs(db))
