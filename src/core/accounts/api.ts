import { z } from 'zod'
import { contract, endpoint } from '../../base/endpoint.ts'
import { edgeRefusals, refusing } from '../../base/refusals.ts'
import { Agent, AgentName, HttpUrl, LlmQuota, MaxActiveJobs, Personality } from './agent.ts'
import { ClientName, UserCode } from './device.ts'
import { scopes } from './scope.ts'
import { Email, OwnEmail, Password, PersonName, User } from './user.ts'

export const accountRefusals = {
  email_taken: ['conflict', 'There is an account with this e-mail address; sign in instead.'],
  login_wrong: ['unauthorized', 'E-mail address or password is wrong.'],
  user_not_yours: ['forbidden', 'You can only read your own user profile.'],
  agent_not_found: ['not_found', 'You have no such agent; list yours with GET /api/agents.'],
  agent_exists: ['conflict', 'You have an agent with this name already.'],
  agent_is_default: ['invalid', 'The default agent cannot be deleted.'],
  agent_busy: ['wrong_state', 'This agent has active jobs (held, accepted or submitted); finish them first.'],
  too_many_agents: ['invalid', 'You have 100 agents; delete one first.'],
  key_not_found: ['not_found', 'You have no such key.'],
  too_many_keys: ['invalid', 'You have 50 live keys; revoke one first.'],
  mandate_and_manage: ['invalid', 'A key with spend_limit_cents may not have the scope wallet:manage.'],
  authorization_pending: ['wrong_state', 'Nobody has let this device in yet; ask again after the interval.'],
  slow_down: ['wrong_state', 'You ask too often; wait for the interval that stands here.'],
  expired_token: ['wrong_state', 'This device code is unknown, used or too old; start again.'],
  access_denied: ['wrong_state', 'The person did not let this device in.'],
  device_code_unknown: [
    'not_found',
    'No device waits under this code: it is mistyped, decided on, or older than 10 minutes.',
  ],
  account_in_use: [
    'wrong_state',
    'Money of yours or work of others is still in flight; affairs says what, and what to do about each.',
  ],
  hosted_by_owner: [
    'forbidden',
    'What a hosted agent may use is its owner’s to say: this key is bound to an agent; use another, or sign in.',
  ],
  github_off: ['not_found', 'Sign-in with GitHub is not set up at this market; sign in with e-mail and password.'],
  github_state: ['invalid', 'This sign-in was not begun in this browser, or over 10 minutes ago; begin again.'],
  github_refused: ['invalid', 'GitHub did not confirm this sign-in; begin again.'],
  github_away: [
    'unavailable',
    'GitHub does not answer now; try again in a moment, or sign in with e-mail and password.',
  ],
} as const

export const refuseAccount = refusing({ ...edgeRefusals, ...accountRefusals })

const Ok = z.strictObject({ ok: z.literal(true) })
const SignedIn = z.strictObject({ user: User })
const Key = z.strictObject({
  id: z.uuid(),
  name: z.string().nullable(),
  prefix: z.string(),
  last_four: z.string(),
  hosted_agent_id: z.uuid().nullable(),
  scopes: z.array(z.enum(scopes)),
  spend_limit_cents: z.int().nullable(),
  created_at: z.string(),
  expires_at: z.string(),
  last_used_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
})
const NewKey = Key.extend({ key: z.string().describe('The key itself: shown this once, stored nowhere in clear.') })

const agentId = { id: z.uuid().describe('Of an agent of yours.') }
const agentFields = {
  personality: Personality.optional().describe('What jobs are matched against: what it is good at, in its own words.'),
  avatar_url: HttpUrl.nullable().optional().describe('A picture of it.'),
  max_active_jobs: MaxActiveJobs.optional().describe(
    'How many jobs it may hold, work on or have under verification at once; 10 without it.',
  ),
  listed: z.boolean().optional().describe('Shown in the public directory even before its first verified job.'),
  hosted: z
    .strictObject({ llm_quota: LlmQuota.default(100) })
    .nullable()
    .optional()
    .describe(
      'A label for an agent that somebody runs for you, with how many calls of a model a month its keys may cause (100 without llm_quota); null: not hosted.',
    ),
}

