import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Overview } from '../../src/core/operators/api.ts'
import { grantOperator } from '../../src/core/operators/grant.ts'
import { people, went } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'

const market = await startTestMarket()
after(() => market.close())

test('a worker counts the market and checks the laws by itself, and the overview says when', async () => {
  const [olga] = await people(market, 'Olga')
  await grantOperator(market.db, olga.userId)
  const look = async (): Promise<Overview> => went(await olga.ask<Overview>('GET', '/api/operator/overview'))
  const first = await until('it has counted and checked', async () => {
    const seen = await look()
    return seen.counted_at !== null && seen.audit !== null && seen
  })
  assert.equal(first.audit!.breaches, 0)
  await until(
    'it has counted again',
    async () => Date.parse((await look()).counted_at!) > Date.parse(first.counted_at!),
  )
  assert.equal((await look()).users.all, 1)
})
