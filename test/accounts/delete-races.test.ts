import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job } from '../../src/desks/jobs/job.ts'
import { act, assertLawful, fund, people, post, postUnpaid, refused, went } from '../journeys/desk.ts'
import { postForCredits } from '../journeys/first-api-desk.ts'
import { at, contest, race } from '../races/contest.ts'
import { type Answer, ask, type Person, startTestMarket } from '../support/market.ts'
import { leave, negotiationIn } from './leaving-stage.ts'

// Two APIs on one database: the other one still believes the key of who has just left.
const market = await startTestMarket({ worker: false, apis: 2 })
after(() => market.close())
const elsewhere = (person: Person): Person => at(market.urls[1], person)

/** Leaving takes several statements: whoever races it starts somewhere along them. */
const later = async <T>(run: () => Promise<T>): Promise<T> => {
  await sleep(Math.random() * 25)
  return run()
}

/** Either they have left and the other was refused, or they are kept by exactly what it began. */
function whoWon(left: Answer, began: Answer<unknown>, kind: string): boolean {
  if (left.status === 200) {
    assert.ok(began.status >= 400 && began.status < 500, began.text)
    return true
  }
  const { affairs } = refused(left, 400, 'account_in_use') as unknown as { affairs: { kind: string }[] }
  assert.deepEqual(
    affairs.map((affair) => affair.kind),
    [kind],
  )
  assert.ok(began.status < 300, began.text)
  return false
}

const isHere = async ({ userId }: Person): Promise<boolean> =>
  (await market.db.rows(`select from app_user where id = $1 and deleted_at is null`, [userId])).length > 0

test('leaving against taking a job: nobody holds a job who has left', async (story) => {
  const [ada] = await people(market, 'Ada')
  await fund(market, ada, 1_000_000)
  await contest(story, ['leave', 'claim'], async () => {
    const [bob] = await people(market, 'Bob')
    went(await elsewhere(bob).ask('GET', '/api/agents'))
    const job = await post(ada)
    const [left, claimed] = await race(
      () => leave(market, bob),
      () => later(() => act(elsewhere(bob), 'claim', job)),
    )
    const won = whoWon(left, claimed, 'job')
    assert.equal(await isHere(bob), !won)
    const [row] = await market.db.rows<{ status: string }>(`select status from job where id = $1`, [job.id])
    assert.equal(row!.status, won ? 'queued' : 'held')
    return won ? 'leave' : 'claim'
  })
  await assertLawful(market)
})

test('leaving against accepting a job for credits', async (story) => {
  await contest(story, ['leave', 'accept'], async () => {
    const [ada, bob] = await people(market, 'Ada', 'Bob')
    went(await elsewhere(bob).ask('GET', '/api/agents'))
    const job = await postForCredits(ada)
    const [left, accepted] = await race(
      () => leave(market, bob),
      () => later(() => act<Job>(elsewhere(bob), 'accept', job)),
    )
    return whoWon(left, accepted, 'job') ? 'leave' : 'accept'
  })
  await assertLawful(market)
})

test('leaving against paying for a job: the money is either given up or keeps them', async (story) => {
  await contest(story, ['leave', 'pay'], async () => {
    const [ada] = await people(market, 'Ada')
    went(await elsewhere(ada).ask('GET', '/api/agents'))
    const job = await postUnpaid(ada)
    await fund(market, ada, 500)
    const [left, paid] = await race(
      () => leave(market, ada, { forfeit_balance: true }),
      () => later(() => act(elsewhere(ada), 'pay', job)),
    )
    const won = whoWon(left, paid, 'job')
    const [row] = await market.db.rows(`select status, ledger_balance(sender) as left from job where id = $1`, [job.id])
    assert.deepEqual(row, { status: won ? 'cancelled' : 'queued', left: 0 })
    if (won) assert.deepEqual(left.body, { deleted: true, forfeited_cents: 500 })
    return won ? 'leave' : 'pay'
  })
  await assertLawful(market)
})

test('leaving against posting a job: nothing is paid by who has left, and what slips in is cancelled and blanked', async (story) => {
  const { sweepDeparted } = await import('../../src/core/accounts/sweep-departed.ts')
  const { leavings } = await import('../../src/market.ts')
  await contest(story, ['leave', 'post'], async () => {
    const [ada] = await people(market, 'Ada')
    await fund(market, ada, 500)
    went(await elsewhere(ada).ask('GET', '/api/agents'))
    const order = { prompt: 'Research the history of Unix for Ada.', price_cents: 500, confirmed: true }
    const [left, posted] = await race(
      () => leave(market, ada, { forfeit_balance: true }),
      () => later(() => elsewhere(ada).ask<Job>('POST', '/api/jobs/run', order)),
    )
    if (left.status !== 200) {
      assert.equal(posted.status, 201, posted.text)
      return 'post'
    }
    // A credential that is still believed may save a job it cannot pay.
    assert.ok([401, 402].includes(posted.status), posted.text)
    await market.db.rows(`update deleted_accounts set left_at = left_at - interval '2 minutes' where user_id = $1`, [
      ada.userId,
    ])
    await sweepDeparted(market.db, leavings)
    assert.deepEqual(
      await market.db.rows(
        `select status, prompt from job where sender = $1 and (status <> 'cancelled' or prompt <> '')`,
        [ada.userId],
      ),
      [],
    )
    return 'leave'
  })
  await assertLawful(market)
})

