import type { Sql } from './db.ts'

/** An idempotency key of a request, and what its answer is stored under. */
export interface Remember {
  readonly lineage: string
  readonly route: string
  readonly key: string
  /** SHA-256 of the input. */
  readonly fingerprint: Buffer
  /** Stable over retries of the same key: intents of `outside` endpoints take it as their id. */
  readonly effectId: string
}

/** A hot verb's single statement, without and with an idempotency row. */
export interface Statement {
  readonly plain: string
  readonly remembering: string
}

/**
 * Completes a chain of CTEs, of which `done` is the row to answer with, into one statement. Postgres skips a select CTE that
 * nobody reads, so `done` must mention every one that posts or tells something.
 * With an idempotency key the same statement inserts the key's row, so effect and key commit together; a second use of the
 * key fails on its primary key (waiting for a twin in flight) and undoes the second effect whole.
 */
export function statement(ctes: string, row = 'row_to_json(done)'): Statement {
  const used = Math.max(0, ...[...ctes.matchAll(/\$(\d+)/g)].map((match) => Number(match[1])))
  const answer = `select ${row} as row from done`
  const slots = [1, 2, 3, 4].map((offset) => `$${used + offset}`).join(', ')
  return {
    plain: `with ${ctes}\n${answer}`,
    remembering: `with ${ctes}, remembered as (
  insert into idempotency (lineage, route, key, fingerprint, answer) select ${slots}, ${row} from done
)\n${answer}`,
  }
}

/** Runs a statement in one round trip. Null: its guards let nothing through, and nothing was changed. */
export async function run<R>(
  call: { readonly sql: Sql; readonly remember: Remember | null },
  { plain, remembering }: Statement,
  params: readonly unknown[],
): Promise<R | null> {
  const { remember } = call
  const rows = remember
    ? await call.sql.rows<{ row: R }>(remembering, [
        ...params,
        remember.lineage,
        remember.route,
        remember.key,
        remember.fingerprint,
      ])
    : await call.sql.rows<{ row: R }>(plain, params)
  return rows[0]?.row ?? null
}
