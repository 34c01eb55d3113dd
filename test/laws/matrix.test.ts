import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { AnyEndpoint } from '../../src/base/endpoint.ts'
import { contractStates } from '../../src/desks/gigs/contract/contract.ts'
import { disputeStates } from '../../src/desks/gigs/dispute/dispute.ts'
import { shownStates } from '../../src/desks/gigs/gig/application.ts'
import { gigStates } from '../../src/desks/gigs/gig/gig.ts'
import { negotiationStates } from '../../src/desks/gigs/negotiation/negotiation.ts'
import { jobStates } from '../../src/desks/jobs/job.ts'
import { pathNames } from '../../src/edges/http/input.ts'
import { allContracts } from '../../src/market.ts'
import { footprintOfOurs } from '../hostile/attack.ts'
import { act, claim, went } from '../journeys/desk.ts'
import { until } from '../support/processes.ts'
import { ask, idFields, routesOf } from './asking.ts'
import type { Role } from './canaries.ts'
import { exhibit } from './exhibits.ts'
import { doorOf, type Party, type PersonRole, parties } from './parties.ts'
import { type Prepared, type Right, rights } from './rights.ts'
import { makeWorld, type Thing } from './world.ts'

interface Guarded {
  readonly name: string
  readonly endpoint: AnyEndpoint
  readonly right: Right
}

const endpoints: readonly Guarded[] = allContracts.flatMap((contract) =>
  Object.entries(contract.endpoints).map(([verb, endpoint]) => {
    const name = `${contract.name}.${verb}`
    const right = rights[name]
    assert.ok(right, `${name} is not in test/laws/rights.ts: say there who may use it, and what its ids name.`)
    return { name, endpoint: endpoint as AnyEndpoint, right }
  }),
)

const world = await makeWorld()
const { canaries, market, credentials, people } = world
after(() => market.close())

test('the table of rights says of every id field of every endpoint what it names, and of nothing else', () => {
  for (const { name, endpoint, right } of endpoints) {
    assert.deepEqual(
      Object.keys(right.ids ?? {}).sort(),
      [...idFields(endpoint).keys()].sort(),
      `${name}: its id fields and those of test/laws/rights.ts are not the same.`,
    )
  }
  const known = new Set(endpoints.map(({ name }) => name))
  for (const name of Object.keys(rights))
    assert.ok(known.has(name), `test/laws/rights.ts tells of ${name}, which is gone.`)
})

interface Cell {
  readonly about: string
  readonly party: Party
  /** Whether the call may change something. */
  readonly allowed: boolean
  readonly statuses: readonly number[]
  readonly prepare: () => Promise<Prepared>
}

// Operators are people like others elsewhere: they are asked for at their own endpoints only.
const askersOf = ({ scope, access }: AnyEndpoint): Party[] =>
  parties.filter(({ role, how }) => (how !== 'narrow key' || scope) && (role !== 'operator' || access === 'operator'))

/** All that is asked of one endpoint: by everybody, of everything its path may name. */
function cellsOf({ name, endpoint, right }: Guarded): Cell[] {
  const pathKind = right.ids?.id
  const things: readonly (Thing | null)[] = pathKind ? world.things[pathKind] : [null]
  return askersOf(endpoint).flatMap((party) =>
    things.flatMap((thing): Cell[] => {
      const about = `${party.name} asks ${name}${thing ? ` of ${thing.what}` : ''}`
      const door = doorOf(party, endpoint)
      const may = door === null && (right.may?.(party, thing!) ?? true)
      const refusals =
        door !== null ? [door] : typeof right.refusals === 'function' ? right.refusals(party, thing!) : right.refusals!
      const plain = async (): Promise<Prepared> => ({ body: right.fields?.(world) ?? {} })
      const prepare = async (): Promise<Prepared> =>
        may && right.prepare ? right.prepare(world, party, thing!) : plain()
      const cell: Cell = {
        about,
        party,
        allowed: may,
        statuses: may ? (right.answers ?? [200]) : refusals,
        prepare: async () => {
          const prepared = await prepare()
          if (!thing) return prepared
          return { ...prepared, id: prepared.id ?? thing.id, path: prepared.path ?? right.path?.(thing) ?? {} }
        },
      }
      return may ? [cell, ...foreignCells({ name, endpoint, right }, party, thing)] : [cell]
    }),
  )
}

