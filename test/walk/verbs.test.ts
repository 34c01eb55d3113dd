import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { AnyEndpoint } from '../../src/base/endpoint.ts'
import { statusOfKind } from '../../src/base/errors.ts'
import { contracts } from '../../src/market.ts'
import { anOperator } from '../gigs/dispute-stage.ts'
import { footprint } from '../hostile/attack.ts'
import type { Refused } from '../journeys/desk.ts'
import { type Answer, startTestMarket } from '../support/market.ts'
import { nouns, others } from './nouns.ts'
import {
  type Asker,
  type Ground,
  make,
  movesOf,
  type Noun,
  pathOf,
  reachedByMarket,
  stateOf,
  type Thing,
  type Verb,
  type Way,
} from './thing.ts'

// Every state × every verb × everybody: what the table of a life allows goes well and leads where the table says; everything else is
// refused with a status that its endpoint declares, and changes nothing. The tables say what is expected; nothing is written twice here.
const market = await startTestMarket({ worker: false, env: { ARBITRATION_FEE_CENTS: '300' } })
after(() => market.close())
const ground: Ground = { market, operator: await anOperator(market) }

const endpoints = new Map(
  contracts.flatMap((contract) =>
    Object.entries(contract.endpoints).map(
      ([verb, endpoint]): [string, { endpoint: AnyEndpoint; statuses: Set<number> }] => {
        const kinds = (endpoint as AnyEndpoint).refusals.map((code) => contract.refusals[code]?.[0])
        // What the door and the input say stands in no endpoint's own list.
        const statuses = new Set([400, 403, ...kinds.flatMap((kind) => (kind ? [statusOfKind[kind]] : []))])
        if ((endpoint as AnyEndpoint).access === 'operator') statuses.add(404)
        return [`${contract.name}.${verb}`, { endpoint: endpoint as AnyEndpoint, statuses }]
      },
    ),
  ),
)

test('every change of both desks is a verb of a life, or is known to be none', () => {
  const walked = new Set(nouns.flatMap(({ verbs }) => verbs.map(({ endpoint }) => endpoint)))
  for (const [name, { endpoint }] of endpoints) {
    const isOfDesks = /^(jobs|gigs|negotiations|contracts|milestones|disputes|reviews)\./.test(name)
    if (!isOfDesks || endpoint.kind === 'read') continue
    assert.ok(
      walked.has(name) !== name in others,
      `${name}: say in test/walk which life it belongs to, or in others why to none`,
    )
  }
  for (const name of [...walked, ...Object.keys(others)]) assert.ok(endpoints.has(name), `${name} is gone`)
  for (const { name, life, verbs, ways, elsewhere = {} } of nouns) {
    assert.deepEqual(Object.keys(ways).toSorted(), [...life.states].toSorted(), `${name}: a way to make each state`)
    for (const [move, { verb = move, by }] of Object.entries(life.moves))
      assert.ok(
        by.every((party) => party === 'market') ||
          move in elsewhere ||
          `${name}s.${verb}` in others ||
          verbs.some((one) => one.verb === verb),
        `${name}: nobody asks for ${move} in the walk`,
      )
  }
})

const askFor = ({ endpoint: name, body, asked }: Verb, thing: Thing, asker: Asker): Promise<Answer> => {
  const { endpoint } = endpoints.get(name)!
  const said = asked?.(thing, asker)
  const [method, path] = pathOf(endpoint, said?.path ?? thing.path)
  return asker.person.ask(method, path, method === 'GET' ? undefined : (said?.body ?? body ?? {}))
}

interface Cell {
  readonly verb: Verb
  readonly asker: string
  readonly targets: readonly string[]
}

function cellsOf(noun: Noun, { state, askers }: Thing): Cell[] {
  return noun.verbs
    .filter(({ idle }) => !idle?.includes(state))
    .flatMap((verb) =>
      askers.map(({ name, parties }) => ({
        verb,
        asker: name,
        targets: movesOf(noun, verb, state, parties).map(({ to }) => (to === 'same' ? state : to)),
      })),
    )
}

