import { type ChildProcess, spawn } from 'node:child_process'
import { openDatabase } from '../../src/base/db.ts'

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * What makes a busy server unlike a quiet one: transactions of strangers stay open for up to 1.5 s, so that events are handed out
 * late, and a process that never rests takes its share of the processors. A test that reads once what others write later fails here
 * often, and elsewhere once in a hundred runs.
 */
export function disturb(url: string): { stop(): Promise<void> } {
  const db = openDatabase({ url, poolSize: 2 })
  let isOver = false
  const stranger = async (): Promise<void> => {
    while (!isOver) {
      await db.transaction(async (sql) => {
        await sql.rows(`select pg_current_xact_id()`)
        await pause(Math.random() * 1_500)
      })
      await pause(Math.random() * 200)
    }
  }
  const strangers = [stranger(), stranger()]
  const burner: ChildProcess = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' })
  return {
    async stop() {
      isOver = true
      burner.kill('SIGKILL')
      await Promise.all(strangers)
      await db.close()
    },
  }
}
