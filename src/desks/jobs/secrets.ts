import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Sql } from '../../base/db.ts'
import type { Sealer } from '../../base/seal.ts'
import { type Job, type JobRow, viewJob, worksOn } from './job.ts'
import { readJob } from './queries.ts'

/** The variables of jobs. Each job's lie under a data key of its own, itself sealed; when the job ends, both are gone. */
export interface JobSecrets {
  seal(job: string, variables: Readonly<Record<string, string>>): { dataKey: Buffer; box: Buffer }
  /** The job as `viewer` sees it, with the values of its variables if they are working on it now. */
  reveal(sql: Sql, row: JobRow, viewer: string): Promise<Job>
}

export function jobSecrets(sealer: Sealer): JobSecrets {
  return {
    seal(job, variables) {
      const key = randomBytes(32)
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 }).setAAD(Buffer.from(job))
      const box = Buffer.concat([
        nonce,
        cipher.update(JSON.stringify(variables), 'utf8'),
        cipher.final(),
        cipher.getAuthTag(),
      ])
      return { dataKey: sealer.seal(key.toString('base64'), `job:${job}`), box }
    },
    async reveal(sql, row, viewer) {
      const job = viewJob(row, viewer)!
      if (row.env_names.length === 0 || row.status !== 'accepted' || !worksOn(row, viewer)) return job
      // The row may be an old one that a repeated request is answered with: who has lost the job meanwhile has lost its secrets.
      const [secret] = await sql.rows<{ data_key: Buffer; box: Buffer }>(
        `select data_key, box from job_secret join job on job.id = job_id
         where job_id = $1 and status = 'accepted' and receiver = $2`,
        [row.id, viewer],
      )
      if (!secret) return job
      const key = Buffer.from(sealer.open(secret.data_key, `job:${row.id}`), 'base64')
      return { ...job, env_vars: JSON.parse(unseal(key, secret.box, row.id)) as Record<string, string> }
    },
  }
}

function unseal(key: Buffer, box: Buffer, job: string): string {
  const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, 12), { authTagLength: 16 }).setAAD(
    Buffer.from(job),
  )
  decipher.setAuthTag(box.subarray(-16))
  return Buffer.concat([decipher.update(box.subarray(12, -16)), decipher.final()]).toString('utf8')
}

/** Who may read a file of a job: its sender the inputs and the work that passed; its worker both, from accept on. */
export async function mayReadJobFile(
  sql: Sql,
  { id, work, role, viewer }: { id: string; work: string; role: string; viewer: string },
): Promise<boolean> {
  if (!work.startsWith('job:')) return false
  const row = await readJob(sql, work.slice('job:'.length), viewer)
  if (!row) return false
  const passed = row.status === 'verified' && row.output_attachments.some((file) => file.id === id)
  if (role === 'input') return row.sender === viewer || row.receiver === viewer
  return row.receiver === viewer
    ? row.output_attachments.some((file) => file.id === id)
    : row.sender === viewer && passed
}
