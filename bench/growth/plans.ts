import type { Database } from '../../src/base/db.ts'

/** One step of a plan that read a table, as it was run. */
export interface Reading {
  readonly table: string
  readonly node: string
  readonly index: string | null
  /** Rows looked at, those that were left out included. */
  readonly rows: number
  readonly query: string
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Actual Rows'?: number
  readonly 'Actual Loops'?: number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Join Filter'?: number
  readonly 'Rows Removed by Index Recheck'?: number
  readonly Plans?: readonly PlanNode[]
}

/**
 * Runs something on a pool of one connection with generic plans, and answers how each table was read by each of its statements: those
 * inside functions and triggers, too, as PostgreSQL's own auto_explain tells them.
 */
export async function readingsOf(db: Database, work: () => Promise<unknown>): Promise<Reading[]> {
  const readings: Reading[] = []
  const client = await db.pool.connect()
  const note = (notice: { readonly message?: string | undefined }): void => {
    const text = notice.message ?? ''
    const at = text.indexOf('plan:\n')
    if (!text.startsWith('duration:') || at < 0) return
    const told = JSON.parse(text.slice(at + 6)) as { 'Query Text': string; Plan: PlanNode }
    collect(told.Plan, told['Query Text'], readings)
  }
  client.on('notice', note)
  await client.query(`load 'auto_explain'; set auto_explain.log_min_duration = 0; set auto_explain.log_analyze = on; set auto_explain.log_timing = off;
    set auto_explain.log_nested_statements = on; set auto_explain.log_format = json; set auto_explain.log_level = notice; set plan_cache_mode = force_generic_plan`)
  client.release()
  try {
    await work()
  } finally {
    await db.pool.query(`set auto_explain.log_min_duration = -1; reset plan_cache_mode`)
    client.removeListener('notice', note)
  }
  return readings
}

function collect(node: PlanNode, query: string, into: Reading[]): void {
  const loops = node['Actual Loops'] ?? 0
  const table = node['Relation Name']
  if (table && loops > 0 && node['Node Type'].endsWith('Scan'))
    into.push({
      table,
      node: node['Node Type'],
      index: node['Index Name'] ?? null,
      rows: Math.round(
        ((node['Actual Rows'] ?? 0) +
          (node['Rows Removed by Filter'] ?? 0) +
          (node['Rows Removed by Index Recheck'] ?? 0)) *
          loops,
      ),
      query,
    })
  else if (table && node['Node Type'].endsWith('Seq Scan'))
    into.push({ table, node: `${node['Node Type']} (never run)`, index: null, rows: 0, query })
  for (const child of node.Plans ?? []) collect(child, query, into)
}
