import { Readable } from 'node:stream'
import type { S3Client } from '@aws-sdk/client-s3'
import { isRefusal } from '../../base/endpoint.ts'
import { refuseFile } from './api.ts'
import type { Storage } from './storage.ts'

export interface S3Settings {
  readonly bucket: string
  /** Null: Amazon's own of the region. Any other is addressed by path, as MinIO and its kind want it. */
  readonly endpoint: string | null
  readonly region: string
  /** Null: whatever the machine is given (a role, the environment, a profile), as Amazon's SDK finds it. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null
}

/** The smallest part that S3 takes: all that one upload keeps in memory. */
const partBytes = 5 * 1024 * 1024

/**
 * Objects in a bucket of an S3-compatible store, under `attachments/<id>`. An object is seen once all its bytes are there. What
 * the store cannot do for now is a refusal to try again; wrong credentials or a missing bucket are the operator's fault and thrown.
 */
export function s3Storage(settings: S3Settings): Storage {
  const bucket = settings.bucket
  let opened: Promise<Opened> | undefined
  const ask = async <T>(work: (store: Opened) => Promise<T>): Promise<T> => {
    try {
      // Only a market that keeps its files there loads the SDK, and not before the first file.
      opened ??= open(settings)
      return await work(await opened)
    } catch (error) {
      throw isAway(error) ? refuseFile('storage_away', { retryable: true, retry_after_seconds: 10 }) : error
    }
  }
  const keyOf = (id: string): string => {
    if (!/^[0-9a-f-]{36}$/.test(id)) throw new Error(`not an id of ours: ${id}`)
    return `attachments/${id}`
  }
  return {
    put: (id, bytes) =>
      ask(async ({ client, Upload }) => {
        // One part after the other; an upload that breaks off is aborted, so its parts go too.
        const params = {
          Bucket: bucket,
          Key: keyOf(id),
          Body: Readable.from(bytes),
          ContentType: 'application/octet-stream',
        }
        await new Upload({ client, params, partSize: partBytes, queueSize: 1 }).done()
      }),
    get: (id) =>
      ask(async ({ client, commands }) => {
        try {
          const { Body } = await client.send(new commands.GetObjectCommand({ Bucket: bucket, Key: keyOf(id) }))
          return Body as Readable
        } catch (error) {
          if (nameOf(error) === 'NoSuchKey') return null
          throw error
        }
      }),
    remove: (id) =>
      ask(async ({ client, commands }) => {
        const Key = keyOf(id)
        await client.send(new commands.DeleteObjectCommand({ Bucket: bucket, Key }))
        // Parts of an upload whose process died are not seen, but kept and paid for.
        const { Uploads = [] } = await client.send(
          new commands.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: Key }),
        )
        for (const { Key: key, UploadId } of Uploads) {
          if (key === Key)
            await client.send(new commands.AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }))
        }
      }),
  }
}

interface Opened {
  readonly client: S3Client
  readonly commands: typeof import('@aws-sdk/client-s3')
  readonly Upload: typeof import('@aws-sdk/lib-storage').Upload
}

async function open({ endpoint, region, credentials }: S3Settings): Promise<Opened> {
  const [commands, { Upload }] = await Promise.all([import('@aws-sdk/client-s3'), import('@aws-sdk/lib-storage')])
  const client = new commands.S3Client({
    region,
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
    ...(credentials ? { credentials } : {}),
    // Not every compatible store knows the newer checksums. The signature covers the bytes of each part anyway.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: 5_000, socketTimeout: 30_000 },
  })
  return { client, commands, Upload }
}

const nameOf = (error: unknown): string | null => (error instanceof Error ? error.name : null)

/** Whether the store is out of reach or asks to come back later, after the SDK has tried three times. */
function isAway(error: unknown): boolean {
  if (!(error instanceof Error) || isRefusal(error)) return false
  const { $metadata, code } = error as { $metadata?: { httpStatusCode?: number }; code?: string }
  const status = $metadata?.httpStatusCode
  if (status !== undefined && status >= 400) return status >= 500 || status === 429
  return nameOf(error) === 'TimeoutError' || (code !== undefined && lostCodes.has(code))
}

const lostCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
])
