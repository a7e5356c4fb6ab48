import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FaultyFileSystem } from '@quartet/storage/testing'
import { createUlid } from './ulid.ts'
import { DiskQueue } from './disk-queue.ts'
import { directorySnapshots } from './snapshot.ts'
import { verifyData } from './snapshot-verify.ts'

const onProblem = (): void => undefined

async function put(fileSystem: FaultyFileSystem, path: string, text: string): Promise<void> {
  await fileSystem.makeDirectory(path.slice(0, path.lastIndexOf('/')))
  const file = await fileSystem.open(path, 'create')
  await file.append([Buffer.from(text)])
  await file.sync()
  await file.close()
}

async function text(fileSystem: FaultyFileSystem, path: string): Promise<string> {
  return Buffer.from(await fileSystem.readFile(path)).toString()
}

test('links what never changes, copies what may, leaves out what is transient', async () => {
  const fileSystem = new FaultyFileSystem()
  const block = createUlid(1)
  await put(fileSystem, `/d/blocks/${block}/sections`, 'block')
  await put(fileSystem, `/d/blocks/${createUlid(2)}.tmp/sections`, 'half')
  await put(fileSystem, `/d/blocks/corrupt/${createUlid(3)}/sections`, 'bad')
  await put(fileSystem, '/d/wal/00000004.wal', 'sealed')
  await put(fileSystem, '/d/wal/00000005.wal', 'growing')
  await put(fileSystem, '/d/state.json', 'state')
  const linked: string[] = []
  fileSystem.fault = (operation, path) => {
    if (operation === 'link') linked.push(path)
    return undefined
  }
  const target = await directorySnapshots({ fileSystem, directory: '/d' }).create(createUlid(4))
  assert.deepEqual(linked, [`/d/blocks/${block}/sections`, '/d/wal/00000004.wal'])
  assert.deepEqual(await fileSystem.list(`${target}/blocks`), [block])
  assert.equal(await text(fileSystem, `${target}/wal/00000005.wal`), 'growing')
  assert.equal(await text(fileSystem, `${target}/state.json`), 'state')
})

test('copies where the disk has no hard links', async () => {
  const fileSystem = new FaultyFileSystem()
  await put(fileSystem, '/d/wal/00000000.wal', 'sealed')
  await put(fileSystem, '/d/wal/00000001.wal', 'growing')
  fileSystem.link = () => Promise.reject(Object.assign(new Error('cross-device'), { code: 'EXDEV' }))
  const target = await directorySnapshots({ fileSystem, directory: '/d' }).create(createUlid(1))
  assert.equal(await text(fileSystem, `${target}/wal/00000000.wal`), 'sealed')
})

test('begins again when a block appears while the WAL is taken', async () => {
  const fileSystem = new FaultyFileSystem()
  await put(fileSystem, '/d/wal/00000000.wal', 'old')
  await put(fileSystem, '/d/wal/00000001.wal', 'new')
  let made: Promise<void> | undefined
  const late = createUlid(1)
  fileSystem.fault = (operation, path) => {
    if (operation === 'link' && path.endsWith('.wal')) {
      made ??= put(fileSystem, `/d/blocks/${late}/sections`, 'block')
    }
    return undefined
  }
  const target = await directorySnapshots({ fileSystem, directory: '/d' }).create(createUlid(2))
  assert.deepEqual(await fileSystem.list(`${target}/blocks`), [late])
})

test('an entry that moves from queue to queue is in at least one', async () => {
  const fileSystem = new FaultyFileSystem()
  const options = { fileSystem, maxEntries: 10_000, maxBytes: 1 << 20, segmentBytes: 200, onProblem }
  const journal = await DiskQueue.open({ ...options, directory: '/d/z-journal' })
  const queue = await DiskQueue.open({ ...options, directory: '/d/a-queue' })
  for (let number = 0; number < 60; number++) await journal.put(Buffer.from(String(number)), 1)
  const snapshots = directorySnapshots({ fileSystem, directory: '/d', order: () => ['z-journal', 'a-queue'] })
  const moving = (async () => {
    for (let entry = journal.takeNow(); entry; entry = journal.takeNow()) {
      await queue.put(await journal.read(entry), 1)
      journal.done(entry)
    }
  })()
  const targets: string[] = []
  for (let number = 0; number < 4; number++) targets.push(await snapshots.create(createUlid(number)))
  await moving
  for (const target of targets) {
    const found = new Set<string>()
    for (const name of ['z-journal', 'a-queue']) {
      const copy = await DiskQueue.open({ ...options, directory: `${target}/${name}` })
      for (let entry = copy.takeNow(); entry; entry = copy.takeNow()) {
        found.add(Buffer.from(await copy.read(entry)).toString())
      }
    }
    assert.equal(found.size, 60)
  }
})

test('leftovers of an earlier process go, named snapshots and own ones stay', async () => {
  const fileSystem = new FaultyFileSystem()
  await put(fileSystem, `/d/snapshots/${createUlid(1)}/wal/00000000.wal`, 'x')
  await put(fileSystem, `/d/snapshots/${createUlid(2)}.tmp/wal/00000000.wal`, 'x')
  await put(fileSystem, '/d/snapshots/20260101T000000Z-abc/wal/00000000.wal', 'x')
  const snapshots = directorySnapshots({ fileSystem, directory: '/d' })
  const own = createUlid(3)
  await snapshots.create(own)
  await snapshots.removeLeftovers()
  assert.deepEqual(await fileSystem.list('/d/snapshots'), [own, '20260101T000000Z-abc'])
  await snapshots.remove(own)
  assert.deepEqual(await fileSystem.list('/d/snapshots'), ['20260101T000000Z-abc'])
  await assert.rejects(snapshots.create('../x'), RangeError)
})

test('verifying reports every damaged file at once', async () => {
  const fileSystem = new FaultyFileSystem()
  await put(fileSystem, '/d/wal/00000000.wal', 'not a segment at all')
  await put(fileSystem, '/d/wal/00000002.wal', 'x')
  await put(fileSystem, `/d/blocks/${createUlid(1)}/meta.json`, '{}')
  const { problems } = await verifyData(fileSystem, '/d')
  assert.deepEqual(
    problems.map(({ severity, path }) => `${severity} ${path.replace(/[0-9A-Z]{26}/, 'ULID')}`),
    ['error blocks/ULID/meta.json', 'error wal/00000000.wal', 'error wal/00000000.wal', 'error wal/00000002.wal'],
  )
})
