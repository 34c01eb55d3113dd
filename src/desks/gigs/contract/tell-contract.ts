import type { Sql } from '../../../base/db.ts'
import { tell } from '../../../core/events/write.ts'

const telling = (name: 'contract.created' | 'contract.updated'): string =>
  tell({
    name: `'${name}'`,
    ref: `'contract:' || id`,
    parties: ['client_id', 'worker_id'],
    data: `json_build_object('contract_id', id, 'negotiation_id', negotiation_id, 'gig_id', gig_id, 'title', title, 'status', status)`,
    from: 'contract where id = $1',
  })

const tellings = { created: telling('contract.created'), updated: telling('contract.updated') } as const

/** Tells both sides that a contract is there, or where it stands now. */
export async function tellContract(sql: Sql, what: keyof typeof tellings, contractId: string): Promise<void> {
  await sql.rows(tellings[what], [contractId])
}
