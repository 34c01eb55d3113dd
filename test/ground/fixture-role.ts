// Stands in for `src/main.ts` in the tests of the supervisor: every role lives, and the API answers from the database.
import { createServer } from 'node:http'
import pg from 'pg'
import { exitWithParent } from '../../src/base/lifeline.ts'

exitWithParent()
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL!, max: 1 })
pool.on('error', () => {})
const api = createServer((request, response) => {
  if (request.url === '/crash') process.exit(7)
  pool.query('select app_now()').then(
    () => response.end(JSON.stringify({ pid: process.pid, twin: process.env.STRIPE_API_BASE })),
    () => response.writeHead(503).end(),
  )
})
if (process.argv[2] === 'api') api.listen(Number(process.env.PORT), '127.0.0.1')
const tick = setInterval(() => {}, 1_000)
process.on('SIGTERM', () => {
  clearInterval(tick)
  api.close()
  api.closeAllConnections()
  void pool.end()
})
