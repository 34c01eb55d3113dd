import { createHash } from 'node:crypto'
import type { Database, Sql } from '../../base/db.ts'

/** Transfers in one seal, so that the first seal over a long history is many small steps. */
const sealMost = 10_000

/** What is hashed of a transfer: every column, as JSON made by Postgres, so that no two transfers spell the same. */
const line = `json_build_array(position, id, kind, ref, source, leg, from_account, to_account, unit, amount, card_part, xid, created_at)::text`

interface Seal {
  readonly number: number
  readonly from_xid: number
  readonly to_xid: number
  readonly transfers: number
  readonly hash: Buffer
}

const genesis = Buffer.alloc(32)

/** SHA-256 over the seal before and the lines of this one: changing any byte of either changes every seal after it. */
function chain(before: Buffer, lines: readonly string[]): Buffer {
  const hash = createHash('sha256').update(before)
  for (const text of lines) hash.update(text).update('\n')
  return hash.digest()
}

/**
 * Chains the transfers that have committed since the last seal; answers how many. Posting never waits for it. A transfer is
 * taken once every transaction that began before its own has ended: then nothing can still appear in front of it.
 */
export async function sealTransfers(db: Database): Promise<number> {
  return db.transaction(async (sql) => {
    const [turn] = await sql.rows<{ mine: boolean }>(
      `select pg_try_advisory_xact_lock(hashtext('clawrk seal')) as mine`,
    )
    if (!turn!.mine) return 0
    const [last] = await sql.rows<Seal>(`select * from ledger_seal order by number desc limit 1`)
    const from = last?.to_xid ?? 0
    const rows = await sql.rows<{ line: string; xid: number }>(
      `select ${line} as line, xid from transfer
       where xid >= $1 and xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint order by xid, position limit ${sealMost + 1}`,
      [from],
    )
    if (rows.length === 0) return 0
    // A seal ends between transactions: the last one of a cut list waits for the next seal, unless it is all there is.
    const cut = rows.length > sealMost ? rows.at(-1)!.xid : null
    const taken = cut === null ? rows : rows.filter(({ xid }) => xid < cut)
    if (taken.length === 0) throw new Error(`one transaction posted more than ${sealMost} transfers`)
    const to = taken.at(-1)!.xid + 1
    const hash = chain(
      last?.hash ?? genesis,
      taken.map((row) => row.line),
    )
    await sql.rows(
      `insert into ledger_seal (number, from_xid, to_xid, transfers, hash, sealed_at) values ($1, $2, $3, $4, $5, app_now())`,
      [(last?.number ?? 0) + 1, from, to, taken.length, hash],
    )
    await foldPlatform(sql, from, to)
    return taken.length
  })
}

/** Adds what a seal moved to the snapshots of the platform accounts, which have no running balance of their own. */
async function foldPlatform(sql: Sql, from: number, to: number): Promise<void> {
  await sql.rows(
    `insert into platform_snapshot as p (account, unit, balance)
     select account, unit, sum(amount) from (
       select to_account as account, unit, amount from transfer where xid >= $1 and xid < $2
       union all select from_account, unit, -amount from transfer where xid >= $1 and xid < $2
     ) as movement where starts_with(account, 'platform:') group by account, unit
     on conflict (account, unit) do update set balance = p.balance + excluded.balance`,
    [from, to],
  )
}

/** What an audit of the chain found. */
export interface ChainReport {
  readonly seals: number
  readonly transfers: number
  /** Committed transfers that no seal covers yet. */
  readonly unsealed: number
  /** The newest hash, in hex: written down elsewhere, it proves that nothing before it was changed or cut off. */
  readonly head: string
  /** Empty when the chain is whole. */
  readonly faults: readonly string[]
}

/** Recomputes the whole chain from the transfers as they are now, wherever they lie. Finds any changed, missing or added byte under a seal. */
export async function verifyChain(sql: Sql): Promise<ChainReport> {
  const faults: string[] = []
  let before: Buffer = genesis
  let expectedFrom = 0
  let transfers = 0
  const seals = await sql.rows<Seal>(`select * from ledger_seal order by number`)
  for (let start = 0; start < seals.length; ) {
    let end = start
    let together = 0
    while (end < seals.length && (together === 0 || together + seals[end]!.transfers <= 2 * sealMost))
      together += seals[end++]!.transfers
    const lines = await linesBetween(sql, seals[start]!.from_xid, seals[end - 1]!.to_xid)
    for (const [index, seal] of seals.slice(start, end).entries()) {
      const own = lines.filter(({ xid }) => xid >= seal.from_xid && xid < seal.to_xid).map((row) => row.line)
      if (seal.number !== start + index + 1) faults.push(`seal ${start + index + 1} is missing`)
      if (seal.from_xid !== expectedFrom) faults.push(`seal ${seal.number} does not begin where the one before it ends`)
      if (own.length !== seal.transfers)
        faults.push(`seal ${seal.number} covers ${seal.transfers} transfers, but ${own.length} are there`)
      if (!chain(before, own).equals(seal.hash))
        faults.push(`seal ${seal.number} does not fit its transfers or the seal before it`)
      transfers += own.length
      before = seal.hash
      expectedFrom = seal.to_xid
    }
    start = end
  }
  const [tail] = await sql.rows<{ n: number }>(`select count(*) as n from transfer where xid >= $1`, [expectedFrom])
  return {
    seals: seals.length,
    transfers,
    unsealed: tail!.n,
    head: before.toString('hex'),
    faults: faults.slice(0, 50),
  }
}

const linesBetween = (sql: Sql, from: number, to: number): Promise<{ line: string; xid: number }[]> =>
  sql.rows(`select ${line} as line, xid from transfer_all where xid >= $1 and xid < $2 order by xid, position`, [
    from,
    to,
  ])