/** All of it, or what `npm test` has the time for: of two sides that may do the same, one does. */
const isWhole = process.env.WALK === 'whole'

const told = { states: 0, transitions: 0, allowed: 0, refused: 0 }

/** Whatever the table does not allow: all of it is asked of the same thing, which is afterwards what it was. */
async function refuseAll(noun: Noun, thing: Thing, cells: readonly Cell[], wrong: string[]): Promise<void> {
  const before = await footprint(market.db)
  for (const { verb, asker: name } of cells) {
    const asker = thing.askers.find((one) => one.name === name)!
    const answer = await askFor(verb, thing, asker)
    const about = `${noun.name} ${thing.state} (${thing.kind}): ${name} asks ${verb.endpoint}`
    const { error, code, request_id: id } = (answer.body ?? {}) as Partial<Refused>
    if (!endpoints.get(verb.endpoint)!.statuses.has(answer.status))
      wrong.push(`${about}, which the table does not have: ${answer.status} ${answer.text.slice(0, 160)}`)
    else if (!error || error.length < 10 || !code || !id)
      wrong.push(`${about}: no refusal to act on: ${answer.text.slice(0, 160)}`)
    told.refused++
  }
  const now = await footprint(market.db)
  const changed = Object.keys(now).filter((table) => now[table] !== before[table])
  if (changed.length > 0)
    wrong.push(`${noun.name} ${thing.state} (${thing.kind}): refusals have changed ${changed.join(', ')}`)
}

async function allow(
  noun: Noun,
  state: string,
  way: Way,
  { verb, asker: name, targets }: Cell,
  wrong: string[],
): Promise<string | null> {
  const thing = await make(ground, noun, state, way)
  const answer = await askFor(verb, thing, thing.askers.find((one) => one.name === name)!)
  const about = `${noun.name} ${state} (${way.kind}): ${name} asks ${verb.endpoint}`
  told.allowed++
  if (answer.status >= 300) {
    wrong.push(`${about}, which the table has: ${answer.status} ${answer.text.slice(0, 200)}`)
    return null
  }
  const now = (await stateOf(ground, noun, thing)) ?? state
  const isThere = verb.isSettledAtOnce
    ? targets.some((target) => reachedByMarket(noun, target).has(now))
    : targets.includes(now)
  if (!isThere) wrong.push(`${about}: it is ${now}, the table says ${targets.join(' or ')}`)
  return now
}

for (const noun of nouns) {
  test(`${noun.name}: exactly what the table allows goes well`, async (story) => {
    const wrong: string[] = []
    const made = new Set<string>()
    for (const [state, ways] of Object.entries(noun.ways)) {
      told.states++
      for (const way of ways) {
        if (way.clockOnly) continue
        const thing = await make(ground, noun, state, way)
        const cells = cellsOf(noun, thing)
        await refuseAll(
          noun,
          thing,
          cells.filter(({ targets }) => targets.length === 0),
          wrong,
        )
        const done = new Set<Verb>()
        for (const cell of cells) {
          if (cell.targets.length === 0 || (!isWhole && done.has(cell.verb))) continue
          done.add(cell.verb)
          const now = await allow(noun, state, way, cell, wrong)
          if (now) made.add(`${state} → ${now} by ${cell.asker}`)
        }
      }
    }
    told.transitions += made.size
    assert.deepEqual(wrong, [], `${wrong.length} cells are wrong`)
    story.diagnostic(`${noun.life.states.length} states, ${made.size} moves made by people`)
  })
}

test('what was walked', (story) => {
  story.diagnostic(
    `${told.states} states of ${nouns.length} lives, ${told.transitions} transitions made by people, ${told.allowed} verbs allowed, ${told.refused} refused without a trace`,
  )
  assert.ok(told.refused > 500 && told.allowed > 60, 'the walk has become short')
})
