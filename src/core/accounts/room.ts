import type { Database } from '../../base/db.ts'
import { reply, room } from '../../base/endpoint.ts'
import { iso } from '../../base/page.ts'
import { type ReadStats, showAgent, showAgents } from './agent.ts'
import { accountsApi, refuseAccount } from './api.ts'
import { collectDevice } from './collect-device.ts'
import { createAgent } from './create-agent.ts'
import { createKey } from './create-key.ts'
import type { Credentials } from './credentials.ts'
import { decideDevice } from './decide-device.ts'
import { deleteAccount, type LeavingNeeds } from './delete-account.ts'
import { deleteAgent, type IsBusy } from './delete-agent.ts'
import { readDevice } from './device-code.ts'
import { readAgent, readAgents, readKeys, readUser, showKey } from './queries.ts'
import { revokeKey } from './revoke-key.ts'
import { rotateKey } from './rotate-key.ts'
import { signIn } from './sign-in.ts'
import { comeBackFromGitHub, type GitHubNeeds, setOutForGitHub } from './sign-in-github.ts'
import { signOut } from './sign-out.ts'
import { signUp } from './sign-up.ts'
import { startDevice } from './start-device.ts'
import { updateAgent } from './update-agent.ts'

export interface AccountsNeeds extends GitHubNeeds, LeavingNeeds {
  readonly db: Database
  readonly credentials: Credentials
  readonly busy: readonly IsBusy[]
  readonly readStats: ReadStats
}

export const accountsRoom = ({ db, credentials, busy, readStats, ...gitHub }: AccountsNeeds) =>
  room(accountsApi, {
    sign_up: (_call, input) => signUp(input, gitHub.secure, db),
    sign_in: (call, input) => signIn(call, input, gitHub.secure),
    github_sign_in: (_call, input) => setOutForGitHub(gitHub, input),
    github_callback: (call, input) => comeBackFromGitHub(call, input, gitHub, db),
    start_device: (call, input) => startDevice(call, input, gitHub.appUrl),
    collect_device: (call, input) => collectDevice(call, input, db),
    device: async ({ sql }, { user_code: code }) => {
      const device = await readDevice(sql, code)
      if (!device) throw refuseAccount('device_code_unknown')
      const { client_name, created_at, expires_at } = device
      return reply(200, { user_code: code, client_name, created_at: iso(created_at), expires_at: iso(expires_at) })
    },
    approve_device: decideDevice,
    sign_out: (call) => signOut(call, credentials, gitHub.secure),
    whoami: async ({ sql, actor }) => {
      const user = await readUser(sql, actor.userId)
      // Whoever has left may be believed for some seconds more.
      if (!user) throw refuseAccount('credential_dead')
      const { id, balance_cents, name, subscription_tier, ghost_score } = user
      return reply(200, { user: { id, balance_cents, name, subscription_tier, ghost_score } })
    },
    delete_account: (call, input) => deleteAccount(call, input, gitHub, credentials, gitHub.secure),
    user: async ({ sql, actor }, { id }) => {
      if (id !== actor.userId) throw refuseAccount('user_not_yours')
      const user = await readUser(sql, id)
      if (!user) throw refuseAccount('credential_dead')
      return reply(200, user)
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
    revoke_own_key: (call) => revokeKey(call, { id: call.actor.keyId! }, credentials),
    revoke_key: (call, input) => revokeKey(call, input, credentials),
  })
