import { reply, type VerbOf } from '../../../base/endpoint.ts'
import { type contractsApi, refuseContract } from './api.ts'
import type { ConnectLink } from './approve.ts'
import { readOwnContract } from './queries.ts'
import { awaitsAccount, showContract } from './show-contract.ts'

/** A fresh link to the payment provider's form, for the worker of a contract that waits for their account. */
export const connectLinkVerb =
  (connectLink: ConnectLink): VerbOf<(typeof contractsApi)['endpoints']['connect_link']> =>
  async ({ sql, actor }, { id }) => {
    const row = await readOwnContract(sql, id, actor.userId)
    if (!row) throw refuseContract('contract_not_found')
    if (row.worker_id !== actor.userId)
      throw refuseContract(
        'not_your_side',
        { contract_id: id },
        'Only the worker of this contract connects an account.',
      )
    if (!awaitsAccount(row))
      throw refuseContract(
        'account_not_awaited',
        { contract_id: id, can: showContract(row, actor.userId).can },
        `The contract is ${row.status}: it does not wait for your account with the payment provider.`,
      )
    const url = await connectLink(actor.userId)
    return reply(200, { url, connect_url: url })
  }