/** Somebody who may, naming things of others in the body: refused, each of them. */
function foreignCells({ endpoint, right }: Guarded, party: Party, thing: Thing | null): Cell[] {
  return [...idFields(endpoint)].flatMap(([field, isList]) => {
    if (field === 'id' || right.ofOthers?.includes(field)) return []
    const foreign = world.things[right.ids![field]!].filter(({ owner }) => owner !== party.role)
    return foreign.map(
      ({ id, what }): Cell => ({
        about: `${party.name} asks ${endpoint.route} with ${field} of ${what}`,
        party,
        allowed: false,
        statuses: [400, 403, 404],
        prepare: async () => {
          const where = thing ? { id: thing.id, path: right.path?.(thing) ?? {} } : {}
          const fields = right.fields?.(world)
          return pathNames(endpoint.route).includes(field)
            ? { ...where, path: { ...where.path, [field]: id }, body: fields ?? {} }
            : { ...where, body: { ...fields, [field]: isList ? [id] : id } }
        },
      }),
    )
  })
}

/** A link to the provider's form is waited for three seconds, and may still be on its way when the world is there. */
test('nothing is under way any more', async () => {
  let before = await footprintOfOurs(market.db)
  await until('the provider is quiet', async () => {
    await new Promise((done) => setTimeout(done, 300))
    const now = await footprintOfOurs(market.db)
    const isQuiet = Object.keys(now).every((table) => now[table] === before[table])
    before = now
    return isQuiet
  })
})

const wrong: string[] = []
const counted = new Map<string, number>()

/** Asks one cell, and writes down what is wrong with the answer. */
async function check({ name, endpoint }: Guarded, { about, party, statuses, prepare }: Cell): Promise<void> {
  const { id, path, body, headers, shown, afterwards, tidy } = await prepare()
  const answer = await ask(market.url, endpoint.route, {
    id,
    path,
    fields: body,
    headers: headers ?? (await credentials.of(party, endpoint)),
  })
  counted.set(name, (counted.get(name) ?? 0) + 1)
  if (!statuses.includes(answer.status))
    wrong.push(`${about}: ${answer.status} instead of ${statuses.join(' or ')}: ${answer.text.slice(-300)}`)
  else if (answer.status < 300) afterwards?.()
  const role = doorOf(party, endpoint) === null ? party.role : 'nobody'
  for (const leak of canaries.leaksTo(role, answer.text, shown)) wrong.push(`${about}: the answer shows the ${leak}`)
  await tidy?.()
}

for (const contract of allContracts) {
  test(`${contract.name}: everybody × every endpoint × everything it may name: rights are kept, and no answer shows a secret`, async (story) => {
    wrong.length = 0
    const ours = endpoints.filter(({ name }) => name.startsWith(`${contract.name}.`))
    for (const guarded of ours) {
      const asked = cellsOf(guarded)
      assert.ok(
        asked.some(({ allowed }) => allowed),
        `nobody may use ${guarded.name}: its rights are never tried`,
      )
      // Made before the footprint: making a credential is an event.
      for (const { party } of asked) await credentials.of(party, guarded.endpoint)
      const before = await footprintOfOurs(market.db)
      const refused = asked.filter(({ allowed }) => !allowed)
      for (let next = 0; next < refused.length; next += 8)
        await Promise.all(refused.slice(next, next + 8).map((cell) => check(guarded, cell)))
      const after = await footprintOfOurs(market.db)
      for (const table of Object.keys(after))
        if (after[table] !== before[table]) wrong.push(`${guarded.name}: a refused call has changed ${table}`)
      for (const cell of asked) if (cell.allowed) await check(guarded, cell)
    }
    assert.deepEqual(wrong, [], `${wrong.length} cells are wrong`)
    const cells = ours.reduce((sum, { name }) => sum + counted.get(name)!, 0)
    story.diagnostic(`${cells} cells over ${ours.length} endpoints, 0 leaks`)
  })
}

