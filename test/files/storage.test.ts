import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { ConfigError, readConfig } from '../../src/base/config.ts'
import { s3Storage } from '../../src/core/files/s3-storage.ts'
import { diskStorage, type Storage } from '../../src/core/files/storage.ts'
import { refused, went } from '../journeys/desk.ts'
import { startTestMarket } from '../support/market.ts'
import { until } from '../support/processes.ts'
import { type S3StandIn, startS3StandIn } from './s3-stand-in.ts'

const config = (env: Readonly<Record<string, string>>) => readConfig({ CLAWRK_SECRET: 'x'.repeat(40), ...env })

async function openStore(context: TestContext): Promise<{ storage: Storage; store: S3StandIn }> {
  const store = await startS3StandIn()
  context.after(() => store.close())
  return { storage: s3Storage(config(store.env).s3!), store }
}

/** A storage, and how many things of any kind lie in it. */
type Opened = (context: TestContext) => Promise<{ storage: Storage; count: () => number }>

const places: Readonly<Record<string, Opened>> = {
  disk: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'clawrk-files-'))
    const count = (): number =>
      readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length
    return { storage: diskStorage(folder), count }
  },
  S3: async (context) => {
    const { storage, store } = await openStore(context)
    return { storage, count: () => store.objects.size + store.uploads.size }
  },
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(storage: Storage, id: string): Promise<Buffer | null> {
  const bytes = await storage.get(id)
  return bytes && Buffer.concat(await bytes.toArray())
}

const mb = 1024 * 1024

for (const [place, open] of Object.entries(places)) {
  test(`${place}: bytes of any number come back as they were, and are gone once removed`, async (context) => {
    const { storage, count } = await open(context)
    for (const size of [0, 1, 5 * mb - 1, 5 * mb, 5 * mb + 1, 12 * mb]) {
      const id = randomUUID()
      const bytes = randomBytes(size)
      assert.equal(await storage.get(id), null)
      await storage.put(id, inPieces(bytes, 70_000))
      assert.ok((await read(storage, id))?.equals(bytes), `${size} bytes`)
      assert.equal(count(), 1)
      await storage.remove(id)
      assert.deepEqual([await storage.get(id), count()], [null, 0])
      await storage.remove(id)
    }
  })

  test(`${place}: what breaks off while it comes in is never seen, leaves nothing, and says why`, async (context) => {
    const { storage, count } = await open(context)
    for (const until of [1_000, 11 * mb]) {
      const id = randomUUID()
      const broken = new Error('the sender has gone')
      async function* breaking(): AsyncGenerator<Uint8Array> {
        yield* inPieces(Buffer.alloc(until), 100_000)
        assert.equal(await storage.get(id), null, 'not seen while it comes in')
        throw broken
      }
      await assert.rejects(storage.put(id, breaking()), (error) => error === broken)
      assert.deepEqual([await storage.get(id), count()], [null, 0])
    }
  })

  test(`${place}: is read bit by bit, and a name that is not an id of ours is refused`, async (context) => {
    const { storage } = await open(context)
    const id = randomUUID()
    await storage.put(id, inPieces(Buffer.alloc(8 * mb, 'x'), mb))
    const stream = (await storage.get(id))!
    for await (const chunk of stream) {
      assert.ok((chunk as Buffer).length < 2 * mb, 'a piece, not the whole')
      break
    }
    await until('the stream is let go', () => stream.destroyed)
    for (const name of ['../../etc/passwd', '', 'a', `${id}/x`])
      await assert.rejects(async () => storage.put(name, inPieces(Buffer.alloc(1), 1)), /not an id of ours/)
  })
}

test('S3: large files go in parts of five megabytes, small ones in one request', async (context) => {
  const { storage, store } = await openStore(context)
  const [small, large] = [randomUUID(), randomUUID()]
  await storage.put(small, inPieces(Buffer.alloc(100), 10))
  assert.deepEqual(store.heard, [`PUT files/attachments/${small}`])
  await storage.put(large, inPieces(Buffer.alloc(12 * mb), mb))
  const verbs = store.heard.slice(1).map((line) => line.replace(/ .*\?/, ' ').replace(/=[^&]*/g, ''))
  assert.deepEqual(verbs, ['POST uploads', ...Array(3).fill('PUT partNumber&uploadId'), 'POST uploadId'])
})

test('S3: a 503 and a connection that is cut are tried again; bytes are neither lost nor doubled', async (context) => {
  const { storage, store } = await openStore(context)
  for (const fault of ['unavailable', 'cut'] as const) {
    for (const size of [1_000, 11 * mb]) {
      const id = randomUUID()
      const bytes = randomBytes(size)
      store.fail('PUT', fault)
      await storage.put(id, inPieces(bytes, 100_000))
      store.fail('GET', 'unavailable')
      assert.ok((await read(storage, id))?.equals(bytes), `${fault}, ${size} bytes`)
      store.fail('DELETE', fault)
      await storage.remove(id)
    }
  }
  assert.deepEqual([store.objects.size, store.uploads.size], [0, 0])
})

test('S3: a download that is cut in the middle ends in an error, never as if it were whole', async (context) => {
  const { storage, store } = await openStore(context)
  const id = randomUUID()
  await storage.put(id, inPieces(randomBytes(3 * mb), mb))
  store.fail('GET', 'cut')
  await assert.rejects(read(storage, id))
})

