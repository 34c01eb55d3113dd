import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Dispute, OperatorDispute } from '../../src/desks/gigs/dispute/dispute.ts'
import { assertLawful, fund, people, refused, went } from '../journeys/desk.ts'
import { uploaded } from '../laws/exhibits.ts'
import { type Person, startTestMarket } from '../support/market.ts'
import { heldFor, twoSides } from './contract-stage.ts'
import {
  anOperator,
  answersTo,
  dispute,
  paidTo,
  proof,
  quarrel,
  recommendOn,
  resolveIt,
  respondTo,
  seeDispute,
  toldOfDispute,
} from './dispute-stage.ts'
import { active, another, move, moved, seen } from './milestone-stage.ts'

const market = await startTestMarket({ worker: false })
after(() => market.close())
const olga = await anOperator(market)

test('a dispute from its opening to an operator’s split: frozen, answered with files, recommended, decided, and told to both', async () => {
  const { client: ada, worker: bob, milestone } = await quarrel(market, 'delivered')
  const shot = await uploaded(market, ada, 'north.png', 'not really a picture')
  const opened = went(
    await dispute(ada, 'client', milestone, { evidence: [proof, { type: 'other', attachment_id: shot.id }] }),
    201,
  )
  assert.deepEqual(
    [opened.status, opened.disputing_party, opened.your_role, opened.opened_by, opened.respondent_user_id],
    ['open', 'client', 'client', ada.userId, bob.userId],
  )
  assert.deepEqual([opened.recommendation, opened.resolution, opened.can], [null, null, ['recommend']])
  const hours = (from: string, to: string | null): number => (Date.parse(to!) - Date.parse(from)) / 3_600_000
  assert.equal(hours(opened.created_at, opened.response_deadline), 24)
  assert.equal(hours(opened.created_at, opened.deadline_at), 96)
  const frozen = await seen(ada, milestone)
  assert.deepEqual([frozen.status, frozen.is_frozen, frozen.can, frozen.deadline_at], ['disputed', true, [], null])
  for (const [person, verb] of [
    [ada, 'release'],
    [ada, 'cancel'],
    [bob, 'refund'],
    [bob, 'deliver'],
  ] as const)
    assert.equal((await move(person, verb, milestone)).status, 400, verb)
  refused(
    await ada.ask('POST', `/api/contracts/${milestone.contract_id}/cancel`, { reason: 'Enough.' }),
    400,
    'milestone_funded',
  )

  const asBob = await seeDispute(bob, opened)
  assert.deepEqual([asBob.your_role, asBob.can], ['worker', ['respond', 'recommend']])
  assert.deepEqual(
    asBob.evidence!.map(({ by, type, url, description, attachment }) => [by, type, url, description, attachment?.name]),
    [
      ['client', 'screenshot', proof.url, proof.description, undefined],
      ['client', 'other', null, null, 'north.png'],
    ],
  )
  assert.equal((await ada.ask<Dispute>('GET', `/api/disputes/${opened.id}`)).body.evidence, undefined)
  const log = await uploaded(market, bob, 'log.txt', 'painted on Monday')
  const answered = went(
    await respondTo(bob, opened, {
      evidence: [{ type: 'build_log', attachment_id: log.id, description: 'See line 1.' }],
    }),
  )
  assert.deepEqual([answered.status, answered.can], ['responded', ['recommend']])
  assert.equal(hours(answered.responded_at!, answered.deadline_at), 72)
  const recommended = went(await recommendOn(ada, opened))
  assert.deepEqual(
    [
      recommended.recommendation!.recommendation,
      recommended.recommendation!.worker_share_percent,
      recommended.recommendation!.made_by,
    ],
    ['worker', 100, 'rules'],
  )

  const [waiting] = went(await olga.ask<OperatorDispute[]>('GET', '/api/operator/disputes'))
  assert.deepEqual(
    [waiting!.id, waiting!.client_name, waiting!.can, waiting!.evidence],
    [opened.id, 'Ada', ['resolve'], undefined],
  )
  const [whole] = went(await olga.ask<OperatorDispute[]>('GET', `/api/operator/disputes?dispute_id=${opened.id}`))
  assert.deepEqual([whole!.evidence!.length, whole!.delivery!.note], [3, 'Both coats are on, see for yourself.'])
  for (const file of [shot, log])
    for (const person of [ada, bob, olga])
      assert.equal((await person.ask('GET', `/api/attachments/${file.id}`)).status, 200)

  const resolved = went(await resolveIt(olga, opened, 60, 'Three of five walls are white.'))
  assert.deepEqual(resolved.resolution, {
    worker_share_percent: 60,
    made_by: 'operator',
    note: 'Three of five walls are white.',
    worker_cents: 28_500,
    fee_cents: 1_500,
    arbitration_cents: 0,
    refunded_cents: 20_000,
    resolved_at: resolved.resolution!.resolved_at,
  })
  const over = await seeDispute(ada, opened)
  assert.deepEqual([over.status, over.deadline_at, over.can], ['resolved', null, []])
  assert.deepEqual(over.resolution, resolved.resolution)
  assert.equal((await seen(ada, milestone)).status, 'released')
  assert.equal(await heldFor(market, milestone), 0)
  assert.deepEqual(await paidTo(market, milestone), { pending: 28_500, 'platform:fees': 1_500, wallet: 20_000 })
  assert.deepEqual(await toldOfDispute(market, opened), [
    'dispute.created opened to 2',
    'dispute.updated responded to 2',
    'dispute.updated recommended to 2',
    'dispute.updated resolved to 2',
  ])
  assert.deepEqual(await answersTo(market, opened), ['Bob respond done'])
  const acts = went(
    await olga.ask<{ act: string; data: object }[]>('GET', `/api/operator/audit?ref=dispute:${opened.id}`),
  )
  assert.deepEqual(
    acts.map(({ act, data }) => [act, data]),
    [['dispute.resolve', { worker_share_percent: 60, note: 'Three of five walls are white.' }]],
  )
  for (const again of [await resolveIt(olga, opened, 10)]) refused(again, 400, 'dispute_resolved')
  refused(await recommendOn(bob, opened), 400, 'dispute_resolved')
  refused(await respondTo(bob, opened), 400, 'dispute_resolved')
  refused(await dispute(bob, 'worker', milestone), 409, 'disputed_already')
  await assertLawful(market)
})

