import { LogBatch, parseStreamLabels } from '@quartet/model'
import { createMatcher } from '@quartet/query'
import { silentLogger } from '@quartet/runtime'
import { FakeClock } from '@quartet/runtime/testing'
import { FaultyFileSystem } from '@quartet/storage/testing'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LogStore } from './log-store.ts'
import type { LogStoreOptions } from './log-store.ts'

const clock = new FakeClock()
const EVERYTHING = { startNs: 0n, endNs: 1n << 62n }

function open(fileSystem: FaultyFileSystem, options: Partial<LogStoreOptions> = {}): Promise<LogStore> {
  return LogStore.open({ fileSystem, directory: '/data/loki', clock, logger: silentLogger, ...options })
}

async function append(
  store: LogStore,
  labels: string,
  ...entries: readonly (readonly [seconds: number, line: string])[]
): Promise<void> {
  const batch = new LogBatch()
  const stream = batch.addStream(labels)
  for (const [seconds, line] of entries) {
    batch.addTextEntry(stream, seconds, 0, line)
    batch.addMetadata('length', String(line.length))
  }
  await store.append(
    batch,
    [labels],
    Uint32Array.from({ length: batch.count }, (_, index) => index),
  )
}

/** All lines of the store: `labels seconds line`, sorted. */
async function all(store: LogStore): Promise<string[]> {
  const found: string[] = []
  for (const page of await store.select([], EVERYTHING)) {
    const lines = await page.open({ text: true })
    for (let index = 0; index < lines.count; index++) {
      const line = lines.text.toString('utf8', index === 0 ? 0 : lines.lineEnds[index - 1], lines.lineEnds[index])
      assert.deepEqual(lines.metadata(lines.metadataOf[index]), [['length', String(line.length)]])
      found.push(`${page.stream.labels.map((pair) => pair.join('=')).join(',')} ${lines.seconds[index]} ${line}`)
    }
  }
  return found.sort()
}

