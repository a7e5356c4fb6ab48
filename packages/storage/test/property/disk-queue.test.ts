import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DiskQueue, QueueFullError } from '@quartet/storage'
import { FaultyFileSystem, seededRandom } from '@quartet/storage/testing'

const SEED = Number(process.env.QUARTET_SEED ?? Date.now() % 1_000_000)
const ROUNDS = 60

const open = (fileSystem: FaultyFileSystem, sync: 'always' | 'interval'): Promise<DiskQueue> =>
  DiskQueue.open({
    fileSystem,
    directory: '/queue',
    maxEntries: 1000,
    maxBytes: 1e6,
    segmentBytes: 400,
    cacheBytes: 100,
    sync,
    onProblem: () => undefined,
  })

async function contents(queue: DiskQueue): Promise<number[]> {
  const found: number[] = []
  for (let left = queue.size; left > 0; left--) {
    const entry = await queue.take()
    found.push(Number(Buffer.from(await queue.read(entry!)).toString()))
  }
  return found
}

for (const [mode, sync] of [
  ['keep', 'interval'],
  ['drop', 'always'],
  ['scramble', 'always'],
] as const) {
  test(`a crash (${mode}) at any operation loses nothing that was accepted, seed ${SEED}`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const random = seededRandom(SEED + round * 7919)
      let fileSystem = new FaultyFileSystem({ seed: SEED + round })
      await fileSystem.makeDirectory('/')
      const accepted = new Set<number>()
      const offered = new Set<number>()
      const finished = new Set<number>()
      let next = 0
      for (let life = 0; life < 3; life++) {
        fileSystem.crashAtOperation = fileSystem.operations + 5 + random.below(60)
        const queue = await open(fileSystem, sync).catch(() => undefined)
        if (queue) await run(queue)
        fileSystem = fileSystem.crash(mode)
      }
      const survivor = await open(fileSystem, 'interval')
      const found = await contents(survivor)
      const where = `seed ${SEED}, round ${round}`
      for (const value of accepted)
        if (!finished.has(value)) assert.ok(found.includes(value), `lost ${value}, ${where}`)
      for (const value of found) assert.ok(offered.has(value), `invented ${value}, ${where}`)
      assert.equal(new Set(found).size, found.length, `repeated within one life, ${where}`)
      assert.deepEqual(
        found,
        found.toSorted((a, b) => a - b),
        `order, ${where}`,
      )

      async function run(queue: DiskQueue): Promise<void> {
        for (let step = 0; step < 25; step++) {
          if (random.next() < 0.7) {
            const values = Array.from({ length: 1 + random.below(3) }, () => next++)
            const puts = values.map(async (value) => {
              offered.add(value)
              await queue.put(Buffer.from(String(value).padStart(1 + random.below(60))), 1)
              accepted.add(value)
            })
            const results = await Promise.allSettled(puts)
            if (results.some(({ status }) => status === 'rejected')) return
          } else if (queue.size > 0) {
            const entry = await queue.take()
            const data = await queue.read(entry!).catch(() => undefined)
            if (!data) return
            finished.add(Number(Buffer.from(data).toString()))
            queue.done(entry!)
          }
        }
      }
    }
  })
}

test('refuses beyond its bounds, and takes again when there is room', async () => {
  const fileSystem = new FaultyFileSystem()
  const queue = await DiskQueue.open({
    fileSystem,
    directory: '/q',
    maxEntries: 2,
    maxBytes: 100,
    onProblem: () => undefined,
  })
  await queue.put(Buffer.alloc(10), 1)
  await queue.put(Buffer.alloc(10), 1)
  await assert.rejects(queue.put(Buffer.alloc(10), 1), QueueFullError)
  queue.done((await queue.take())!)
  await assert.rejects(queue.put(Buffer.alloc(95), 1), /queue is full: 100 bytes/)
  await queue.put(Buffer.alloc(90), 1)
  await queue.close()
})

test('a full disk refuses the entry and the queue goes on when there is room', async () => {
  const fileSystem = new FaultyFileSystem({ capacityBytes: 200 })
  const queue = await DiskQueue.open({
    fileSystem,
    directory: '/q',
    maxEntries: 100,
    maxBytes: 1e6,
    onProblem: () => undefined,
  })
  await queue.put(Buffer.from('first'), 1)
  await assert.rejects(queue.put(Buffer.alloc(500), 1), { code: 'ENOSPC' })
  fileSystem.capacityBytes = 10_000
  await queue.put(Buffer.from('second'), 1)
  const survivor = await DiskQueue.open({
    fileSystem: fileSystem.crash('keep'),
    directory: '/q',
    maxEntries: 100,
    maxBytes: 1e6,
    onProblem: () => undefined,
  })
  const texts: string[] = []
  for (let left = survivor.size; left > 0; left--)
    texts.push(Buffer.from(await survivor.read((await survivor.take())!)).toString())
  assert.deepEqual(texts, ['first', 'second'])
})

test('segments that are finished leave the disk', async () => {
  const fileSystem = new FaultyFileSystem()
  const queue = await open(fileSystem, 'interval')
  for (let index = 0; index < 50; index++) await queue.put(Buffer.alloc(40), 1)
  assert.ok((await fileSystem.list('/queue')).length > 5)
  for (let index = 0; index < 50; index++) queue.done((await queue.take())!)
  await queue.put(Buffer.from('1'), 1)
  queue.done((await queue.take())!)
  await queue.close()
  assert.ok((await fileSystem.list('/queue')).length <= 3)
  const again = await open(fileSystem, 'interval')
  assert.equal(again.size, 0)
  assert.deepEqual(await fileSystem.list('/queue'), [])
})

test('an entry is what was put, whatever the caller does with its buffer afterwards', async () => {
  const queue = await open(new FaultyFileSystem(), 'interval')
  const buffer = Buffer.from('before')
  const put = queue.put(buffer, 1)
  buffer.write('after!')
  await put
  assert.equal(Buffer.from(await queue.read((await queue.take())!)).toString(), 'before')
})

test('entries that were given back come first, in the order they were taken', async () => {
  const queue = await open(new FaultyFileSystem(), 'interval')
  for (let value = 1; value <= 4; value++) await queue.put(Buffer.from(String(value)), 1)
  const taken = [queue.takeNow()!, queue.takeNow()!]
  for (const entry of taken.toReversed()) queue.giveBack(entry)
  assert.deepEqual(await contents(queue), [1, 2, 3, 4])
})
