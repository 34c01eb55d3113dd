import { newId } from '../../src/base/ids.ts'
import { encodeCursor } from '../../src/base/page.ts'
import type { Case } from './cases.ts'
import type { Grown } from './market.ts'

/** The contract desk. */
export async function gigCases({ ask, market, sender, some, crowd }: Grown): Promise<Case[]> {
  const { db } = market
  const [client, freelancer] = [crowd[0]!, some[0]!]
  await db.rows(`update app_user set user_type = 'freelancer' where id = any ($1::uuid[])`, [
    crowd.slice(1).map(({ id }) => id),
  ])
  await db.rows(
    `update app_user set stripe_account_status = 'active', stripe_account_id = 'acct_' || id where id = $1`,
    [crowd[1]!.id],
  )
  const [gig] = await db.rows<{ id: string; at: string }>(
    `select id, to_json(created_at) #>> '{}' as at from gig where status = 'active' order by created_at limit 1`,
  )
  const far = encodeURIComponent(encodeCursor(gig!.at, gig!.id))
  const [contract] = await db.rows<{ id: string; client_id: string }>(
    `select id, client_id from contract order by created_at limit 1`,
  )
  // Whoever is a side of the oldest contract asks for it.
  const party = some[1]!
  await db.rows(`update contract set client_id = $2 where id = $1 and worker_id <> $2`, [contract!.id, party.id])
  const get = (name: string, who: Grown['sender'], path: string, most?: number): Case => ({
    name,
    hot: true,
    once: () => ask(who, `GET ${path}`),
    ...(most ? { most } : {}),
  })
  // As many at every size: whoever looks for work has a page of applications and some more.
  await db.rows(
    `insert into application (id, gig_id, worker_id, message, status, created_at, updated_at)
     select uuid7(), id, $1, 'I dredge.', 'applied', created_at, created_at
     from (select id, created_at from gig where owner_id <> $1 order by created_at limit 60) as early on conflict do nothing`,
    [freelancer.id],
  )
  const gigs: string[] = []
  let applicant = 1
  let funded = { contract: '', milestone: '' }
  /** An active contract with one milestone that waits for its money. */
  const agreed = async (): Promise<void> => {
    const ids = Array.from({ length: 4 }, newId)
    await db.rows(
      `insert into gig (id, owner_id, title, status, created_at, updated_at) values ($1, $2, 'A harbour', 'active', app_now(), app_now())`,
      [ids[0], client.id],
    )
    await db.rows(
      `insert into negotiation (id, gig_id, client_id, worker_id, state, created_at, updated_at) values ($1, $2, $3, $4, 'approved', app_now(), app_now())`,
      [ids[1], ids[0], client.id, crowd[1]!.id],
    )
    await db.rows(
      `insert into contract (id, negotiation_id, gig_id, client_id, worker_id, title, description, scope, rate_cents, hours_per_week, payout_delay_days, status,
         client_approved_at, worker_approved_at, activated_at, created_at, updated_at)
       values ($1, $2, $3, $4, $5, 'A harbour', '', '', 1000, 10, 3, 'active', app_now(), app_now(), app_now(), app_now(), app_now())`,
      [ids[2], ids[1], ids[0], client.id, crowd[1]!.id],
    )
    await db.rows(
      `insert into milestone (id, contract_id, position, title, amount_cents, status, approved_at, due_at, created_at, updated_at)
       values ($1, $2, 1, 'All of it', 10000, 'pending', app_now(), app_now() + interval '14 days', app_now(), app_now())`,
      [ids[3], ids[2]],
    )
    funded = { contract: ids[2]!, milestone: ids[3]! }
  }
  const fund = (): Promise<unknown> =>
    ask(client, `POST /api/contracts/${funded.contract}/milestones/${funded.milestone}/fund`, { source: 'wallet' })
  return [
    get('gigs, newest', freelancer, '/api/gigs?limit=50'),
    get('gigs, far back', freelancer, `/api/gigs?limit=50&cursor=${far}`),
    get('gigs, a common word', freelancer, '/api/gigs?limit=50&q=harbours'),
    get('gigs, a word nobody used', freelancer, '/api/gigs?limit=50&q=zeppelin'),
    get('gigs, a skill', freelancer, '/api/gigs?limit=50&skill=skill2'),
    get('gigs, a least rate', freelancer, '/api/gigs?limit=50&min_rate_cents=5000'),
    get('my applications', freelancer, '/api/applications/mine?limit=50'),
    get('my contracts', sender, '/api/contracts?limit=50'),
    get('a contract by id', party, `/api/contracts/${contract!.id}`),
    get('my negotiations', sender, '/api/negotiations?limit=50'),
    {
      name: 'post a gig',
      hot: true,
      once: async () => {
        const made = await ask<{ id: string }>(client, 'POST /api/gigs', {
          title: 'Dredge the harbour',
          description: 'All of it.',
          rate_cents: 5000,
          skills: ['SQL'],
          status: 'active',
        })
        gigs.push(made.id)
      },
    },
    {
      name: 'apply',
      hot: true,
      once: () => ask(crowd[2 + (applicant++ % 60)]!, `POST /api/gigs/${gigs.at(-1)}/apply`, { message: 'I dredge.' }),
    },
    { name: 'fund a milestone from the wallet', hot: true, prepare: agreed, once: fund },
    {
      name: 'release a milestone',
      hot: true,
      prepare: async () => {
        await agreed()
        await fund()
      },
      once: () => ask(client, `POST /api/contracts/${funded.contract}/milestones/${funded.milestone}/release`, {}),
    },
    {
      name: 'ledger_post',
      hot: true,
      once: () =>
        db.rows(
          `select ledger_post('topup', $1, $1, 'USD', array['platform:stripe'], array['wallet:' || $2], array[100])`,
          [`bench:${newId()}`, client.id],
        ),
    },
  ]
}