export const accountsApi = contract('accounts', accountRefusals, {
  sign_up: endpoint({
    route: 'POST /api/auth/sign-up/email',
    summary: 'Make an account with e-mail and password; signs you in with a cookie.',
    // A password takes half a second to hash: no connection waits for it.
    kind: 'outside',
    access: 'public',
    input: z.strictObject({
      email: OwnEmail.describe('What you sign in with; in lower case from here on.'),
      password: Password.describe('At least 8 characters.'),
      name: PersonName.describe('How people call you.'),
    }),
    answers: { 201: SignedIn },
    refusals: ['email_taken'],
    example: { input: { email: 'ada@example.com', password: 'correct horse battery', name: 'Ada' } },
  }),
  sign_in: endpoint({
    route: 'POST /api/auth/sign-in/email',
    summary: 'Sign in with e-mail and password; sets a cookie.',
    kind: 'outside',
    access: 'public',
    input: z.strictObject({
      email: Email.describe('The address you signed up with.'),
      password: z.string().max(200).describe('The password you chose.'),
    }),
    answers: { 200: SignedIn },
    refusals: ['login_wrong'],
    example: { input: { email: 'ada@example.com', password: 'correct horse battery' } },
  }),
  github_sign_in: endpoint({
    route: 'GET /api/auth/sign-in/github',
    summary: 'Send this browser to GitHub to sign in, where that is set up.',
    kind: 'read',
    access: 'public',
    input: z.strictObject({ user_code: UserCode.optional().describe('A device to decide on afterwards.') }),
    answers: { 302: 'nothing' },
    refusals: ['github_off'],
  }),
  github_callback: endpoint({
    route: 'GET /api/auth/callback/github',
    summary: 'Where GitHub sends a browser back to; signs in with a cookie and goes on to the wallet.',
    description:
      'A GitHub account is known by its id. It is linked to an existing user only when both the market and GitHub have verified the same e-mail address.',
    kind: 'outside',
    access: 'public',
    input: z.strictObject({
      code: z.string().max(500).optional().describe('What GitHub lets us ask with who you are.'),
      state: z.string().max(500).optional().describe('What we sent this browser away with.'),
      iss: z.string().max(500).optional().describe('Who sends the browser back, when GitHub says so.'),
      error: z.string().max(200).optional().describe('Why GitHub did not confirm the sign-in.'),
      error_description: z.string().max(2_000).optional().describe('The same in words.'),
      error_uri: z.string().max(2_000).optional().describe('Where GitHub says more.'),
    }),
    answers: { 302: 'nothing' },
    refusals: ['github_off', 'github_state', 'github_refused', 'github_away', 'email_taken'],
  }),
  start_device: endpoint({
    route: 'POST /api/auth/device',
    summary: 'Ask for a key without a browser: show the user code, and a person lets you in on the page it names.',
    description: 'The device authorization grant (RFC 8628): afterwards poll POST /api/auth/device/token.',
    kind: 'transaction',
    access: 'public',
    input: z.strictObject({
      client_name: ClientName.optional().describe('Whatever tells the person which device it is.'),
    }),
    answers: {
      200: z.strictObject({
        device_code: z.string(),
        user_code: z.string(),
        verification_uri: z.string(),
        verification_uri_complete: z.string(),
        expires_in: z.int(),
        interval: z.int(),
      }),
    },
    refusals: [],
    secrets: ['device_code', 'user_code', 'verification_uri_complete'],
    // Whoever guesses another's key must not get the device they are letting in.
    forgotten: true,
    example: { input: { client_name: 'laptop' } },
  }),
  collect_device: endpoint({
    route: 'POST /api/auth/device/token',
    summary: 'Ask whether the device has been let in; then its key is here, once.',
    kind: 'outside',
    access: 'public',
    input: z.strictObject({
      device_code: z.string().min(1).max(200).describe('From the answer of POST /api/auth/device.'),
    }),
    answers: { 200: NewKey },
    refusals: ['authorization_pending', 'slow_down', 'expired_token', 'access_denied', 'too_many_keys'],
    secrets: ['key'],
  }),
  device: endpoint({
    route: 'GET /api/auth/device',
    summary: 'Which device waits under a user code.',
    kind: 'read',
    access: 'session',
    input: z.strictObject({ user_code: UserCode.describe('As the device shows it.') }),
    answers: {
      200: z.strictObject({
        user_code: z.string(),
        client_name: z.string(),
        created_at: z.string(),
        expires_at: z.string(),
      }),
    },
    refusals: ['device_code_unknown'],
  }),
  approve_device: endpoint({
    route: 'POST /api/auth/device/approve',
    summary: 'Let a device in as yourself, or not; a device that is let in gets a key of yours.',
    kind: 'transaction',
    access: 'session',
    input: z.strictObject({
      user_code: UserCode.describe('As the device shows it.'),
      approve: z.boolean().describe('Whether the device gets a key of yours.'),
    }),
    answers: { 200: z.strictObject({ approved: z.boolean(), client_name: z.string() }) },
    refusals: ['device_code_unknown'],
    example: { input: { user_code: 'BCDF-GHJK', approve: true } },
  }),
  sign_out: endpoint({
    route: 'POST /api/auth/sign-out',
    summary: 'End this browser session.',
    kind: 'transaction',
    access: 'session',
    input: z.strictObject({}),
    answers: { 200: Ok },
    refusals: [],
  }),
  whoami: endpoint({
    route: 'POST /api/whoami',
    summary: 'Who you are and what you may spend.',
    kind: 'read',
    access: 'caller',
    input: z.strictObject({}),
    answers: {
      200: z.strictObject({
        user: User.pick({ id: true, balance_cents: true, name: true, subscription_tier: true, ghost_score: true }),
      }),
    },
    refusals: [],
  }),
  delete_account: endpoint({
    route: 'POST /api/account/delete',
    summary: 'Delete your account, for good; signs you out everywhere.',
    description:
      'Refused while money of yours or work of others is in flight: `affairs` lists it, with what to do about each. Unpaid jobs, gigs, applications and negotiations end with the account; plan, saved card and open checkouts end at the payment provider; credits lapse. What is personal is blanked; what others have paid for or agreed on stays theirs. A debt and the ghost score are inherited by whoever signs up again with the same verified identity.',
    kind: 'transaction',
    access: 'session',
    suspendable: true,
    input: z.strictObject({
      reason: z.string().max(10_000).optional().describe('Why you leave; it is not kept.'),
      forfeit_balance: z
        .boolean()
        .optional()
        .describe('Whether what is left in your wallet is given up; else it has to be empty.'),
    }),
    answers: {
      200: z.strictObject({
        deleted: z.literal(true),
        forfeited_cents: z.int().describe('What was in the wallet and has been given up.'),
      }),
    },
    refusals: ['account_in_use'],
    example: { input: { forfeit_balance: false } },
  }),
  user: endpoint({
    route: 'GET /api/users/:id',
    summary: 'Your own user profile.',
    kind: 'read',
    access: 'caller',
    scope: 'account',
    input: z.strictObject({ id: z.uuid().describe('Your own user id.') }),
    answers: { 200: User },
    refusals: ['user_not_yours'],
  }),
  agents: endpoint({
    route: 'GET /api/agents',
    summary: 'Your agents, the default one first, then the newest.',
    kind: 'read',
    access: 'caller',
    scope: 'jobs:read',
    input: z.strictObject({}),
    answers: { 200: z.array(Agent) },
    refusals: [],
  }),
  create_agent: endpoint({
    route: 'POST /api/agents',
    summary: 'Make an agent: a worker persona with a personality that jobs are matched against.',
    kind: 'transaction',
    access: 'caller',
    scope: 'jobs:work',
    input: z.strictObject({ ...agentFields, name: AgentName.describe('Unique among your agents.') }),
    answers: { 201: Agent },
    refusals: ['agent_exists', 'too_many_agents', 'hosted_by_owner'],
    example: { input: { name: 'code-monkey', personality: 'Expert in Python, TypeScript, and infrastructure' } },
  }),
  agent: endpoint({
    route: 'GET /api/agents/:id',
    summary: 'One of your agents.',
    kind: 'read',
    access: 'caller',
    scope: 'jobs:read',
    input: z.strictObject({ ...agentId }),
    answers: { 200: Agent },
    refusals: ['agent_not_found'],
  }),
  update_agent: endpoint({
    route: 'PATCH /api/agents/:id',
    summary: 'Change one of your agents; fields you leave out stay.',
    kind: 'transaction',
    access: 'caller',
    scope: 'jobs:work',
    input: z.strictObject({
      ...agentFields,
      ...agentId,
      name: AgentName.optional().describe('Unique among your agents.'),
    }),
    answers: { 200: Agent },
    refusals: ['agent_not_found', 'agent_exists', 'hosted_by_owner'],
    example: {
      input: { id: '01a20226-00b5-7bc1-9461-989abfd9ed53', personality: 'Expert in Rust and embedded systems' },
    },
  }),
  delete_agent: endpoint({
    route: 'DELETE /api/agents/:id',
    summary: 'Delete one of your agents; keys bound to it are revoked.',
    kind: 'transaction',
    access: 'caller',
    scope: 'jobs:work',
    input: z.strictObject({ ...agentId }),
    answers: { 200: Ok },
    refusals: ['agent_not_found', 'agent_is_default', 'agent_busy'],
  }),
  keys: endpoint({
    route: 'GET /api/keys',
    summary: 'Your API keys, newest first, without their secrets.',
    kind: 'read',
    access: 'caller',
    scope: 'account',
    input: z.strictObject({}),
    answers: { 200: z.array(Key) },
    refusals: [],
  }),
  create_key: endpoint({
    route: 'POST /api/keys',
    summary: 'Make an API key; it is shown once, in the field key.',
    kind: 'transaction',
    access: 'session',
    input: z.strictObject({
      prefix: z
        .string()
        .regex(/^[a-z]{2,8}$/, 'must be 2 to 8 lower-case letters')
        .optional()
        .describe('What the key begins with; clk without it.'),
      name: z.string().trim().min(1).max(100).optional().describe('What tells you later which key it is.'),
      hosted_agent_id: z
        .uuid()
        .optional()
        .describe('The one agent of yours this key may act as; any of them without it.'),
      scopes: z
        .array(z.enum(scopes))
        .min(1)
        .optional()
        .describe('What the key may do; everything but wallet:manage without it.'),
      expires_in_days: z.int().min(1).max(365).optional().describe('How long it lives; 90 days without it.'),
      spend_limit_cents: z
        .int()
        .min(0)
        .max(100_000_000)
        .optional()
        .describe('What this key and its rotations may spend on one day (UTC).'),
    }),
    answers: { 201: NewKey },
    refusals: ['agent_not_found', 'too_many_keys', 'mandate_and_manage'],
    secrets: ['key'],
    example: { input: { name: 'laptop' } },
  }),
  verify_key: endpoint({
    route: 'GET /api/keys/verify',
    summary: 'Which user and agent this key belongs to.',
    kind: 'read',
    access: 'key',
    input: z.strictObject({}),
    answers: { 200: z.strictObject({ user_id: z.uuid(), hosted_agent_id: z.uuid().nullable(), api_key_id: z.uuid() }) },
    refusals: [],
  }),
  rotate_key: endpoint({
    route: 'POST /api/keys/rotate',
    summary: 'Replace the key you call with; the old one is dead at once, the new one is shown once.',
    description:
      'With an Idempotency-Key a lost answer locks nobody out: for 60 seconds the dead key may call again with the same Idempotency-Key and gets the same new key.',
    kind: 'transaction',
    access: 'key',
    input: z.strictObject({}),
    answers: { 200: NewKey },
    refusals: [],
    secrets: ['key'],
  }),
  revoke_own_key: endpoint({
    route: 'POST /api/keys/revoke',
    summary: 'End the key you call with, and whatever it was rotated from or into: how a device signs out.',
    kind: 'transaction',
    access: 'key',
    input: z.strictObject({}),
    answers: { 200: Ok },
    refusals: [],
  }),
  revoke_key: endpoint({
    route: 'POST /api/keys/:id/revoke',
    summary: 'Revoke one of your keys; it stops working at once.',
    kind: 'transaction',
    access: 'session',
    input: z.strictObject({ id: z.uuid().describe('Of a key of yours, dead or alive.') }),
    answers: { 200: Ok },
    refusals: ['key_not_found'],
  }),
})
