import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { takePort } from '../support/ports.ts'

export interface GitHubAccount {
  readonly id: number
  readonly login: string
  readonly name: string | null
  readonly emails: readonly { readonly email: string; readonly verified: boolean; readonly primary: boolean }[]
}

/** A repository as GitHub tells of it; everything else there is left out here. */
export interface StoodRepo {
  readonly name: string
  readonly html_url: string
  readonly description: string | null
  readonly stargazers_count: number
  readonly updated_at: string
  readonly language: string | null
}

export interface StandIn {
  readonly url: string
  /** Who is signed in at GitHub in the browser that comes next; null: they say no. */
  visitor: GitHubAccount | null
  /** What the stand-in does with calls of the market. */
  mood: 'well' | 'failing' | 'hanging' | 'out of quota' | 'not itself'
  /** Public repositories, by login in lower case; whoever has none listed has none. Unknown: GitHub knows nobody of this name. */
  readonly repos: Map<string, { readonly owner: number; readonly repos: readonly StoodRepo[] }>
  /** Every request for somebody's repositories: path and query. */
  readonly askedForRepos: string[]
  /** How often a code was exchanged for a token. */
  readonly exchanges: () => number
  close(): Promise<void>
}

/** As much of GitHub as sign-in and profiles need: it keeps to GitHub's ways (refusals of the token endpoint have status 200) and checks PKCE. */
export async function startGitHub(clientId: string, clientSecret: string): Promise<StandIn> {
  const port = await takePort()
  const codes = new Map<string, { account: GitHubAccount; challenge: string; redirectUri: string }>()
  const tokens = new Map<string, GitHubAccount>()
  let exchanges = 0

  const authorize = (query: URLSearchParams, response: ServerResponse): void => {
    const back = new URL(query.get('redirect_uri')!)
    back.searchParams.set('state', query.get('state')!)
    if (query.get('client_id') !== clientId || query.get('code_challenge_method') !== 'S256') {
      response.writeHead(404).end()
      return
    }
    if (stand.visitor) {
      const code = randomBytes(10).toString('hex')
      codes.set(code, {
        account: stand.visitor,
        challenge: query.get('code_challenge')!,
        redirectUri: query.get('redirect_uri')!,
      })
      back.searchParams.set('code', code)
    } else {
      back.searchParams.set('error', 'access_denied')
      back.searchParams.set('error_description', 'The user has denied your application access.')
    }
    response.writeHead(302, { location: back.href }).end()
  }
  const exchange = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const form = new URLSearchParams(text)
    const code = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const known = form.get('client_id') === clientId && form.get('client_secret') === clientSecret
    if (!known || !code || challenge !== code.challenge || form.get('redirect_uri') !== code.redirectUri)
      return json(response, 200, {
        error: 'bad_verification_code',
        error_description: 'The code passed is incorrect or expired.',
      })
    exchanges++
    const token = `gho_${randomBytes(12).toString('hex')}`
    tokens.set(token, code.account)
    json(response, 200, { access_token: token, token_type: 'bearer', scope: 'read:user,user:email' })
  }
  const reposOf = (login: string, url: URL, request: IncomingMessage): [status: number, body: unknown] => {
    stand.askedForRepos.push(url.pathname + url.search)
    if (!request.headers['user-agent']) return [403, { message: 'Request forbidden' }]
    if (stand.mood === 'out of quota') return [403, { message: 'API rate limit exceeded' }]
    if (stand.mood === 'not itself') return [200, { message: 'Down for maintenance' }]
    const known = stand.repos.get(login.toLowerCase())
    if (!known) return [404, { message: 'Not Found' }]
    const most = Number(url.searchParams.get('per_page') ?? 30)
    const all = known.repos.map((repo) => ({ ...repo, private: false, owner: { login, id: known.owner } }))
    return [200, all.slice(0, most)]
  }
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://github')
    if (url.pathname === '/login/oauth/authorize') return authorize(url.searchParams, response)
    if (stand.mood === 'hanging') return
    if (stand.mood === 'failing') return json(response, 502, { message: 'Server Error' })
    if (url.pathname === '/login/oauth/access_token') return void exchange(request, response)
    const [, whose] = /^\/users\/([^/]+)\/repos$/.exec(url.pathname) ?? []
    if (whose !== undefined) return json(response, ...reposOf(decodeURIComponent(whose), url, request))
    const account = tokens.get(request.headers.authorization?.replace(/^Bearer /, '') ?? '')
    if (!account || !request.headers['user-agent']) return json(response, 401, { message: 'Bad credentials' })
    const { id, login, name, emails } = account
    if (url.pathname === '/user')
      return json(response, 200, {
        id,
        login,
        name,
        email: emails[0]?.email ?? null,
        avatar_url: 'https://a.example/1',
      })
    if (url.pathname === '/user/emails') return json(response, 200, emails)
    json(response, 404, { message: 'Not Found' })
  })
  const stand: StandIn = {
    url: `http://127.0.0.1:${port}`,
    visitor: null,
    mood: 'well',
    repos: new Map(),
    askedForRepos: [],
    exchanges: () => exchanges,
    async close() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  return stand
}

const json = (response: ServerResponse, status: number, body: unknown): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
