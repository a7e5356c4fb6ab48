import { FakeClock } from '@quartet/runtime/testing'
import { nodeFileSystem } from '@quartet/storage'
import { seededRandom } from '@quartet/storage/testing'
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { bytesContent } from '../../src/backup/content.ts'
import { FolderStore } from '../../src/backup/folder-store.ts'
import { BackupError, ObjectMissingError } from '../../src/backup/object-store.ts'
import type { ObjectStore } from '../../src/backup/object-store.ts'
import { readS3Location } from '../../src/backup/s3-location.ts'
import { S3Store } from '../../src/backup/s3-store.ts'
import { startS3 } from '../support/s3-server.ts'

const signal = new AbortController().signal

/** Never waits: what is slept is only noted. */
class ImpatientClock extends FakeClock {
  readonly slept: number[] = []
  override sleep(delayMs: number): Promise<void> {
    this.slept.push(delayMs)
    return Promise.resolve()
  }
}

async function keysOf(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list(prefix)) keys.push(key)
  return keys.sort()
}

async function bytesOf(store: ObjectStore, key: string, range?: { start: number; end: number }): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of store.read(key, range)) chunks.push(Uint8Array.from(chunk))
  return Buffer.concat(chunks)
}

const folder = await mkdtemp(join(tmpdir(), 'quartet-store-'))
const s3 = await startS3('backups')
const clock = new ImpatientClock()
const s3Location = (prefix: string) =>
  readS3Location(`s3://backups/${prefix}`, { endpoint: s3.endpoint }, s3.environment)
after(async () => {
  await s3.close()
  await rm(folder, { recursive: true })
})

const STORES: readonly (readonly [string, (name: string) => ObjectStore])[] = [
  ['a folder', (name) => new FolderStore(nodeFileSystem, join(folder, name))],
  ['S3', (name) => new S3Store(s3Location(`deep/${name}`), { clock, signal })],
]

for (const [name, make] of STORES) {
  describe(`object store: ${name}`, () => {
    test('gives back what was written, whole and in ranges', async () => {
      const store = make('round-trip')
      const bytes = Buffer.from(seededRandom(1).bytes(3000))
      await store.write('objects/ab/one', bytesContent(bytes))
      await store.write('objects/ab/none', bytesContent(Buffer.alloc(0)))
      assert.deepEqual(await bytesOf(store, 'objects/ab/one'), bytes)
      assert.deepEqual(await bytesOf(store, 'objects/ab/one', { start: 10, end: 1000 }), bytes.subarray(10, 1000))
      assert.equal((await bytesOf(store, 'objects/ab/none')).length, 0)
    })

    test('replaces an object', async () => {
      const store = make('replace')
      await store.write('a', bytesContent(Buffer.from('one')))
      await store.write('a', bytesContent(Buffer.from('two')))
      assert.equal((await bytesOf(store, 'a')).toString(), 'two')
    })

    test('lists by prefix, with sizes', async () => {
      const store = make('list')
      for (const key of ['objects/aa/1', 'objects/ab/2', 'backups/1.json', 'top.json']) {
        await store.write(key, bytesContent(Buffer.from(key)))
      }
      assert.deepEqual(await keysOf(store, ''), ['backups/1.json', 'objects/aa/1', 'objects/ab/2', 'top.json'])
      assert.deepEqual(await keysOf(store, 'objects/'), ['objects/aa/1', 'objects/ab/2'])
      assert.deepEqual(await keysOf(store, 'objects/ab'), ['objects/ab/2'])
      assert.deepEqual(await keysOf(store, 'nothing/'), [])
      for await (const { key, sizeBytes } of store.list('')) assert.equal(sizeBytes, key.length)
    })

    test('says what is not there, and removes it without complaint', async () => {
      const store = make('missing')
      await assert.rejects(bytesOf(store, 'objects/none'), ObjectMissingError)
      await store.remove('objects/none')
      await store.write('a', bytesContent(Buffer.from('one')))
      await store.remove('a')
      await assert.rejects(bytesOf(store, 'a'), ObjectMissingError)
    })

    test('refuses a content that is not what it says, and keeps nothing of it', async () => {
      const store = make('false')
      const content = bytesContent(Buffer.from('right'))
      const wrong = { ...content, read: () => bytesContent(Buffer.from('wrong')).read() }
      const short = { ...content, read: () => bytesContent(Buffer.from('rig')).read() }
      const long = { ...content, read: () => bytesContent(Buffer.from('right and more')).read() }
      for (const bad of [wrong, short, long]) await assert.rejects(store.write('a', bad), BackupError)
      assert.deepEqual(await keysOf(store, ''), [])
    })

    test('takes an object that is larger than one part', async () => {
      const store = make('large')
      const bytes = Buffer.alloc(19_000_000)
      for (let at = 0; at < bytes.length; at += 4096) bytes.writeUInt32LE(at, at)
      await store.write('large', bytesContent(bytes))
      const found = await bytesOf(store, 'large')
      assert.ok(found.equals(bytes))
      assert.ok(
        (await bytesOf(store, 'large', { start: 9_000_000, end: 9_000_100 })).equals(
          bytes.subarray(9_000_000, 9_000_100),
        ),
      )
    })
  })
}

