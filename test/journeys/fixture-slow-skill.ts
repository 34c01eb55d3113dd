// An API of a market in a process of its own, whose skill takes as long as it is told: for tests that kill it meanwhile.
import { setTimeout as sleep } from 'node:timers/promises'
import { readConfig } from '../../src/base/config.ts'
import { exitWithParent } from '../../src/base/lifeline.ts'
import { registry } from '../../src/desks/jobs/skills/skill.ts'
import { buildApi, openMarket } from '../../src/market.ts'

exitWithParent()
const slow = {
  name: 'research',
  creditCost: 2,
  async execute() {
    await sleep(Number(process.env.SKILL_MS))
    return 'The work of a skill that nobody waited for.'
  },
}
const market = openMarket(readConfig())
const api = await buildApi(market, { skills: registry([slow], slow) })
await api.listen({ port: market.config.port, host: '127.0.0.1' })
process.stdout.write('listening\n')
