import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { SMTPServer } from 'smtp-server'

type After = Pick<TestContext, 'after'>

/** A request that a stand-in was sent. */
export interface Got {
  readonly at: number
  readonly path: string
  readonly headers: IncomingMessage['headers']
  // biome-ignore lint/suspicious/noExplicitAny: whatever shape the provider's own has.
  readonly body: any
}

export interface StandIn {
  /** Its origin. */
  readonly url: string
  readonly got: readonly Got[]
  /** What it answers from now on. */
  answer: (got: Got, answer: ServerResponse, nth: number) => void
}

export const json =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): StandIn['answer'] =>
  (_got, answer) =>
    void answer.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))

/** A provider's API, as far as it is told what to answer. */
async function standIn(context: After, usual: StandIn['answer']): Promise<StandIn> {
  const got: Got[] = []
  const server = createServer((request, answer) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (part) => (text += part))
    request.on('end', () => {
      const one: Got = { at: Date.now(), path: request.url!, headers: request.headers, body: JSON.parse(text) }
      got.push(one)
      self.answer(one, answer, got.length)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const self: StandIn = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, got, answer: usual }
  return self
}

export const startTelegram = (context: After): Promise<StandIn> => standIn(context, json(200, { ok: true, result: {} }))

export const startDiscord = (context: After): Promise<StandIn> =>
  standIn(context, (_got, answer) => void answer.writeHead(204).end())

export const startSlack = (context: After): Promise<StandIn> =>
  standIn(context, (_got, answer) => void answer.writeHead(200).end('ok'))

export const startResend = (context: After): Promise<StandIn> => standIn(context, json(200, { id: 'sent' }))

export interface Letter {
  readonly at: number
  readonly from: string
  readonly to: readonly string[]
  /** As it went over the wire. */
  readonly raw: string
  /** Its headers, unfolded, and its first part, decoded. */
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

export interface Post {
  readonly url: string
  readonly letters: readonly Letter[]
  /** Refuses whom it is given, with a status. */
  refuse: ((to: string) => number | null) | null
}

/** A mail server that keeps what it is given. */
export async function startPost(context: After): Promise<Post> {
  const letters: Letter[] = []
  const server = new SMTPServer({
    authOptional: true,
    closeTimeout: 50,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo({ address }, _session, done) {
      const status = post.refuse?.(address) ?? null
      done(status === null ? null : Object.assign(new Error('not here'), { responseCode: status }))
    },
    onData(stream, { envelope }, done) {
      let raw = ''
      stream.setEncoding('utf8')
      stream.on('data', (part: string) => (raw += part))
      stream.on('end', () => {
        const from = envelope.mailFrom ? envelope.mailFrom.address : ''
        const to = envelope.rcptTo.map(({ address }) => address)
        letters.push({ at: Date.now(), from, to, raw, ...read(raw) })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  server.on('error', () => {})
  context.after(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const { port } = server.server.address() as AddressInfo
  const post: Post = { url: `smtp://127.0.0.1:${port}`, letters, refuse: null }
  return post
}

function read(raw: string): Pick<Letter, 'headers' | 'text'> {
  const [head = '', ...rest] = raw.split('\r\n\r\n')
  const headers = Object.fromEntries(
    head
      .replaceAll(/\r\n[ \t]+/g, ' ')
      .split('\r\n')
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const parts = rest.join('\r\n\r\n')
  const encoding = /Content-Transfer-Encoding: (\S+)/i.exec(parts)?.[1]
  const body = parts.slice(parts.indexOf('\r\n\r\n') + 4).split(/\r\n----_/)[0]!
  return { headers, text: encoding === 'base64' ? Buffer.from(body, 'base64').toString('utf8') : readQuoted(body) }
}

const readQuoted = (text: string): string =>
  Buffer.from(
    text
      .replaceAll(/=\r\n/g, '')
      .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('utf8')

/** A subject as people see it. */
export const subjectOf = ({ headers }: Letter): string =>
  headers
    .subject!.replaceAll(/\?= =\?/g, '?==?')
    .replaceAll(/=\?UTF-8\?(Q|B)\?([^?]*)\?=/gi, (_, how: string, text: string) =>
      how.toUpperCase() === 'B' ? Buffer.from(text, 'base64').toString('utf8') : readQuoted(text.replaceAll('_', ' ')),
    )
