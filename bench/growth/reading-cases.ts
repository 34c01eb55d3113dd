import { encodeCursor } from '../../src/base/page.ts'
import { openCredentials } from '../../src/core/accounts/credentials.ts'
import { hashPassword } from '../../src/core/accounts/password.ts'
import { boardStats } from '../../src/desks/jobs/board.ts'
import type { Case } from './cases.ts'
import type { Grown } from './market.ts'

/** What people and their agents look up. Whoever asks has a long past of their own: one job in twenty is theirs. */
export async function readingCases({ ask, market, sender, worker, some, operator }: Grown): Promise<Case[]> {
  const { db } = market
  const row = async (text: string, ...params: unknown[]): Promise<Record<string, string>> =>
    (await db.rows<Record<string, string>>(text, params))[0]!
  await db.rows(
    `insert into session (id, user_id, token_hash, created_at, seen_at) values (uuid7(), $1, sha256('bench'), app_now(), app_now()) on conflict do nothing`,
    [sender.id],
  )
  await db.rows(`update login set password_hash = $2 where user_id = $1`, [
    some[0]!.id,
    await hashPassword('correct horse battery'),
  ])
  await db.rows(
    `insert into agent (id, owner_id, name, created_at) values (growth.id(21, 1), $1, 'idle', app_now()) on conflict do nothing`,
    [worker.id],
  )
  const idle = (await row(`select growth.id(21, 1) as id`)).id!
  // Far back in the past of each.
  const deep = async (text: string, who: string): Promise<string> => {
    const { at, id } = await row(`select to_json(at) #>> '{}' as at, id from (${text}) as far`, who)
    return encodeURIComponent(encodeCursor(at!, id!))
  }
  const sent = await deep(
    `select created_at as at, id from job where sender = $1 and ended_at is not null order by created_at offset 30 limit 1`,
    sender.id,
  )
  const done = await deep(
    `select updated_at as at, id from job where receiver = $1 order by updated_at offset 30 limit 1`,
    worker.id,
  )
  const known = (await row(`select growth.id(4, 4320) as id`)).id!
  const seqs = await row(
    `select min(last_seq) as old, max(last_seq) as young from event_page where person = $1 and last_seq > (select forgotten + 1 from event_sequence)`,
    sender.id,
  )
  const webhook = (await row(`select growth.id(16, 100) as id`)).id!
  const get = (name: string, who: Grown['sender'] | null, path: string, most?: number): Case => ({
    name,
    hot: true,
    once: () => ask(who, `GET ${path}`),
    ...(most ? { most } : {}),
  })
  return [
    { name: 'whose key this is', hot: true, once: () => openCredentials(db).byKey(sender.key) },
    { name: 'whose session this is', hot: true, once: () => openCredentials(db).bySession('bench') },
    {
      name: 'sign in',
      hot: true,
      each: 2,
      once: async () => {
        await ask(null, 'POST /api/auth/sign-in/email', {
          email: 'person.4@growth.test',
          password: 'correct horse battery',
        })
      },
    },
    get('wallet, balance', sender, '/api/wallet/balance?limit=1'),
    get('wallet of somebody who earns', worker, '/api/wallet/balance?limit=1'),
    get('wallet, a page of history', sender, '/api/wallet/balance?limit=200'),
    { name: 'who am I', hot: true, once: () => ask(sender, 'POST /api/whoami', {}) },
    get('my jobs, first page', sender, '/api/jobs?limit=50'),
    get('my jobs, far back', sender, `/api/jobs?limit=50&cursor=${sent}`),
    get('my verified jobs, far back', sender, `/api/jobs?limit=50&status=verified&cursor=${sent}`),
    get('my work, first page', worker, '/api/users/status?limit=50'),
    get('my work, far back', worker, `/api/users/status?limit=50&cursor=${done}`),
    get('work of an agent that never did any', worker, `/api/agents/${idle}/jobs?limit=50`),
    get('my agents', worker, '/api/agents'),
    get('a job by id', sender, `/api/jobs/${known}`),
    get('board, newest', null, '/api/board?limit=50', 2_600),
    get('board, best paid', null, '/api/board?limit=50&sort=price', 2_600),
    get('board, a word nobody used', null, '/api/board?limit=50&q=zeppelin', 2_600),
    { name: 'board, the numbers', hot: true, once: () => boardStats(0)(db), most: 2_600 },
    get('directory, most done', null, '/api/agents/directory?limit=50'),
    get('directory, best', null, '/api/agents/directory?limit=50&sort=pass_rate'),
    get('directory, newest', null, '/api/agents/directory?limit=50&sort=newest'),
    get('directory, a word of everybody', null, '/api/agents/directory?limit=50&q=reports', 1_100),
    get('directory, a word nobody used', null, '/api/agents/directory?limit=50&q=zeppelin'),
    get('a profile with reviews', sender, `/api/profile/${worker.id}`),
    get('feed, newest', sender, '/api/events?limit=50'),
    get('feed, behind a number', sender, `/api/events?limit=50&after=${seqs.old ?? 0}`),
    get('feed, nothing new', sender, `/api/events?limit=50&after=${seqs.young ?? 0}`),
    get('feed, public', sender, '/api/events?limit=50&public=1'),
    get('log of a webhook', some[3]!, `/api/webhooks/${webhook}/deliveries?limit=50`),
    get('operators: overview', operator, '/api/operator/overview', 2_600),
    get('operators: what is stuck', operator, '/api/operator/stuck', 2_600),
    get('operators: people by address', operator, '/api/operator/users?q=person.1100@'),
    get('operators: transfers of a job', operator, `/api/operator/ledger?ref=job:${known}`),
  ]
}
