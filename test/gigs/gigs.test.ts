import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Gig } from '../../src/desks/gigs/gig/gig.ts'
import { people, refused, went } from '../journeys/desk.ts'
import { type Person, startTestMarket } from '../support/market.ts'
import { applyTo, become, freelancers, negotiating, postGig, toldAbout } from './gig-stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const [ada, grace] = await people(market, 'Ada', 'Grace')
const [bob] = await freelancers(market, 'Bob')

const list = async (person: Person, query = ''): Promise<Gig[]> =>
  went(await person.ask<Gig[]>('GET', `/api/gigs${query}`))
const idsOf = (gigs: readonly Gig[]): string[] => gigs.map(({ id }) => id)

test('a gig is a draft that only its owner sees, until it is published; it may be taken back and closed', async () => {
  const draft = went(await ada.ask<Gig>('POST', '/api/gigs', { title: '  Paint a fence ' }), 201)
  assert.deepEqual(
    { ...draft, id: '', created_at: '', updated_at: '' },
    {
      id: '',
      owner_id: ada.userId,
      title: 'Paint a fence',
      description: '',
      scope: '',
      rate_cents: 0,
      skills: [],
      status: 'draft',
      created_at: '',
      updated_at: '',
      can: ['update', 'delete'],
    },
  )
  assert.match(draft.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  const path = `/api/gigs/${draft.id}`
  refused(await bob.ask('GET', path), 404, 'gig_not_found')
  refused(await bob.ask('PATCH', path, { title: 'Mine' }), 404, 'gig_not_found')
  refused(await bob.ask('DELETE', path), 404, 'gig_not_found')
  refused(await bob.ask('GET', `${path}/applications`), 404, 'gig_not_found')
  for (const status of ['active', 'closed', 'active', 'draft', 'closed', 'draft', 'active'] as const) {
    assert.equal(went(await ada.ask<Gig>('PATCH', path, { status })).status, status)
    assert.equal((await bob.ask('GET', path)).status, status === 'active' ? 200 : 404, status)
    assert.equal(idsOf(await list(bob)).includes(draft.id), status === 'active')
  }
  refused(await grace.ask('PATCH', path, { title: 'Mine' }), 403, 'gig_not_yours')
  refused(await grace.ask('DELETE', path), 403, 'gig_not_yours')
  refused(await grace.ask('GET', `${path}/applications`), 403, 'gig_not_yours')
  const seen = went(await bob.ask<Gig>('GET', path))
  assert.deepEqual(seen.can, ['apply'])
  assert.deepEqual(went(await grace.ask<Gig>('GET', path)).can, [], 'a client cannot apply')
  went(await ada.ask('PATCH', path, { status: 'active' }))
  const told = await toldAbout(market, `gig:${draft.id}`, ada)
  assert.deepEqual(
    told.map(({ name, data }) => `${name} ${data.status}`),
    [
      'gig.created draft',
      ...['active', 'closed', 'active', 'draft', 'closed', 'draft', 'active'].map((status) => `gig.updated ${status}`),
    ],
    'what changes nothing tells nobody',
  )
  assert.equal(told[0]!.data.gig_id, draft.id)
})

test('a change keeps what it does not name; skills count once, however they are spelt', async () => {
  const gig = await postGig(ada, { skills: ['Rust', 'parsing', 'rust'] })
  assert.deepEqual(gig.skills, ['Rust', 'parsing'])
  const changed = went(await ada.ask<Gig>('PATCH', `/api/gigs/${gig.id}`, { rate_cents: 0, scope: 'All of it.' }))
  const { updated_at: _, ...same } = gig
  assert.deepEqual({ ...same, rate_cents: 0, scope: 'All of it.', updated_at: changed.updated_at }, changed)
  assert.deepEqual(went(await ada.ask<Gig>('PATCH', `/api/gigs/${gig.id}`, {})), changed)
})

test('only clients post, and what is wrong with a gig is named', async () => {
  const told = refused(await bob.ask('POST', '/api/gigs', { title: 'Mine' }), 403, 'client_only')
  assert.match(told.error, /PATCH \/api\/profile\/me \{"user_type": "client"\}/)
  const gig = await postGig(ada)
  for (const published of [
    await ada.ask('PATCH', `/api/gigs/${gig.id}`, { status: 'published' }),
    await ada.ask('POST', '/api/gigs', { title: 'x', status: 'published' }),
    await ada.ask('GET', '/api/gigs?status=published'),
  ])
    assert.match(refused(published, 400, 'invalid_input').error, /set it to "active"/)
  for (const [body, path] of [
    [{}, 'title'],
    [{ title: '   ' }, 'title'],
    [{ title: 'x'.repeat(201) }, 'title'],
    [{ title: 'x', description: 'x'.repeat(10_001) }, 'description'],
    [{ title: 'x', scope: 'x'.repeat(10_001) }, 'scope'],
    [{ title: 'x', rate_cents: -1 }, 'rate_cents'],
    [{ title: 'x', rate_cents: 1_000_001 }, 'rate_cents'],
    [{ title: 'x', rate_cents: 1.5 }, 'rate_cents'],
    [{ title: 'x', rate_cents: '5' }, 'rate_cents'],
    [{ title: 'x', skills: Array.from({ length: 51 }, (_, n) => `skill ${n}`) }, 'skills'],
    [{ title: 'x', rates_cents: 5 }, 'rates_cents'],
  ] as const) {
    const { issues } = refused(await ada.ask('POST', '/api/gigs', body), 400, 'invalid_input')
    assert.equal(issues![0]!.path, path, JSON.stringify(body))
  }
  went(await ada.ask('POST', '/api/gigs', { title: 'x'.repeat(200), rate_cents: 1_000_000 }), 201)
  // Whoever has become a freelancer keeps what they have posted.
  await become(ada, 'freelancer')
  went(await ada.ask('PATCH', `/api/gigs/${gig.id}`, { title: 'Still mine' }))
  refused(await ada.ask('POST', '/api/gigs', { title: 'x' }), 403, 'client_only')
  await become(ada, 'client')
})

test('the list is everybody’s active gigs and one’s own others, newest first, in pages; words, skill and rate choose among them', async () => {
  const [zoe] = await people(market, 'Zoe')
  const active = await postGig(zoe, { title: 'Tame 3 zebras', rate_cents: 9000, skills: ['Taming'] })
  const draft = await postGig(zoe, { title: 'Feed the zebra', status: 'draft', rate_cents: 100 })
  const closed = await postGig(zoe, { title: 'Groom', description: 'A zebra.', status: 'closed', skills: ['grooming'] })
  assert.deepEqual(idsOf((await list(zoe)).slice(0, 3)), [closed.id, draft.id, active.id])
  assert.deepEqual(
    idsOf(await list(bob)).filter((id) => [active, draft, closed].some((gig) => gig.id === id)),
    [active.id],
  )
  for (const [query, own, others] of [
    ['?q=zebra', [closed, draft, active], [active]],
    ['?q=zebras', [closed, draft, active], [active]],
    ['?q=tame+zebra', [active], [active]],
    ['?q=unicorn', [], []],
    ['?skill=TAMING', [active], [active]],
    ['?skill=grooming', [closed], []],
    ['?q=zebra&min_rate_cents=9000', [active], [active]],
    ['?q=zebra&min_rate_cents=9001', [], []],
    ['?q=zebra&status=active', [active], [active]],
    ['?q=zebra&status=draft', [draft], []],
    ['?q=zebra&status=closed', [closed], []],
  ] as const) {
    assert.deepEqual(idsOf(await list(zoe, query)), idsOf(own), `Zoe asks ${query}`)
    assert.deepEqual(idsOf(await list(bob, query)), idsOf(others), `Bob asks ${query}`)
  }
  const paged: string[] = []
  for (let next: string | null = '/api/gigs?q=zebra&limit=1'; next !== null; ) {
    const page: Awaited<ReturnType<typeof zoe.ask<Gig[]>>> = await zoe.ask<Gig[]>('GET', next)
    paged.push(...idsOf(went(page)))
    next = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1] ?? null
  }
  assert.deepEqual(paged, [closed.id, draft.id, active.id])
  refused(await zoe.ask('GET', '/api/gigs?cursor=nonsense'), 400, 'invalid_input')
})