describe('the log store', () => {
  it('finds entries before and after a block was cut and after a restart', async () => {
    const fileSystem = new FaultyFileSystem()
    const store = await open(fileSystem)
    await append(store, '{a="1"}', [1, 'one'], [2, 'two'])
    await append(store, '{a="2"}', [1, 'other'])
    const before = await all(store)
    assert.deepEqual(before, ['a=1 1 one', 'a=1 2 two', 'a=2 1 other'])
    await store.flush()
    assert.equal(store.blockCount, 1)
    await append(store, '{a="1"}', [3, 'three'])
    const expected = [...before, 'a=1 3 three'].sort()
    assert.deepEqual(await all(store), expected)
    await store.close()
    const again = await open(fileSystem)
    assert.deepEqual(await all(again), expected)
    await again.close()
  })

  it('sorts late entries and drops repeated ones', async () => {
    const store = await open(new FaultyFileSystem())
    await append(store, '{a="1"}', [5, 'five'], [3, 'three'], [5, 'five'], [4, 'four'], [3, 'three'], [5, 'five too'])
    const [page] = await store.select([createMatcher('a', '=', '1')], EVERYTHING)
    const lines = await page.open({ text: true })
    assert.deepEqual([...lines.seconds.subarray(0, lines.count)], [3, 4, 5, 5])
    assert.equal(lines.text.toString(), 'threefourfivefive too')
    await store.close()
  })

  it('selects streams by every kind of matcher', async () => {
    const store = await open(new FaultyFileSystem())
    for (const labels of ['{a="1"}', '{a="2", b="x"}', '{a="22", b="y"}']) await append(store, labels, [1, 'x'])
    const names = (op: '=' | '!=' | '=~' | '!~', name: string, value: string): string[] =>
      store.streams
        .select([createMatcher(name, op, value)])
        .map((stream) => stream.text)
        .sort()
    assert.deepEqual(names('=', 'a', '2'), ['{a="2", b="x"}'])
    assert.deepEqual(names('=~', 'a', '2.*'), ['{a="2", b="x"}', '{a="22", b="y"}'])
    assert.deepEqual(names('=~', 'a', '1|22'), ['{a="1"}', '{a="22", b="y"}'])
    assert.deepEqual(names('!=', 'b', 'x'), ['{a="1"}', '{a="22", b="y"}'])
    assert.deepEqual(names('=', 'b', ''), ['{a="1"}'])
    assert.deepEqual(names('!~', 'b', '.+'), ['{a="1"}'])
    await store.close()
  })

  it('removes expired blocks and forgets their streams', async () => {
    const store = await open(new FaultyFileSystem(), { retentionMs: 3600_000 })
    await append(store, '{a="old"}', [1, 'gone'])
    await store.flush()
    await clock.advance(5400_000)
    await append(store, '{a="new"}', [Math.trunc(clock.nowMs() / 1000), 'kept'])
    await store.maintain()
    assert.equal(store.blockCount, 0)
    assert.equal(store.streams.find(parseStreamLabels('{a="old"}')), undefined)
    assert.equal((await all(store)).length, 1)
    await store.close()
  })

  it('refuses entries while the disk is full and takes them when there is room', async () => {
    const fileSystem = new FaultyFileSystem()
    const store = await open(fileSystem)
    await append(store, '{a="1"}', [1, 'before'])
    fileSystem.capacityBytes = 0
    await assert.rejects(append(store, '{a="1"}', [2, 'lost']), /ENOSPC/)
    assert.deepEqual(await all(store), ['a=1 1 before'])
    fileSystem.capacityBytes = Number.POSITIVE_INFINITY
    await append(store, '{a="1"}', [3, 'after'])
    assert.deepEqual(await all(store), ['a=1 1 before', 'a=1 3 after'])
    await store.close()
    const again = await open(fileSystem)
    assert.deepEqual(await all(again), ['a=1 1 before', 'a=1 3 after'])
    await again.close()
  })

  it('keeps everything readable when a block cannot be written, and writes it later', async () => {
    const fileSystem = new FaultyFileSystem()
    const store = await open(fileSystem)
    await append(store, '{a="1"}', [1, 'one'])
    fileSystem.fault = (_, path) => (path.includes('/blocks/') ? 'EIO' : undefined)
    await assert.rejects(store.flush())
    assert.deepEqual(await all(store), ['a=1 1 one'])
    fileSystem.fault = undefined
    await append(store, '{a="1"}', [2, 'two'])
    await store.flush()
    assert.equal(store.blockCount, 1)
    assert.deepEqual(await all(store), ['a=1 1 one', 'a=1 2 two'])
    await store.close()
    const again = await open(fileSystem)
    assert.deepEqual(await all(again), ['a=1 1 one', 'a=1 2 two'])
    await again.close()
  })

  it('packs a page when it is full, and reads it back', async () => {
    const store = await open(new FaultyFileSystem())
    const entries = Array.from({ length: 3000 }, (_, index) => [index + 1, `${index} ${'x'.repeat(200)}`] as const)
    await append(store, '{a="1"}', ...entries)
    assert.equal((await all(store)).length, 3000)
    await store.flush()
    assert.equal((await all(store)).length, 3000)
    await store.close()
  })

  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    it(`keeps what was synced when the power fails (seed ${seed})`, async () => {
      const fileSystem = new FaultyFileSystem({ seed })
      const store = await open(fileSystem, { walSync: 'always' })
      const expected: string[] = []
      for (let index = 0; index < 30; index++) {
        await append(store, `{a="${index % 3}"}`, [index + 1, `line ${index}`])
        expected.push(`a=${index % 3} ${index + 1} line ${index}`)
        if (index % 10 === seed) await store.flush()
      }
      const survivor = fileSystem.crash(seed % 2 === 0 ? 'drop' : 'scramble')
      const again = await open(survivor)
      assert.deepEqual(await all(again), expected.sort())
      await again.close()
      await store.close()
    })
  }
})