test('who may open a dispute, over what, and when: each rule refused with nothing changed', async () => {
  const { client: ada, worker: bob, milestone } = await quarrel(market, 'funded')
  const [eve] = await people(market, 'Eve')
  refused(await dispute(eve, 'client', milestone), 404, 'contract_not_found')
  refused(await dispute(ada, 'worker', milestone), 400, 'not_your_party')
  refused(await dispute(bob, 'client', milestone), 400, 'not_your_party')
  const elsewhere = await quarrel(market, 'funded')
  refused(await dispute(ada, 'client', { ...milestone, id: elsewhere.milestone.id }), 404, 'milestone_not_found')
  refused(await dispute(ada, 'client', elsewhere.milestone), 404, 'contract_not_found')
  for (const [why, fields] of Object.entries({
    'no reason': { reason: ' ' },
    'too long a reason': { reason: 'x'.repeat(10_001) },
    'no party': { disputing_party: 'owner' },
    'evidence of no kind': { evidence: [{ ...proof, type: 'rumour' }] },
    'evidence that shows nothing': { evidence: [{ type: 'other' }] },
    'evidence that says nothing': { evidence: [{ type: 'other', description: '  ' }] },
    'too much evidence': { evidence: Array.from({ length: 21 }, () => proof) },
    'no list': { evidence: proof },
    'a field of no evidence': { evidence: [{ ...proof, weight: 1 }] },
  }))
    assert.equal(
      refused(await dispute(ada, 'client', milestone, fields), 400, 'invalid_input').code,
      'invalid_input',
      why,
    )
  assert.equal((await seen(ada, milestone)).status, 'funded')
  const pending = await another({ client: ada, worker: bob }, { id: milestone.contract_id })
  refused(await dispute(ada, 'client', pending), 400, 'milestone_not_disputable')
  const opened = went(
    await dispute(bob, 'worker', milestone, { evidence: Array.from({ length: 20 }, () => proof) }),
    201,
  )
  assert.deepEqual([opened.your_role, (await seeDispute(bob, opened)).evidence!.length], ['worker', 20])
  refused(await dispute(ada, 'client', milestone), 409, 'disputed_already')
  for (const verb of ['respond', 'recommend']) {
    refused(await eve.ask('POST', `/api/disputes/${opened.id}/${verb}`, {}), 404, 'dispute_not_found')
    refused(await olga.ask('POST', `/api/disputes/${opened.id}/${verb}`, {}), 404, 'dispute_not_found')
  }
  refused(await eve.ask('GET', `/api/disputes/${opened.id}`), 404, 'dispute_not_found')
  refused(await respondTo(bob, opened), 403, 'not_the_respondent')
  went(await respondTo(ada, opened))
  refused(await respondTo(ada, opened), 400, 'answered_already')

  for (const [end, by] of [
    ['release', 'client'],
    ['refund', 'worker'],
  ] as const) {
    const { milestone: other, ...sides } = await quarrel(market, 'funded')
    await moved(sides[by], end, other)
    refused(await dispute(sides.client, 'client', other), 400, 'milestone_not_disputable')
  }
  const free = await quarrel(market, 'funded', { rate_cents: 0 })
  refused(await dispute(free.client, 'client', free.milestone), 400, 'nothing_at_stake')
  await assertLawful(market)
})