test('no cell is missing, and every secret was shown to somebody who may see it', (story) => {
  const states = new Set(world.things.job.map(({ job }) => job!.state))
  const missing = jobStates.filter((state) => !states.has(state))
  assert.deepEqual(missing, [], 'a job in this state is missing: add one to `exhibitKinds` in test/laws/exhibits.ts')
  const { gig, application, negotiation, contract, dispute } = world.things
  assert.deepEqual(new Set(gig.map((thing) => thing.gig!.status)), new Set(gigStates))
  assert.deepEqual(new Set(application.map((thing) => thing.application!.status)), new Set(shownStates))
  assert.deepEqual(new Set(negotiation.map((thing) => thing.negotiation!.state)), new Set(negotiationStates))
  assert.deepEqual(new Set(contract.map((thing) => thing.contract!.status)), new Set(contractStates))
  assert.deepEqual(new Set(dispute.map((thing) => thing.dispute!.status)), new Set(disputeStates))
  for (const { name, endpoint, right } of endpoints) {
    const least = askersOf(endpoint).length * (right.ids?.id ? world.things[right.ids.id].length : 1)
    const cells = counted.get(name) ?? 0
    assert.ok(cells >= least, `${name}: ${cells} cells were asked, at least ${least} belong to its contract`)
  }
  const roles: readonly Role[] = ['nobody', ...(Object.keys(people) as PersonRole[])]
  const unseen = world.exhibited.filter(
    (canary) => roles.some((role) => canary.mayBeSeenBy(role)) && !canaries.seen.has(canary),
  )
  assert.deepEqual(
    unseen.map(({ field }) => field),
    [],
    'nobody was shown these, not even who may see them: the search would not find them, or an answer lacks them',
  )
  const cells = [...counted.values()].reduce((sum, count) => sum + count, 0)
  story.diagnostic(
    `${cells} cells over ${endpoints.length} endpoints and ${parties.length} parties, ${canaries.all.length} secrets, 0 leaks`,
  )
})

/** The doors that no contract tells of, and what each is asked for. */
const doors: Readonly<Record<string, { path?: string; status: number }>> = {
  'GET /': { status: 200 },
  'HEAD /': { status: 200 },
  'GET /wallet': { status: 200 },
  'HEAD /wallet': { status: 200 },
  'GET /device': { status: 200 },
  'HEAD /device': { status: 200 },
  'GET /notifications': { status: 200 },
  'HEAD /notifications': { status: 200 },
  'GET /docs': { status: 200 },
  'HEAD /docs': { status: 200 },
  'GET /assets/:name': { path: '/assets/wallet.js', status: 200 },
  'HEAD /assets/:name': { path: '/assets/wallet.js', status: 200 },
  'GET /openapi.json': { status: 200 },
  'GET /metrics': { status: 200 },
  'GET /api/ready': { status: 200 },
  'POST /api/stripe/webhook': { status: 400 },
  // The pages of the Stripe twin; Fastify prints them without their prefix.
  'GET /*': { path: '/twin/checkout/cs_test_unknown', status: 404 },
  'POST /*': { path: '/twin/checkout/cs_test_unknown', status: 404 },
}

test('the doors that were written by hand are known, and show nobody a secret', async (story) => {
  const contracted = new Set(endpoints.map(({ endpoint }) => endpoint.route as string))
  const byHand = (await routesOf(market.databaseUrl)).filter((route) => !contracted.has(route))
  assert.deepEqual(
    byHand.sort(),
    Object.keys(doors).sort(),
    'a door is new or gone: list it in `doors`, with what it answers',
  )
  let cells = 0
  for (const [route, { path, status }] of Object.entries(doors)) {
    for (const party of parties) {
      const headers = await credentials.of(party, { scope: 'jobs:read' } as AnyEndpoint)
      const answer = await ask(market.url, path ? `${route.split(' ')[0]} ${path}` : route, { headers })
      const about = `${party.name} at ${route}`
      assert.equal(answer.status, status, about)
      assert.deepEqual(canaries.leaksTo('nobody', answer.text), [], about)
      cells++
    }
  }
  story.diagnostic(`${cells} cells over ${Object.keys(doors).length} doors, 0 leaks`)
})

