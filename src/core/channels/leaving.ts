import type { Leaving } from '../accounts/leaving.ts'

/** Whoever leaves is told nothing more: their channels go, with where they lead, what waits for them and the log of what was sent. */
export const channelsLeaving: Leaving = {
  affairs: async () => [],
  async leave(sql, user) {
    await sql.rows(`delete from channel where user_id = $1`, [user])
    await sql.rows(`delete from channel_question where user_id = $1`, [user])
  },
}
