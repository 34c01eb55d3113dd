import { createHash, createHmac, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the next request of a method meets instead of an answer; `cut` closes the connection after `bytes` of the body. */
export type Fault = 'unavailable' | 'cut'

/** A store that speaks the slice of S3 that we use, path-style, and takes nothing that is not signed for it. */
export interface S3StandIn {
  readonly url: string
  /** Settings of a market that keeps its files here. */
  readonly env: Readonly<Record<string, string>>
  /** Whole objects, by `bucket/key`. */
  readonly objects: ReadonlyMap<string, Buffer>
  /** Uploads that are neither completed nor aborted. */
  readonly uploads: ReadonlyMap<string, { readonly place: string; readonly parts: ReadonlyMap<number, Buffer> }>
  /** Every request, as `PUT bucket/key?partNumber=1`. */
  readonly heard: readonly string[]
  /** The next request of this method meets a fault, as often as it is asked for. */
  fail(method: string, fault: Fault, times?: number): void
  close(): Promise<void>
}

const keyId = 'AKIDSTANDIN'
const secret = 'the secret of the stand-in'
const region = 'test-region'

export async function startS3StandIn(bucket = 'files'): Promise<S3StandIn> {
  const objects = new Map<string, Buffer>()
  const uploads = new Map<string, { place: string; parts: Map<number, Buffer> }>()
  const heard: string[] = []
  const faults: { method: string; fault: Fault }[] = []
  const server = createServer((request, response) => {
    const { socket } = request
    answer(request, response).catch(() => socket.destroy())
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request
    const method = request.method!
    const url = new URL(request.url!, 'http://store')
    const place = decodeURIComponent(url.pathname.slice(1))
    const query = url.searchParams
    query.delete('x-id')
    heard.push(`${method} ${place}${query.size > 0 ? `?${query}` : ''}`)
    const at = faults.findIndex((known) => known.method === method)
    const fault = at < 0 ? null : faults.splice(at, 1)[0]!.fault
    if (fault === 'cut' && method !== 'GET') {
      // Some of the body has come: whoever sends it sees the connection break.
      for await (const _ of request) break
      return void socket.destroy()
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    if (fault === 'unavailable') return refuse(response, 503, 'SlowDown')
    const flaw = signatureFlaw(request, url, body)
    if (flaw) return refuse(response, 403, flaw)
    if (!place.startsWith(`${bucket}/`) && place !== bucket) return refuse(response, 404, 'NoSuchBucket')
    const uploadId = query.get('uploadId')
    const upload = uploadId === null ? undefined : uploads.get(uploadId)
    if (uploadId !== null && upload?.place !== place) return refuse(response, 404, 'NoSuchUpload')
    switch (method) {
      case 'PUT':
        if (upload) upload.parts.set(Number(query.get('partNumber')), body)
        else objects.set(place, body)
        return void response.writeHead(200, { etag: etagOf(body) }).end()
      case 'POST': {
        if (query.has('uploads')) {
          const id = randomUUID()
          uploads.set(id, { place, parts: new Map() })
          return xml(
            response,
            `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
          )
        }
        const named = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map((match) => Number(match[1]))
        const parts = named.map((number) => upload!.parts.get(number))
        if (parts.length === 0 || parts.some((part) => !part)) return refuse(response, 400, 'InvalidPart')
        if (parts.slice(0, -1).some((part) => part!.length < 5 * 1024 * 1024))
          return refuse(response, 400, 'EntityTooSmall')
        objects.set(place, Buffer.concat(parts as Buffer[]))
        uploads.delete(uploadId!)
        return xml(response, '<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>')
      }
      case 'DELETE':
        if (upload) uploads.delete(uploadId!)
        else objects.delete(place)
        return void response.writeHead(204).end()
      case 'GET':
      case 'HEAD': {
        if (query.has('uploads')) return xml(response, listing(query.get('prefix') ?? ''))
        const bytes = objects.get(place)
        if (!bytes) return refuse(response, 404, 'NoSuchKey')
        response.writeHead(200, { 'content-length': bytes.length, etag: etagOf(bytes) })
        if (method === 'HEAD') return void response.end()
        if (fault === 'cut') {
          response.write(bytes.subarray(0, bytes.length / 2))
          return void setTimeout(() => socket.destroy(), 50)
        }
        return void response.end(bytes)
      }
      default:
        return refuse(response, 405, 'MethodNotAllowed')
    }
  }

  const listing = (prefix: string): string =>
    `<ListMultipartUploadsResult>${[...uploads]
      .filter(([, { place }]) => place.startsWith(`${bucket}/${prefix}`))
      .map(
        ([id, { place }]) => `<Upload><Key>${place.slice(bucket.length + 1)}</Key><UploadId>${id}</UploadId></Upload>`,
      )
      .join('')}</ListMultipartUploadsResult>`

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    env: {
      S3_BUCKET: bucket,
      S3_ENDPOINT: url,
      S3_REGION: region,
      S3_ACCESS_KEY_ID: keyId,
      S3_SECRET_ACCESS_KEY: secret,
    },
    objects,
    uploads,
    heard,
    fail(method, fault, times = 1) {
      for (let n = 0; n < times; n++) faults.push({ method, fault })
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const etagOf = (bytes: Buffer): string => `"${createHash('md5').update(bytes).digest('hex')}"`

const xml = (response: ServerResponse, text: string): void =>
  void response.writeHead(200, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${text}`)

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' })
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`)
}

const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex')

/** What is wrong with a request's AWS Signature Version 4, worked out anew from the request as it came; null when it is right. */
function signatureFlaw(request: IncomingMessage, url: URL, body: Buffer): string | null {
  const form =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/
  const match = form.exec(request.headers.authorization ?? '')
  if (!match) return 'AccessDenied'
  const [, id, day, where, names, signature] = match as unknown as [string, string, string, string, string, string]
  if (id !== keyId || where !== region) return 'InvalidAccessKeyId'
  const hash = request.headers['x-amz-content-sha256']
  if (hash !== sha256(body)) return 'XAmzContentSHA256Mismatch'
  const query = new URL(request.url!, url).searchParams
  const sorted = [...query].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).sort()
  const headers = names.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`)
  const canonical = [request.method, url.pathname, sorted.join('&'), headers.join(''), names, hash].join('\n')
  const scope = `${day}/${where}/s3/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, sha256(canonical)].join('\n')
  const key = [day, where, 's3', 'aws4_request'].reduce<string | Buffer>(
    (from, text) => createHmac('sha256', from).update(text).digest(),
    `AWS4${secret}`,
  )
  return createHmac('sha256', key).update(toSign).digest('hex') === signature ? null : 'SignatureDoesNotMatch'
}
