import pg from 'pg'
import { poolSize, type Stage } from './stage.ts'
import type { Variant } from './variant.ts'
import { pieceOf } from './work.ts'

const table = `create table queue (
  id bigint primary key generated always as identity,
  state text not null default 'queued',
  prompt text not null,
  output text
);
create index queue_waiting on queue (id) where state = 'queued'`

const put = `insert into queue (prompt) values ($1)`
const take = `update queue set state = 'taken' where id = (
  select id from queue where state = 'queued' order by id for update skip locked limit 1) returning id`
const finish = `delete from queue where id = $1`

/** The queue that everybody writes first: one table, taken from by `for update skip locked`, and a delete when it is done. */
export async function plainQueue(stage: Stage, clients: number): Promise<Variant> {
  const pool = new pg.Pool({ connectionString: await stage.database(`plain_queue_${clients}`), max: poolSize })
  pool.on('error', () => {})
  await pool.query(table)
  let done = 0
  return {
    name: 'plain skip-locked queue',
    pids: [],
    async once(_, note) {
      const ask = async (name: string, text: string, values: unknown[]): Promise<{ id: string } | undefined> => {
        const start = performance.now()
        const { rows } = await pool.query({ name, text, values })
        note(name, performance.now() - start)
        return rows[0]
      }
      await ask('put', put, [pieceOf(done).prompt])
      let taken = await ask('take', take, [])
      // Everything that waits is just being taken by others.
      while (!taken) taken = await ask('take', take, [])
      await ask('finish', finish, [taken.id])
      done++
    },
    settled: async () => done,
    async faults() {
      const { rows } = await pool.query('select count(*)::integer as left from queue')
      return rows[0].left === 0 ? [] : [`plain queue: ${rows[0].left} are left`]
    },
    close: () => pool.end(),
  }
}
