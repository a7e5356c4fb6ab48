import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FaultyFileSystem, seededRandom } from '@quartet/storage/testing'
import type { CrashMode, Random } from '@quartet/storage/testing'
import { Wal } from '@quartet/storage'

const RUNS = 150
const options = { directory: '/wal', every: () => ({ cancel() {} }), onProblem() {} }

interface History {
  /** Numbers of the records whose append resolved. */
  readonly acknowledged: number[]
  readonly issued: number
}

/** Appends numbered records, some at once, with cuts between, until the disk dies. */
async function writeUntilCrash(
  fileSystem: FaultyFileSystem,
  random: Random,
  sync: 'always' | 'interval',
): Promise<History> {
  const acknowledged: number[] = []
  let issued = 0
  try {
    const wal = await Wal.open({ ...options, fileSystem, sync, segmentBytes: 2000 })
    await wal.replay(() => {})
    while (issued < 400) {
      const group: Promise<unknown>[] = []
      for (let count = random.below(4); count >= 0; count--) {
        const number = issued++
        group.push(wal.append(record(number, random)).then(() => acknowledged.push(number)))
      }
      if (random.below(10) === 0) group.push(wal.cut())
      const results = await Promise.allSettled(group)
      if (fileSystem.operations > fileSystem.crashAtOperation) break
      for (const result of results) if (result.status === 'rejected' && !isInjected(result.reason)) throw result.reason
    }
  } catch (error) {
    if (!isInjected(error)) throw error
  }
  return { acknowledged, issued }
}

function record(number: number, random: Random): Uint8Array {
  const bytes = random.bytes(4 + random.below(random.below(20) === 0 ? 3000 : 60))
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}

async function replayNumbers(fileSystem: FaultyFileSystem): Promise<number[]> {
  const wal = await Wal.open({ ...options, fileSystem })
  const numbers: number[] = []
  await wal.replay((bytes) => numbers.push(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)))
  await wal.append(Uint8Array.of(255, 255, 255, 255))
  await wal.close()
  return numbers
}

function isInjected(error: unknown): boolean {
  return /injected/.test(error instanceof Error ? error.message : '')
}

function check(history: History, numbers: readonly number[]): void {
  const found = new Set(numbers)
  for (const number of history.acknowledged) assert.ok(found.has(number), `acknowledged record ${number} is lost`)
  for (const [index, number] of numbers.entries()) {
    assert.ok(number < history.issued, `record ${number} was never written`)
    if (index > 0) assert.ok(number > numbers[index - 1], 'records are out of order')
  }
}

for (const [sync, modes] of [
  ['always', ['keep', 'drop', 'scramble']],
  ['interval', ['keep']],
] as const) {
  test(`with sync '${sync}', a crash at any operation loses nothing acknowledged`, async () => {
    for (let seed = 1; seed <= RUNS; seed++) {
      try {
        await crashTwice(seed, sync, modes)
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
    }
  })
}

async function crashTwice(seed: number, sync: 'always' | 'interval', modes: readonly CrashMode[]): Promise<void> {
  const random = seededRandom(seed)
  const fileSystem = new FaultyFileSystem({ seed })
  fileSystem.crashAtOperation = random.below(300)
  if (seed % 3 === 0)
    fileSystem.fault = () => (random.below(20) === 0 ? (random.below(2) ? 'EIO' : 'ENOSPC') : undefined)
  const history = await writeUntilCrash(fileSystem, random, sync)
  const survivor = fileSystem.crash(modes[seed % modes.length])
  const numbers = await replayNumbers(survivor)
  check(history, numbers)
  // The repaired log holds the same and takes more.
  const again = await replayNumbers(survivor.crash('keep'))
  assert.deepEqual(again, [...numbers, 0xffffffff])
}
