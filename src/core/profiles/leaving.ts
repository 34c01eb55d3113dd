import type { Leaving } from '../accounts/leaving.ts'

/** What people show of themselves goes with them, an uploaded résumé too. Vouches and reviews stay: nobody's name is in them. */
export const profilesLeaving: Leaving = {
  affairs: async () => [],
  async leave(sql, user) {
    await sql.rows(`delete from profile where user_id = $1`, [user])
    await sql.rows(`select files_forget($1, '{}')`, [user])
  },
}
