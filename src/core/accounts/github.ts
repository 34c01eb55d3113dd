import * as oauth from 'oauth4webapi'
import { z } from 'zod'
import { openSealer } from '../../base/seal.ts'
import { refuseAccount } from './api.ts'

export interface GitHubSettings {
  readonly clientId: string
  readonly clientSecret: string
  readonly baseUrl: string
  readonly apiUrl: string
}

/** A person as GitHub knows them. */
export interface GitHubPerson {
  readonly id: number
  readonly login: string
  readonly name: string
  readonly avatarUrl: string | null
  /** Addresses that GitHub has verified, the primary one first; in lower case. */
  readonly emails: readonly string[]
}

export interface GitHub {
  /** Where to send a browser, and what it has to bring back; `userCode` is a device that waits for this sign-in. */
  setOut(userCode: string | null): Promise<{ url: string; luggage: string }>
  /** Who has come back. Null: they changed their mind at GitHub. */
  comeBack(query: URLSearchParams, luggage: string | undefined): Promise<Returned>
}

export interface Returned {
  readonly person: GitHubPerson | null
  readonly userCode: string | null
}

/** How long somebody may stay at GitHub; its codes live as long. */
export const awaySeconds = 600

/** One sign-in may keep us waiting this long, all calls together. */
const timeoutMs = 5_000

const Luggage = z.object({
  state: z.string(),
  verifier: z.string(),
  userCode: z.string().nullable(),
  until: z.number(),
})
const Account = z.object({
  id: z.int().positive(),
  login: z.string().min(1).max(100),
  name: z.string().nullish(),
  avatar_url: z
    .url({ protocol: /^https$/ })
    .max(2_000)
    .nullish()
    .catch(null),
})
const Emails = z.array(
  z
    .object({ email: z.email().max(254), verified: z.boolean(), primary: z.boolean() })
    .nullable()
    .catch(null),
)

/** Sign-in with GitHub: the authorization code flow with state and PKCE (S256). The state is bound to the browser by a sealed cookie. */
export function openGitHub(settings: GitHubSettings, appUrl: string, secret: string): GitHub {
  const { clientId, clientSecret, baseUrl, apiUrl } = settings
  const server: oauth.AuthorizationServer = {
    issuer: `${baseUrl}/login/oauth`,
    authorization_endpoint: `${baseUrl}/login/oauth/authorize`,
    token_endpoint: `${baseUrl}/login/oauth/access_token`,
  }
  const client: oauth.Client = { client_id: clientId }
  const redirectUri = `${appUrl}/api/auth/callback/github`
  const sealer = openSealer(secret, 'github')

  const unpack = (luggage: string | undefined): z.infer<typeof Luggage> => {
    try {
      const packed = Luggage.parse(JSON.parse(sealer.open(Buffer.from(luggage ?? '', 'base64url'), 'luggage')))
      if (packed.until > Date.now()) return packed
    } catch {
      // Made up, cut, or of another market: said below.
    }
    throw refuseAccount('github_state')
  }
  const exchange = async (answer: URLSearchParams, verifier: string, signal: AbortSignal): Promise<string> => {
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      oauth.ClientSecretPost(clientSecret),
      answer,
      redirectUri,
      verifier,
      // Plain http is for stand-ins; configuration refuses it in live mode.
      { signal, [oauth.allowInsecureRequests]: baseUrl.startsWith('http:') },
    )
    if (response.status >= 500 || response.status === 429) throw new Away(`the token endpoint said ${response.status}`)
    return (await oauth.processAuthorizationCodeResponse(server, client, response)).access_token
  }
  const read = async (path: string, token: string, signal: AbortSignal): Promise<unknown> => {
    const response = await fetch(apiUrl + path, {
      signal,
      redirect: 'error',
      headers: { authorization: `Bearer ${token}`, accept: 'application/vnd.github+json', 'user-agent': 'clawrk' },
    })
    if (!response.ok) throw new Away(`${path} said ${response.status}`)
    return response.json()
  }
  return {
    async setOut(userCode) {
      const state = oauth.generateRandomState()
      const verifier = oauth.generateRandomCodeVerifier()
      const url = new URL(server.authorization_endpoint!)
      url.search = new URLSearchParams({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        scope: 'read:user user:email',
        state,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      }).toString()
      const packed = JSON.stringify({ state, verifier, userCode, until: Date.now() + awaySeconds * 1000 })
      return { url: url.href, luggage: sealer.seal(packed, 'luggage').toString('base64url') }
    },
    async comeBack(query, luggage) {
      const { state, verifier, userCode } = unpack(luggage)
      let answer: URLSearchParams
      try {
        answer = oauth.validateAuthResponse(server, client, query, state)
      } catch (error) {
        if (!(error instanceof oauth.AuthorizationResponseError)) throw refuseAccount('github_state')
        if (error.error === 'access_denied') return { person: null, userCode }
        throw refuseAccount('github_refused')
      }
      try {
        const signal = AbortSignal.timeout(timeoutMs)
        const token = await exchange(answer, verifier, signal)
        const [account, emails] = await Promise.all([read('/user', token, signal), read('/user/emails', token, signal)])
        return { person: personOf(Account.parse(account), Emails.parse(emails)), userCode }
      } catch (error) {
        if (isAnswer(error)) throw refuseAccount('github_refused')
        throw refuseAccount('github_away', { retryable: true })
      }
    },
  }
}

class Away extends Error {}

/** Whether GitHub did answer, and said no; anything else is GitHub being away or not itself. */
const isAnswer = (error: unknown): boolean =>
  error instanceof oauth.ResponseBodyError ||
  error instanceof oauth.WWWAuthenticateChallengeError ||
  error instanceof oauth.OperationProcessingError

function personOf(account: z.infer<typeof Account>, emails: z.infer<typeof Emails>): GitHubPerson {
  const verified = emails
    .filter((email) => email?.verified === true)
    .sort((a, b) => Number(b?.primary) - Number(a?.primary))
  return {
    id: account.id,
    login: account.login,
    name: (account.name?.trim() || account.login).slice(0, 200),
    avatarUrl: account.avatar_url ?? null,
    emails: verified.map((email) => email!.email.toLowerCase()),
  }
}