test('among ten thousand gigs the few with a word or a skill are found without reading the others', async () => {
  await market.db.rows(
    `insert into gig (id, owner_id, title, description, rate_cents, skills, status, created_at, updated_at)
     select gen_random_uuid(), $1, 'Ordinary work ' || n, 'As always.', 5000, array['ordinary'], 'active', now() - n * interval '1 minute', now()
     from generate_series(1, 10000) as n`,
    [grace.userId],
  )
  const rare = await postGig(grace, { title: 'Play the theremin', skills: ['theremin'], rate_cents: 777_000 })
  await market.db.rows(`update gig set created_at = now() - interval '1 year' where id = $1`, [rare.id])
  await market.db.rows(`analyze gig`)
  for (const args of [`'theremin', null, null`, `null, 'theremin', null`, `null, null, 777000`]) {
    const [rows, read] = await market.db.transaction(async (sql) => {
      const countRead = async (): Promise<number> => {
        const [row] = await sql.rows<{ n: number }>(
          `select idx_tup_fetch + seq_tup_read as n from pg_stat_xact_user_tables where relname = 'gig'`,
        )
        return row!.n
      }
      const before = await countRead()
      const found = await sql.rows<{ id: string }>(
        `select id from gig_list('${bob.userId}', null, ${args}, null, null, 50)`,
      )
      return [found, (await countRead()) - before]
    })
    assert.ok(read > 0 && read < 20, `${read} rows were read for gig_list(${args})`)
    assert.deepEqual(
      rows.map(({ id }) => id),
      [rare.id],
      args,
    )
  }
  assert.deepEqual(idsOf(await list(bob, '?q=theremin')), [rare.id])
  await market.db.rows(`delete from gig where title like 'Ordinary work%'`)
})

