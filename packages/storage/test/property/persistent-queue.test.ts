import assert from 'node:assert/strict'
import { test } from 'node:test'

import { PersistentQueue, QueueFullError } from '@quartet/storage'
import type { QueueItem } from '@quartet/storage'
import { FaultyFileSystem, seededRandom } from '@quartet/storage/testing'

const DIRECTORY = '/queue'
const ROUNDS = 150

function open(fileSystem: FaultyFileSystem, maxBytes = 1 << 20): Promise<PersistentQueue> {
  return PersistentQueue.open({
    fileSystem,
    directory: DIRECTORY,
    maxBytes,
    segmentBytes: 600,
    every: () => ({ cancel() {} }),
    onProblem: () => undefined,
  })
}

/** Puts, takes and finishes items until the disk dies; returns what was promised. */
async function work(
  queue: PersistentQueue,
  random: ReturnType<typeof seededRandom>,
): Promise<{ owed: Set<number>; finished: Set<number> }> {
  const owed = new Set<number>()
  const finished = new Set<number>()
  const taken: QueueItem[] = []
  try {
    for (let number = 1; number <= 60; number++) {
      await queue.put(payload(number))
      owed.add(number)
      if (random.below(3) > 0 && owed.size > taken.length) taken.push((await queue.take())!)
      if (taken.length > 0 && random.below(2) === 0) {
        const item = taken.splice(random.below(taken.length), 1)[0]
        owed.delete(numberOf(item)) // the promise ends when `done` is called; the note may still get lost
        await queue.done(item)
        finished.add(numberOf(item))
      }
    }
  } catch {
    return { owed, finished } // the disk died here
  }
  return { owed, finished }
}

function payload(number: number): Uint8Array {
  return Buffer.from(`${number}:${'x'.repeat((number * 37) % 150)}`)
}

function numberOf(item: QueueItem): number {
  return Number.parseInt(Buffer.from(item.payload).toString(), 10)
}

async function drain(queue: PersistentQueue): Promise<number[]> {
  const numbers: number[] = []
  const count = queue.pendingCount
  while (numbers.length < count) numbers.push(numberOf((await queue.take())!))
  return numbers
}

test('delivers everything that put has resolved for, in order, after the process died anywhere', async () => {
  const seed = Number(process.env['QUARTET_SEED'] ?? 1)
  for (let round = 0; round < ROUNDS; round++) {
    const random = seededRandom(seed * 1000 + round)
    const disk = new FaultyFileSystem({ seed: round })
    const queue = await open(disk)
    disk.crashAtOperation = disk.operations + random.below(260)
    const { owed, finished } = await work(queue, random)
    const found = await drain(await open(disk.crash('keep')))
    const context = `seed ${seed}, round ${round}`
    for (const number of owed) assert.ok(found.includes(number), `${number} is lost (${context})`)
    for (const number of finished) assert.ok(!found.includes(number), `${number} is delivered again (${context})`)
    assert.deepEqual(
      found,
      found.toSorted((a, b) => a - b),
      context,
    )
  }
})

test('survives a second crash during recovery', async () => {
  for (let round = 0; round < 60; round++) {
    const disk = new FaultyFileSystem({ seed: round })
    const queue = await open(disk)
    for (let number = 1; number <= 20; number++) await queue.put(payload(number))
    const second = disk.crash('keep')
    second.crashAtOperation = round
    await open(second).catch(() => undefined) // dies somewhere, or not
    const found = await drain(await open(second.crash('keep')))
    assert.deepEqual(
      found,
      Array.from({ length: 20 }, (_, index) => index + 1),
      `round ${round}`,
    )
  }
})

test('refuses what does not fit, takes it once there is room, and frees segments that are done', async () => {
  const disk = new FaultyFileSystem()
  const queue = await open(disk, 1000)
  await queue.put(new Uint8Array(600))
  await assert.rejects(queue.put(new Uint8Array(600)), QueueFullError)
  await queue.done((await queue.take())!)
  for (let index = 0; index < 50; index++) {
    await queue.put(new Uint8Array(600))
    await queue.done((await queue.take())!)
  }
  assert.equal(queue.pendingBytes, 0)
  assert.ok((await disk.list(DIRECTORY)).length <= 3)
})

test('a taker that waits gets the next item, or undefined when it is aborted', async () => {
  const queue = await open(new FaultyFileSystem())
  const waiting = queue.take()
  await queue.put(payload(7))
  assert.equal(numberOf((await waiting)!), 7)
  const abort = new AbortController()
  const cancelled = queue.take(abort.signal)
  abort.abort()
  assert.equal(await cancelled, undefined)
})
