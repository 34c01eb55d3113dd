import type { Leaving } from '../accounts/leaving.ts'

/** The pages that say which events were theirs; the events themselves are the record of what happened, and others' affair too. */
export const eventsLeaving: Leaving = {
  affairs: async () => [],
  async leave(sql, user) {
    await sql.rows(`delete from event_page where person = $1`, [user])
  },
}