test('the search finds what is shown to the wrong one, in any spelling', async () => {
  const job = world.things.job.find(({ job }) => job!.kind === 'accepted')!
  const headers = { authorization: `Bearer ${people.receiver.key}` }
  const answer = await ask(market.url, 'GET /api/jobs/:id', { id: job.id, headers })
  assert.deepEqual(canaries.leaksTo('receiver', answer.text), [])
  const shown = canaries.leaksTo('stranger', answer.text)
  for (const field of ['outline', 'prompt', 'name of a variable', 'value of a variable', 'name of the attached file'])
    assert.ok(
      shown.some((leak) => leak.startsWith(field)),
      `${field} was not found in ${shown.join(', ')}`,
    )

  const canary = world.exhibited.find(({ field }) => field === 'password')!
  const { text } = canary
  const spellings: Readonly<Record<string, string>> = {
    plain: `{"a":"${text}"}`,
    'in capitals': text.toUpperCase(),
    'cut short': `"${text.slice(0, 9)}…"`,
    hexadecimal: `\\x${Buffer.from(`a ${text}`).toString('hex')}`,
    'percent signs': [...text].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join(''),
    ...Object.fromEntries(
      ['', 'a', 'ab'].map((before) => [`base64 after "${before}"`, Buffer.from(`${before}${text}`).toString('base64')]),
    ),
    base64url: Buffer.from(`??>${text}`).toString('base64url'),
  }
  for (const [how, spelt] of Object.entries(spellings)) assert.ok(canaries.in(spelt).has(canary), how)
  assert.equal(canaries.in(text.replace(/^../, 'xx')).size, 0)
})

test('an answer given again shows nobody a secret that is not theirs now', async () => {
  const repeated = { 'idempotency-key': 'the-same-key' }
  const fresh = await exhibit(world, 'queued')
  const value = [...canaries.all].reverse().find(({ field }) => field === 'value of a variable of the job queued')!.text
  await act(people.quitter, 'claim', fresh)
  const accepted = await people.quitter.ask('POST', `/api/jobs/${fresh.id}/accept`, {}, repeated)
  assert.ok(accepted.text.includes(value))
  const again = await people.quitter.ask('POST', `/api/jobs/${fresh.id}/accept`, {}, repeated)
  assert.equal(again.text, accepted.text)
  for (const stranger of [people.stranger, people.sender, people.judged]) {
    const tried = await stranger.ask('POST', `/api/jobs/${fresh.id}/accept`, {}, repeated)
    assert.ok(tried.status >= 400 && !tried.text.includes(value), tried.text)
  }
  went(await act(people.quitter, 'fail', fresh))
  const lost = await people.quitter.ask('POST', `/api/jobs/${fresh.id}/accept`, {}, repeated)
  assert.ok(!lost.text.includes(value), 'whoever has lost the job is shown its secrets again')
  await claim(people.receiver, fresh)
  went(await act(people.receiver, 'accept', fresh))
  const passedOn = await people.quitter.ask('POST', `/api/jobs/${fresh.id}/accept`, {}, repeated)
  assert.ok(!passedOn.text.includes(value), 'the secrets of the next worker are shown to the one before')

  const byPage = (cookie: string) =>
    fetch(`${market.url}/api/keys`, { method: 'POST', headers: { cookie, origin: market.url, ...repeated } })
  const [mine, theirs] = [await byPage(people.sender.cookie), await byPage(people.stranger.cookie)]
  assert.deepEqual([mine.status, theirs.status, theirs.headers.get('idempotency-replayed')], [201, 201, null])
  const { key } = (await mine.json()) as { key: string }
  assert.ok(!(await theirs.text()).includes(key))
})
