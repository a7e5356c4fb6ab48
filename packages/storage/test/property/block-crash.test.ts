import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BlockDirectory, BlockWriter } from '@quartet/storage'
import { FaultyFileSystem, seededRandom } from '@quartet/storage/testing'
import type { CrashMode, Random } from '@quartet/storage/testing'

const RUNS = 200
const DIRECTORY = '/blocks'
const MODES: readonly CrashMode[] = ['keep', 'drop', 'scramble']

/** Writes, merges and removes blocks until the disk dies. Returns what each block must hold, and which must be there. */
async function work(
  fileSystem: FaultyFileSystem,
  random: Random,
  contents: Map<string, Uint8Array>,
  live: Set<string>,
): Promise<void> {
  const blocks = await BlockDirectory.open({ fileSystem, directory: DIRECTORY, onProblem() {} })
  for (let round = 0; round < 12; round++) {
    const kind = random.below(4)
    const old = [...live].slice(0, 2)
    const writer = await BlockWriter.create({ fileSystem, directory: DIRECTORY, nowMs: round })
    const bytes = random.bytes(random.below(3000))
    contents.set(writer.id, bytes)
    await writer.addSection('data', bytes)
    const isMerge = kind === 0 && old.length === 2
    if (isMerge) for (const id of old) live.delete(id) // from here on either the parts or the merged block may be found
    const id = await writer.commit({ minMs: round, maxMs: round, ...(isMerge ? { replaces: old } : {}) })
    live.add(id)
    if (isMerge) await blocks.replace([id], old)
    else await blocks.add(id)
    if (kind === 1 && old.length > 0) {
      live.delete(old[0])
      await blocks.remove([old[0]])
    }
  }
}

test('a crash at any operation leaves every committed block whole and nothing half-written', async () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    try {
      await crash(seed)
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
})

async function crash(seed: number): Promise<void> {
  const random = seededRandom(seed)
  const fileSystem = new FaultyFileSystem({ seed })
  fileSystem.crashAtOperation = random.below(250)
  const contents = new Map<string, Uint8Array>()
  const live = new Set<string>()
  await work(fileSystem, random, contents, live).catch((error: Error) => assert.match(error.message, /injected/))
  const survivor = fileSystem.crash(MODES[seed % 3])
  const problems: string[] = []
  const reopened = await BlockDirectory.open({
    fileSystem: survivor,
    directory: DIRECTORY,
    onProblem: (problem) => problems.push(problem.kind),
  })
  assert.ok(!problems.includes('corrupt'), 'an interrupted write passed for a block')
  const found = new Set(reopened.blocks.map((block) => block.id))
  for (const id of live) assert.ok(found.has(id), `block ${id} is lost`)
  for (const block of reopened.blocks) {
    assert.deepEqual(Buffer.from(await block.section('data')), Buffer.from(contents.get(block.id)!))
  }
  assert.deepEqual(new Set(await survivor.list(DIRECTORY)), found)
}

test('a full or failing disk refuses the block and the directory works on', async () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    const random = seededRandom(seed)
    const fileSystem = new FaultyFileSystem({ seed })
    const blocks = await BlockDirectory.open({ fileSystem, directory: DIRECTORY, onProblem() {} })
    let operation = 0
    const failAt = random.below(12)
    fileSystem.fault = () => (operation++ === failAt ? (random.below(2) ? 'EIO' : 'ENOSPC') : undefined)
    const writer = await BlockWriter.create({ fileSystem, directory: DIRECTORY, nowMs: 1 }).catch(() => undefined)
    let isWritten = false
    try {
      await writer?.addSection('data', random.bytes(500))
      await writer?.commit({ minMs: 0, maxMs: 0 })
      isWritten = writer !== undefined
    } catch (error) {
      assert.match((error as Error).message, /injected/, `seed ${seed}`)
      fileSystem.fault = undefined
      await writer?.abort()
    }
    fileSystem.fault = undefined
    if (isWritten) await blocks.add(writer!.id)
    const again = await BlockDirectory.open({ fileSystem, directory: DIRECTORY, onProblem() {} })
    assert.equal(again.blocks.length, isWritten ? 1 : 0, `seed ${seed}`)
  }
})
