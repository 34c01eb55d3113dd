import type { Database } from '../../base/db.ts'
import { reply, room } from '../../base/endpoint.ts'
import { iso } from '../../base/page.ts'
import { clockApi, systemApi } from './api.ts'
import { isFirstEffect } from './idempotency.ts'

/** That a process answers, whatever its role and whether or not its database does. */
export const healthOf = (mode: 'test' | 'live') =>
  ({ ok: true, service: 'clawconnected', name: 'clawrk', mode }) as const

export const systemRoom = (mode: 'test' | 'live') =>
  room(systemApi, {
    health: async () => reply(200, healthOf(mode)),
  })

/** Only wired in test mode. `sweep` fires the timers that have become due. */
export const clockRoom = (db: Database, sweep: () => Promise<unknown>) =>
  room(clockApi, {
    advance: async ({ remember }, { advance_seconds: seconds }) => {
      await db.transaction(async (sql) => {
        if (remember && !(await isFirstEffect(sql, remember))) return
        await sql.rows(`update app_clock set skew = skew + make_interval(secs => $1)`, [seconds])
      })
      await sweep()
      const [row] = await db.rows<{ now: string }>(`select to_json(app_now()) as now`)
      return reply(200, { now: iso(row!.now) })
    },
  })