test('S3: a store that is away is a refusal to try again; wrong credentials and a missing bucket are not', async (context) => {
  const { storage, store } = await openStore(context)
  const isAway = { name: 'Refusal', code: 'storage_away', status: 503 }
  store.fail('PUT', 'unavailable', 3)
  await assert.rejects(storage.put(randomUUID(), inPieces(Buffer.alloc(9), 9)), isAway)
  store.fail('GET', 'unavailable', 3)
  await assert.rejects(storage.get(randomUUID()), isAway)
  const wrong = s3Storage(config({ ...store.env, S3_SECRET_ACCESS_KEY: 'another' }).s3!)
  await assert.rejects(wrong.put(randomUUID(), inPieces(Buffer.alloc(9), 9)), { name: 'SignatureDoesNotMatch' })
  const nowhere = s3Storage(config({ ...store.env, S3_BUCKET: 'missing' }).s3!)
  await assert.rejects(nowhere.get(randomUUID()), { name: 'NoSuchBucket' })
  await store.close()
  await assert.rejects(storage.get(randomUUID()), isAway)
  assert.equal(store.objects.size, 0)
})

test('S3: removing a file takes the parts with it that a dead process left, and no other’s', async (context) => {
  const { storage, store } = await openStore(context)
  const [mine, other] = [randomUUID(), randomUUID()]
  for (const id of [mine, other]) {
    // A process that dies in the middle cannot abort what it began.
    store.fail('DELETE', 'unavailable', 3)
    async function* dying(): AsyncGenerator<Uint8Array> {
      yield* inPieces(Buffer.alloc(11 * mb), mb)
      throw new Error('killed')
    }
    await assert.rejects(storage.put(id, dying()))
  }
  assert.equal(store.uploads.size, 2)
  await storage.remove(mine)
  assert.deepEqual(
    [...store.uploads.values()].map(({ place }) => place),
    [`files/attachments/${other}`],
  )
})

test('S3: a market keeps attachments in its bucket, says when the bucket is away, and tidies again what it could not', async (context) => {
  const { store } = await openStore(context)
  const market = await startTestMarket({ env: store.env })
  context.after(() => market.close())
  const ada = await market.person('Ada')
  const file = { 'content-type': 'multipart/form-data; boundary=b', 'idempotency-key': 'once' }
  const form = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n--b--\r\n'
  store.fail('PUT', 'unavailable', 3)
  refused(await ada.ask('POST', '/api/attachments', form, file), 503, 'storage_away')
  const { id } = went(await ada.ask('POST', '/api/attachments', form, file), 201)
  assert.deepEqual([...store.objects], [[`files/attachments/${String(id)}`, Buffer.from('hello')]])
  store.fail('GET', 'unavailable', 3)
  refused(await ada.ask('GET', `/api/attachments/${String(id)}`), 503, 'storage_away')
  assert.equal((await ada.ask('GET', `/api/attachments/${String(id)}`)).text, 'hello')
  store.fail('DELETE', 'unavailable', 3)
  await market.advance(25 * 3600)
  await until('the object is gone', () => store.objects.size === 0, 30_000)
  await until('the row is gone', async () => (await market.db.rows(`select from attachment`)).length === 0)
  // Three in vain, then one for each row: that of the upload that was refused, too.
  assert.equal(store.heard.filter((line) => line.startsWith('DELETE')).length, 5)
})

test('a market without S3 never loads its SDK', () => {
  const code = `
    import Module from 'node:module'
    import './src/market.ts'
    import { s3Storage } from './src/core/files/s3-storage.ts'
    const loaded = () => Object.keys(Module._cache).some((file) => file.includes('@aws-sdk'))
    const store = s3Storage({ bucket: 'b', endpoint: 'http://127.0.0.1:1', region: 'r', credentials: null })
    const before = loaded()
    await store.get('01a20226-00b5-7bc1-9461-989abfd9ed53').catch(() => {})
    process.stdout.write(JSON.stringify([before, loaded()]))`
  const ran = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: join(import.meta.dirname, '../..'),
    encoding: 'utf8',
    env: { ...process.env, AWS_EC2_METADATA_DISABLED: 'true' },
  })
  assert.deepEqual([ran.stdout, ran.status], ['[false,true]', 0], ran.stderr)
})

test('half a configuration of the store is named before anything starts', () => {
  const faultsOf = (env: Record<string, string>): readonly string[] => {
    try {
      config(env)
      return []
    } catch (error) {
      assert.ok(error instanceof ConfigError)
      return error.faults
    }
  }
  assert.match(faultsOf({ S3_ENDPOINT: 'http://store:9000' }).join(), /S3_BUCKET is needed/)
  assert.match(faultsOf({ S3_BUCKET: 'b', S3_ACCESS_KEY_ID: 'x' }).join(), /needed together/)
  assert.match(faultsOf({ S3_BUCKET: 'b', S3_ENDPOINT: 'store' }).join(), /must be a web address/)
  assert.deepEqual(faultsOf({ S3_BUCKET: 'b' }), [])
  assert.equal(config({}).s3, null)
})