test('the windows: a funded milestone until its deadline, a delivered one for 14 days, and none of a contract that is not active', async () => {
  const late = await quarrel(market, 'delivered')
  await market.db.rows(
    `update milestone set delivered_at = delivered_at - interval '14 days' + interval '1 hour', due_at = due_at - interval '14 days' + interval '1 hour' where id = $1`,
    [late.milestone.id],
  )
  const just = await quarrel(market, 'delivered')
  await market.db.rows(
    `update milestone set delivered_at = delivered_at - interval '14 days', due_at = due_at - interval '14 days' where id = $1`,
    [just.milestone.id],
  )
  refused(await dispute(just.client, 'client', just.milestone), 400, 'dispute_too_late')
  went(await dispute(late.client, 'client', late.milestone), 201)
  const overdue = await quarrel(market, 'funded')
  await market.db.rows(`update milestone set due_at = app_now() where id = $1`, [overdue.milestone.id])
  refused(await dispute(overdue.worker, 'worker', overdue.milestone), 400, 'dispute_too_late')
  const asleep = await quarrel(market, 'funded')
  await market.db.rows(
    `update contract set status = 'pending_freelancer_kyc', activated_at = null, due_at = app_now() + interval '1 day' where id = $1`,
    [asleep.milestone.contract_id],
  )
  refused(await dispute(asleep.client, 'client', asleep.milestone), 400, 'contract_not_active')
  const banked = await quarrel(market, 'funded')
  await market.db.rows(`update milestone set chargeback_id = 'dp_1' where id = $1`, [banked.milestone.id])
  refused(await dispute(banked.client, 'client', banked.milestone), 400, 'milestone_with_bank')
})