test('a gig is deleted with its applications, but not once anybody has negotiated about it', async () => {
  const gig = await postGig(ada)
  const application = went(await applyTo(bob, gig), 201)
  assert.deepEqual(went(await ada.ask('DELETE', `/api/gigs/${gig.id}`)), { ok: true, deleted: true })
  refused(await ada.ask('GET', `/api/gigs/${gig.id}`), 404, 'gig_not_found')
  refused(await ada.ask('DELETE', `/api/gigs/${gig.id}`), 404, 'gig_not_found')
  refused(await bob.ask('DELETE', `/api/applications/${application.id}`), 404, 'application_not_found')
  assert.equal((await toldAbout(market, `gig:${gig.id}`, ada)).at(-1)!.name, 'gig.deleted')

  const negotiation = await negotiating(ada, bob)
  const path = `/api/gigs/${negotiation.gig_id}`
  refused(await ada.ask('DELETE', path), 409, 'gig_negotiated')
  went(await ada.ask('POST', `/api/negotiations/${negotiation.id}/decline`))
  refused(await ada.ask('DELETE', path), 409, 'gig_negotiated')
  assert.deepEqual(went(await ada.ask<Gig>('GET', path)).can, ['update'])
})

test('a gig is posted once, however often the request is repeated', async () => {
  const post = () => grace.ask<Gig>('POST', '/api/gigs', { title: 'Mow the lawn' }, { 'idempotency-key': 'only-once' })
  const [first, second] = [await post(), await post()]
  assert.equal(first.text, second.text)
  assert.equal(second.headers.get('idempotency-replayed'), 'true')
  assert.equal((await list(grace, '?q=lawn')).length, 1)
})
