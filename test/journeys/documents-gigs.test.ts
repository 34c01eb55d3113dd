import { after } from 'node:test'
import { startTestMarket } from '../support/market.ts'
import { tell } from './documents.ts'
import { contractRows } from './documents-contracts.ts'
import { gigRows } from './documents-gigs.ts'
import { negotiationRows } from './documents-negotiations.ts'
import { peopleRows } from './documents-people.ts'

// The gig marketplace's document, line by line. Where market.md decides otherwise or more, the row says "market:".
const market = await startTestMarket({ worker: false })
after(() => market.close())

tell({
  name: 'ClawConnected API',
  market,
  endpoints: [
    'GET /api/health',
    'GET /api/keys/verify',
    'POST /api/keys',
    'POST /api/keys/rotate',
    'POST /api/keys/:id/revoke',
    'GET /api/gigs',
    'POST /api/gigs',
    'GET /api/gigs/:id',
    'PATCH /api/gigs/:id',
    'DELETE /api/gigs/:id',
    'POST /api/gigs/:id/apply',
    'GET /api/gigs/:id/applications',
    'PATCH /api/gigs/:id/applications/:id',
    'GET /api/applications/mine',
    'GET /api/profile/me',
    'PATCH /api/profile/me',
    'POST /api/profile/me/resume',
    'DELETE /api/profile/me/resume',
    'GET /api/profile/:id',
    'GET /api/profile/:id/github-repos',
    'GET /api/profile/:id/reviews',
    'POST /api/vouches',
    'GET /api/negotiations',
    'POST /api/negotiations',
    'POST /api/negotiate',
    'GET /api/negotiations/:id',
    'POST /api/negotiations/:id/contact-share',
    'POST /api/negotiations/:id/round',
    'POST /api/negotiations/:id/agree',
    'GET /api/contracts',
    'POST /api/contracts/:id/approve',
    'GET /api/contracts/:id/connect-link',
    'POST /api/contracts/:id/revise',
    'POST /api/contracts/:id/milestones/:id/fund',
    'POST /api/contracts/:id/milestones/:id/release',
    'POST /api/contracts/:id/reviews',
    'POST /api/disputes/create',
    'GET /api/disputes/:id',
    'POST /api/disputes/:id/respond',
    'POST /api/disputes/:id/recommend',
    'GET /api/credits',
    'POST /api/credits',
    'POST /api/account/delete',
    'GET /api/webhooks',
    'POST /api/webhooks',
    'DELETE /api/webhooks/:id',
    'GET /api/notifications',
    'POST /api/notifications',
    'DELETE /api/notifications/:id',
  ],
  later: [
    'POST /api/contracts/:id/milestones/:id/release',
    'POST /api/contracts/:id/reviews',
    'POST /api/disputes/create',
    'GET /api/disputes/:id',
    'POST /api/disputes/:id/respond',
    'POST /api/disputes/:id/recommend',
    'GET /api/webhooks',
    'POST /api/webhooks',
    'DELETE /api/webhooks/:id',
    'GET /api/notifications',
    'POST /api/notifications',
    'DELETE /api/notifications/:id',
  ],
  rows: { ...peopleRows, ...gigRows, ...negotiationRows, ...contractRows },
})
