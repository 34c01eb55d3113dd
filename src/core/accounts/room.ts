import { reply, room } from '../../base/endpoint.ts'
import { type ReadStats, showAgent, showAgents } from './agent.ts'
import { accountsApi, refuseAccount } from './api.ts'
import { createAgent } from './create-agent.ts'
import { createKey } from './create-key.ts'
import type { Credentials } from './credentials.ts'
import { deleteAgent, type IsBusy } from './delete-agent.ts'
import { readAgent, readAgents, readKeys, readUser, showKey } from './queries.ts'
import { revokeKey } from './revoke-key.ts'
import { rotateKey } from './rotate-key.ts'
import { signIn } from './sign-in.ts'
import { signOut } from './sign-out.ts'
import { signUp } from './sign-up.ts'
import { updateAgent } from './update-agent.ts'

export interface AccountsNeeds {
  readonly credentials: Credentials
  /** Whether cookies are for https only. */
  readonly secure: boolean
  readonly busy: readonly IsBusy[]
  readonly readStats: ReadStats
}

export const accountsRoom = ({ credentials, secure, busy, readStats }: AccountsNeeds) =>
  room(accountsApi, {
    sign_up: (call, input) => signUp(call, input, secure),
    sign_in: (call, input) => signIn(call, input, secure),
    sign_out: (call) => signOut(call, credentials, secure),
    whoami: async ({ sql, actor }) => {
      const user = (await readUser(sql, actor.userId))!
      return reply(200, { user: { id: user.id, balance_cents: user.balance_cents, name: user.name } })
    },
    user: async ({ sql, actor }, { id }) => {
      if (id !== actor.userId) throw refuseAccount('user_not_yours')
      return reply(200, (await readUser(sql, id))!)
    },
    agents: async ({ sql, actor }) => reply(200, await showAgents(sql, await readAgents(sql, actor.userId), readStats)),
    create_agent: (call, input) => createAgent(call, input, readStats),
    agent: async ({ sql, actor }, { id }) => {
      const agent = await readAgent(sql, actor.userId, id)
      if (!agent) throw refuseAccount('agent_not_found')
      return reply(200, await showAgent(sql, agent, readStats))
    },
    update_agent: (call, input) => updateAgent(call, input, readStats),
    delete_agent: (call, input) => deleteAgent(call, input, credentials, busy),
    keys: async ({ sql, actor }) => reply(200, (await readKeys(sql, actor.userId)).map(showKey)),
    create_key: createKey,
    verify_key: async ({ actor }) =>
      reply(200, { user_id: actor.userId, hosted_agent_id: actor.agentId, api_key_id: actor.keyId! }),
    rotate_key: (call) => rotateKey(call, credentials),
    revoke_key: (call, input) => revokeKey(call, input, credentials),
  })
