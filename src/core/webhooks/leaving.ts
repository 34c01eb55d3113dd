import type { Leaving } from '../accounts/leaving.ts'

/**
 * Whoever leaves is told nothing more: their webhooks go, with address, secret, whatever waits to be sent and the log of what was. What
 * is just being sent still arrives.
 */
export const webhooksLeaving: Leaving = {
  affairs: async () => [],
  async leave(sql, user) {
    // Before the webhooks themselves, as whoever books a delivery does it, so that neither waits for the other.
    await sql.rows(`delete from webhook_delivery where webhook_id in (select id from webhook where user_id = $1)`, [
      user,
    ])
    await sql.rows(`delete from webhook where user_id = $1`, [user])
  },
}
