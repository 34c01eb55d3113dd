import { reply, room } from '../../../base/endpoint.ts'
import { readProfiles, type WorkedTogether } from '../../../core/profiles/queries.ts'
import { viewNegotiation } from '../negotiation/negotiation.ts'
import { readLive } from '../negotiation/queries.ts'
import { pageOf } from '../page-of.ts'
import { gigsApi, refuseGig } from './api.ts'
import { viewApplication } from './application.ts'
import { apply } from './apply.ts'
import { createGig } from './create-gig.ts'
import { decide } from './decide.ts'
import { deleteGig } from './delete-gig.ts'
import { maySeeGig, viewGig } from './gig.ts'
import { readGig, readGigs, readReceived, readSent } from './queries.ts'
import { updateGig } from './update-gig.ts'
import { withdraw } from './withdraw.ts'

export interface GigsNeeds {
  /** Whether two people have worked together: asked of the desks, for the profiles beside applications. */
  readonly workedTogether: WorkedTogether
}

export const gigsRoom = ({ workedTogether }: GigsNeeds) =>
  room(gigsApi, {
    gigs: ({ sql, actor: { userId } }, input) =>
      pageOf(
        input,
        (page) => readGigs(sql, userId, input, page),
        (rows) => rows.map((row) => viewGig(row, userId)),
      ),
    create: createGig,
    gig: async ({ sql, actor: { userId } }, { id }) => {
      const gig = await readGig(sql, userId, id)
      if (!gig || !maySeeGig(gig, userId)) throw refuseGig('gig_not_found')
      return reply(200, viewGig(gig, userId))
    },
    update: updateGig,
    delete: deleteGig,
    apply,
    applications: async ({ sql, actor: { userId } }, input) => {
      const gig = await readGig(sql, userId, input.id)
      if (!gig || !maySeeGig(gig, userId)) throw refuseGig('gig_not_found')
      if (gig.owner_id !== userId) throw refuseGig('gig_not_yours')
      return pageOf(
        input,
        (page) => readReceived(sql, gig.id, input.status, page),
        async (rows) => {
          const workers = rows.map(({ worker_user_id: worker }) => worker)
          const profiles = await readProfiles(sql, workers, workedTogether)
          return rows.flatMap((row) => {
            const worker_profile = profiles.get(row.worker_user_id)
            // Whoever has gone since the list was read.
            return worker_profile ? { ...viewApplication(row, userId), worker_profile } : []
          })
        },
      )
    },
    decide,
    mine: ({ sql, actor: { userId } }, input) =>
      pageOf(
        input,
        (page) => readSent(sql, userId, input, page),
        async (rows) => {
          const gigs = rows.map(({ gig_id: gig }) => gig)
          const live = new Map((await readLive(sql, userId, gigs)).map((row) => [row.gig_id, row]))
          return rows.map((row) => {
            const negotiation = live.get(row.gig_id)
            return {
              ...viewApplication(row, userId),
              negotiation_id: negotiation?.id ?? null,
              negotiation: negotiation ? viewNegotiation(negotiation, userId) : null,
            }
          })
        },
      ),
    withdraw,
  })
