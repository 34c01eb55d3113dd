// Owns a PostgreSQL until it is killed.
import { launchPostgres } from '../../src/base/postgres/launch.ts'

const server = await launchPostgres({ dataDir: process.argv[2]!, durable: false })
process.stdout.write(`${server.pid}\n`)
setInterval(() => {}, 1_000)
