import assert from 'node:assert/strict'
import test from 'node:test'
import pg from 'pg'
import { jobLife } from '../../src/desks/jobs/job.ts'
import { lives } from '../../src/generate.ts'
import { cloneDatabase } from '../support/database.ts'

test('the states of every life are the same in its table and in Postgres', async () => {
  const { url } = await cloneDatabase()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  for (const [title, { states }, constraint] of lives) {
    const { rows } = await client.query<{ definition: string }>(
      `select pg_get_constraintdef(oid) as definition from pg_constraint where conname = $1`,
      [constraint],
    )
    const inPostgres = [...rows[0]!.definition.matchAll(/'([a-z_]+)'/g)].map((match) => match[1]!)
    assert.deepEqual(inPostgres.sort(), [...states].sort(), `the states of ${title}`)
  }
  await client.end()
})

test('every state that is not an end can be left by the market alone, so none needs a person', () => {
  const reachable = new Set<string>([
    'pending_payment',
    'queued',
    ...Object.values(jobLife.moves).map((move) => move.to),
  ])
  assert.deepEqual(
    jobLife.states.filter((state) => !reachable.has(state)),
    [],
  )
  for (const state of jobLife.states) {
    if (jobLife.ended.includes(state)) continue
    const exits = Object.values(jobLife.moves).filter(
      (move) =>
        move.to !== 'same' &&
        (move.from as readonly string[]).includes(state) &&
        (move.by as readonly string[]).includes('market'),
    )
    assert.ok(exits.length > 0, `${state} has no exit of the market's own`)
  }
})

test('what a caller can do is read off the table', () => {
  assert.deepEqual(jobLife.can('queued', ['sender']), ['cancel'])
  assert.deepEqual(jobLife.can('held', ['holder']), ['accept', 'reject'])
  assert.deepEqual(jobLife.can('accepted', ['receiver']), ['submit', 'fail'])
  assert.deepEqual(jobLife.can('accepted', ['sender']), ['cancel'])
  assert.deepEqual(jobLife.can('verified', ['sender', 'receiver']), [])
  assert.deepEqual(jobLife.can('queued', ['worker']), ['pull', 'claim'])
  assert.deepEqual(jobLife.can('queued', ['taker']), ['accept'], 'a job for credits is neither pulled nor claimed')
  assert.deepEqual(jobLife.can('in_progress', ['receiver']), ['submit'])
  assert.deepEqual(jobLife.can('submitted', ['sender']), ['cancel'])
  assert.deepEqual(jobLife.can('submitted', ['sender', 'verifier']), ['verify', 'cancel'])
  assert.deepEqual(jobLife.ended, ['verified', 'rejected', 'cancelled', 'failed'])
})