test('twenty open disputes are the most a person may have; one that is resolved makes room', async () => {
  const sides = await twoSides(market, 'Cleo', 'Dan')
  const { first, ...contract } = await active(market, sides)
  const milestones = [first]
  const one = async (): Promise<Dispute> => went(await dispute(sides.worker, 'worker', milestones.at(-1)!), 201)
  const opened = [await one()]
  while (opened.length < 20) {
    // Each opens the way for the next one.
    await market.db.rows(
      `update milestone set delivered_at = app_now() where contract_id = $1 and status = 'disputed'`,
      [contract.id],
    )
    const next = await another(sides, contract, { amount_cents: 100 })
    await fund(market, sides.client, 100)
    milestones.push(await moved(sides.client, 'fund', next))
    opened.push(await one())
  }
  await market.db.rows(`update milestone set delivered_at = app_now() where contract_id = $1 and status = 'disputed'`, [
    contract.id,
  ])
  await fund(market, sides.client, 100)
  const last = await moved(sides.client, 'fund', await another(sides, contract, { amount_cents: 100 }))
  refused(await dispute(sides.worker, 'worker', last), 400, 'too_many_disputes')
  went(await resolveIt(olga, opened[0]!, 100))
  went(await dispute(sides.worker, 'worker', last), 201)

  const listed = await sides.worker.ask<Dispute[]>('GET', '/api/disputes?limit=15')
  const cursor = /cursor=([^&>]+)/.exec(listed.headers.get('link') ?? '')?.[1]
  const rest = went(await sides.worker.ask<Dispute[]>('GET', `/api/disputes?limit=15&cursor=${cursor}`))
  assert.deepEqual([listed.body.length, rest.length], [15, 6])
  assert.equal(new Set([...listed.body, ...rest].map(({ id }) => id)).size, 21)
  const of = async (query: string, person = sides.client): Promise<number> =>
    went(await person.ask<Dispute[]>('GET', `/api/disputes?${query}`)).length
  assert.deepEqual([await of('status=resolved'), await of('status=open'), await of('status=responded')], [1, 20, 0])
  assert.deepEqual([await of(`contract_id=${contract.id}`), await of(`contract_id=${first.id}`)], [21, 0])
  assert.equal(await of('', olga), 0)
  refused(await sides.client.ask('GET', '/api/disputes?status=closed'), 400, 'invalid_input')
  refused(await sides.client.ask('GET', '/api/disputes?cursor=x'), 400, 'invalid_input')
  refused(await olga.ask('GET', '/api/operator/disputes?cursor=x'), 400, 'invalid_input')
})

test('an operator decides no dispute of their own, none that waits for a bank, and nobody else decides any', async () => {
  const { client: ada, worker: bob, milestone } = await quarrel(market, 'funded')
  const opened = went(await dispute(ada, 'client', milestone), 201)
  await market.db.rows(`insert into operator (user_id, granted_at) values ($1, app_now())`, [bob.userId])
  // Believed within seconds, at once by another key.
  const { operatorKey } = await asOperatorNow(bob)
  refused(await resolveIt(operatorKey, opened, 100), 403, 'own_dispute')
  assert.equal((await resolveIt(ada, opened, 0)).status, 404)
  assert.equal((await ada.ask('GET', '/api/operator/disputes')).status, 404)
  await market.db.rows(`update milestone set chargeback_id = 'dp_2' where id = $1`, [milestone.id])
  refused(await resolveIt(olga, opened, 50), 400, 'milestone_with_bank')
  const [seenByOlga] = went(await olga.ask<OperatorDispute[]>('GET', `/api/operator/disputes?dispute_id=${opened.id}`))
  assert.deepEqual([seenByOlga!.is_with_bank, seenByOlga!.can], [true, []])
  await market.db.rows(`update milestone set chargeback_id = null where id = $1`, [milestone.id])
  for (const share of [-1, 101, 49.5, '50'])
    refused(await resolveIt(olga, opened, share as number), 400, 'invalid_input')
  refused(await resolveIt(olga, opened, 50, ' '), 400, 'invalid_input')
  refused(await resolveIt(olga, { id: milestone.id }, 50), 404, 'dispute_not_found')
  assert.equal((await seeDispute(ada, opened)).status, 'open')
  went(await resolveIt(olga, opened, 0))
  assert.equal((await seen(ada, milestone)).status, 'refunded')
  assert.deepEqual(await answersTo(market, opened), [], 'whoever still had time has missed nothing')
})

async function asOperatorNow(person: Person): Promise<{ operatorKey: Person }> {
  const made = went(
    await person.ask<{ key: string }>(
      'POST',
      '/api/keys',
      { name: 'operator' },
      { cookie: person.cookie, origin: market.url, authorization: '' },
    ),
    201,
  )
  const operatorKey: Person = {
    ...person,
    ask: (method, path, body, headers = {}) =>
      person.ask(method, path, body, { authorization: `Bearer ${made.key}`, ...headers }),
  }
  return { operatorKey }
}
