import pg from 'pg'
import type { Sql } from '../../base/db.ts'
import type { Log } from '../../base/log.ts'

const channel = 'clawrk_work'

/**
 * Tells every process that some work has come in. After commit and at most every 5 ms, in a statement of its own: a notify
 * inside the hot statements would halve them. A wake that is lost only costs the wait for the next poll.
 */
export function openWaker(sql: Sql, log: Log): (work: string) => void {
  let pending: Set<string> | null = null
  return (work) => {
    if (pending) {
      pending.add(work)
      return
    }
    pending = new Set([work])
    setTimeout(() => {
      const works = [...pending!]
      pending = null
      sql
        .rows(`select pg_notify('${channel}', work) from unnest($1::text[]) as work`, [works])
        .catch((error: unknown) => {
          log.warn({ err: error }, 'a wake-up could not be sent')
        })
    }, 5)
  }
}

export interface Listener {
  close(): Promise<void>
}

/** Hears what other processes wake this one for, on a connection of its own that is made again when it breaks. */
export function listen(url: string, onWork: (work: string) => void, log: Log): Listener {
  let closed = false
  let client: pg.Client | null = null
  const connect = async (): Promise<void> => {
    while (!closed) {
      const next = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
      const broken = new Promise<void>((resolve) => {
        next.on('error', () => resolve())
        next.on('end', () => resolve())
      })
      next.on('notification', ({ payload }) => payload && onWork(payload))
      try {
        await next.connect()
        await next.query(`listen ${channel}`)
        client = next
        if (closed) await next.end()
        await broken
      } catch (error) {
        log.debug({ err: error }, 'the listening connection could not be made; trying again')
        await next.end().catch(() => {})
      }
      client = null
      if (!closed) await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
  const ended = connect()
  return {
    async close() {
      closed = true
      await client?.end().catch(() => {})
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 1_000))])
    },
  }
}