test('a client who leaves against a freelancer who applies: no application to an active gig of nobody', async (story) => {
  const [bob] = await people(market, 'Bob')
  went(await bob.ask('PATCH', '/api/profile/me', { user_type: 'freelancer' }))
  await contest(story, ['leave', 'apply'], async (n) => {
    const [ada] = await people(market, 'Ada')
    const { id } = went(await ada.ask<{ id: string }>('POST', '/api/gigs', { title: 'A gig', status: 'active' }), 201)
    // Fifty a day are the most.
    if (n % 40 === 39) await market.db.rows(`update app_clock set skew = skew + interval '25 hours'`)
    const [left, applied] = await race(
      () => leave(market, ada),
      () => later(() => elsewhere(bob).ask('POST', `/api/gigs/${id}/apply`, { message: 'I can.' })),
    )
    went(left)
    assert.ok([201, 400].includes(applied.status), applied.text)
    const [gig] = await market.db.rows(`select status, title from gig where id = $1`, [id])
    assert.deepEqual(gig, { status: 'closed', title: 'Deleted gig' })
    return applied.status === 201 ? 'apply' : 'leave'
  })
})

test('a freelancer who leaves against a client who declines: declined once, by one of them', async (story) => {
  await contest(story, ['leave', 'decline'], async () => {
    const [ada, bob] = await people(market, 'Ada', 'Bob')
    const { negotiation } = await negotiationIn(market, [ada, bob], 'in_progress')
    const [left, declined] = await race(
      () => leave(market, bob),
      () => later(() => elsewhere(ada).ask('POST', `/api/negotiations/${negotiation}/decline`)),
    )
    went(left)
    assert.ok([200, 400].includes(declined.status), declined.text)
    const rows = await market.db.rows<{ actor: string }>(
      `select actor from negotiation_audit where negotiation_id = $1 and event = 'declined'`,
      [negotiation],
    )
    assert.deepEqual(rows, [{ actor: declined.status === 200 ? ada.userId : bob.userId }], 'declined once')
    return declined.status === 200 ? 'decline' : 'leave'
  })
})

test('leaving against an agreement: the contract keeps them, or there is none', async (story) => {
  await contest(story, ['leave', 'agree'], async () => {
    const [ada, bob] = await people(market, 'Ada', 'Bob')
    const { negotiation } = await negotiationIn(market, [ada, bob], 'in_progress')
    const [left, agreed] = await race(
      () => leave(market, bob),
      () => later(() => elsewhere(ada).ask('POST', `/api/negotiations/${negotiation}/agree`)),
    )
    const won = whoWon(left, agreed, 'contract')
    assert.equal(
      (await market.db.rows(`select from contract where negotiation_id = $1`, [negotiation])).length,
      won ? 0 : 1,
    )
    return won ? 'leave' : 'agree'
  })
})

test('asked twice at once, it is done once: with a key the same answer, without one the second finds nobody', async () => {
  for (let n = 0; n < 10; n++) {
    const [ada] = await people(market, 'Ada')
    await fund(market, ada, 300)
    const repeated = { 'idempotency-key': `leave-${n}` }
    const body = { forfeit_balance: true }
    const [one, two] = await Promise.all([
      leave(market, ada, body, repeated),
      leave({ url: market.urls[1]! }, ada, body, { ...repeated, origin: market.urls[1]! }),
    ])
    const [first, second] = one.status === 200 && !one.headers.get('idempotency-replayed') ? [one, two] : [two, one]
    assert.deepEqual(went(first), { deleted: true, forfeited_cents: 300 })
    // The session is dead: whoever asks later is told so, whoever waited gets the same answer.
    if (second.status === 200) assert.equal(second.text, first.text)
    else refused(second, 401, 'credential_dead')
    // Where it was done the session is dead at once.
    const there = first === one ? market.urls[0]! : market.urls[1]!
    refused(await leave({ url: there }, ada, body, { ...repeated, origin: there }), 401, 'credential_dead')

    const [bob] = await people(market, 'Bob')
    const both = await Promise.all([
      leave(market, bob),
      leave({ url: market.urls[1]! }, bob, {}, { origin: market.urls[1]! }),
    ])
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 401])
    assert.equal(
      (await market.db.rows(`select from event where name = 'user.deleted' and ref = 'user:' || $1`, [bob.userId]))
        .length,
      1,
    )
  }
  await assertLawful(market)
})

test('a key that is believed elsewhere for some seconds is refused within five, its open streams too', async () => {
  const [ada, bob] = await people(market, 'Ada', 'Bob')
  await fund(market, ada, 500)
  const job = await post(ada)
  went(await act(ada, 'cancel', job))
  const far = elsewhere(ada)
  went(await far.ask('POST', '/api/whoami'))
  const unpaid = await postUnpaid(ada, { price_cents: 9_000 })
  const stream = await fetch(`${market.urls[1]}/api/jobs/${unpaid.id}/logs`, {
    headers: { authorization: `Bearer ${ada.key}` },
  })
  assert.equal(stream.status, 200)
  const ends = (async () => {
    for await (const _ of stream.body!);
    return Date.now()
  })()
  const from = Date.now()
  went(await leave(market, ada, { forfeit_balance: true }))
  refused(await ada.ask('POST', '/api/whoami'), 401, 'credential_dead')
  for (;;) {
    const asked = Date.now()
    const answer = await far.ask('GET', '/api/agents')
    if (answer.status === 401) break
    assert.ok(asked - from < 5_000, 'still believed after five seconds')
    await new Promise((done) => setTimeout(done, 100))
  }
  assert.ok((await ends) - from < 9_000, 'the stream went on')
  went(await bob.ask('POST', '/api/whoami'))
  refused(
    await ask(market.url, 'POST', '/api/auth/sign-in/email', { email: ada.email, password: 'correct horse battery' }),
    401,
    'login_wrong',
  )
})