test('S3: a failing store is asked again, later each time', async () => {
  const store = new S3Store(s3Location('retry'), { clock, signal })
  let left = 4
  s3.fault = () => (left-- > 0 ? (left % 2 ? 'error500' : 'slowDown') : undefined)
  clock.slept.length = 0
  await store.write('a', bytesContent(Buffer.from('one')))
  assert.equal(clock.slept.length, 4)
  for (const [index, ms] of clock.slept.entries()) {
    assert.ok(ms >= 125 * 2 ** index && ms <= 250 * 2 ** index, clock.slept.join())
  }
  assert.equal((await bytesOf(store, 'a')).toString(), 'one')
})

test('S3: a torn upload leaves nothing, and the next try everything', async () => {
  const store = new S3Store(s3Location('torn'), { clock, signal })
  const bytes = Buffer.from(seededRandom(2).bytes(9_000_000))
  let torn = 0
  s3.fault = (method, path) =>
    method === 'PUT' && path.includes('partNumber=1') && torn++ < 2 ? 'tornRequest' : undefined
  await store.write('large', bytesContent(bytes))
  assert.ok(torn > 2)
  assert.ok((await bytesOf(store, 'large')).equals(bytes))

  s3.fault = (method) => (method === 'PUT' ? 'tornRequest' : undefined)
  await assert.rejects(store.write('never', bytesContent(bytes)), /failed 8 times/)
  s3.fault = () => undefined
  assert.deepEqual(await keysOf(store, ''), ['large'])
})

test('S3: a download that breaks goes on where it broke', async () => {
  const store = new S3Store(s3Location('broken'), { clock, signal })
  const bytes = Buffer.from(seededRandom(3).bytes(3_000_000))
  await store.write('a', bytesContent(bytes))
  let torn = 0
  s3.requests.length = 0
  s3.fault = (method) => (method === 'GET' && torn++ < 3 ? 'tornResponse' : undefined)
  assert.ok((await bytesOf(store, 'a')).equals(bytes))
  assert.equal(s3.requests.length, 4)
  s3.fault = () => undefined
})

test('S3: a refusal is told at once, with its code and without secrets', async () => {
  const environment = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'not-the-secret' }
  const location = readS3Location('s3://backups/x', { endpoint: s3.endpoint }, environment)
  s3.requests.length = 0
  await assert.rejects(
    new S3Store(location, { clock, signal }).write('a', bytesContent(Buffer.from('one'))),
    (error: Error) => {
      assert.match(error.message, /^PUT s3:\/\/backups\/x\/a answered 403 SignatureDoesNotMatch/)
      assert.ok(!JSON.stringify([error.message, error.stack]).includes('not-the-secret'))
      return true
    },
  )
  assert.equal(s3.requests.length, 1)
  const nowhere = readS3Location('s3://nowhere', { endpoint: s3.endpoint }, s3.environment)
  await assert.rejects(keysOf(new S3Store(nowhere, { clock, signal }), ''), /404 (NoSuchBucket|Not Found)/)
})

test('S3: places and settings', () => {
  const environment = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', AWS_DEFAULT_REGION: 'eu-central-1' }
  const aws = readS3Location('s3://bucket/a/b/', {}, environment)
  assert.equal(aws.endpoint, 'https://s3.eu-central-1.amazonaws.com')
  assert.equal(aws.prefix, 'a/b/')
  assert.equal(aws.isPathStyle, false)
  assert.equal(readS3Location('s3://bucket', { endpoint: 'http://minio:9000/' }, environment).isPathStyle, true)
  assert.throws(
    () => readS3Location('s3://key:secret@bucket/x', {}, environment),
    (error: Error) => !error.message.includes('secret@'),
  )
  assert.throws(
    () => readS3Location('s3://bucket', { endpoint: 'minio' }, {}),
    (error: BackupError) => error.problems.length === 3,
  )
})
