import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { otlpJsonToProto, WireError } from '@quartet/model'
import type { SpanSegment } from '@quartet/model'
import { FaultyFileSystem } from '@quartet/storage/testing'
import { lookUpTrace } from '../query/trace-lookup.ts'
import { parseTraceId } from '../api/trace-id.ts'
import { requestOf } from '../../test/support/tempo.ts'
import { SpanStore } from './store.ts'
import type { SpanStoreOptions } from './store.ts'

const HOUR_MS = 3_600_000

function openStore(fileSystem: FaultyFileSystem, options: Partial<SpanStoreOptions> = {}): Promise<SpanStore> {
  return SpanStore.open({
    fileSystem,
    directory: '/data/tempo',
    nowMs: () => 1_700_000_000_000,
    every: () => ({ cancel() {} }),
    maxHeadBytes: 1 << 26,
    maxHeadAgeMs: HOUR_MS,
    retentionMs: 0,
    retentionBytes: 0,
    maxTraceBytes: 0,
    onProblem: () => {},
    ...options,
  })
}

function request(trace: string, span = '1'): Uint8Array {
  return otlpJsonToProto('traces', JSON.stringify(requestOf({ trace, id: span })))
}

function has(store: SpanStore, trace: string): Promise<boolean> {
  return store.read(async (segments) => (await lookUpTrace(segments, parseTraceId(trace))) !== undefined)
}

describe('SpanStore', () => {
  it('returns the spans as they were sent, whatever the segment', async () => {
    const store = await openStore(new FaultyFileSystem())
    const sent = request('abc')
    await store.append(sent)
    const read = (): Promise<Uint8Array | undefined> =>
      store.read((segments) => lookUpTrace(segments, parseTraceId('abc')))
    assert.deepEqual(Buffer.from((await read())!), Buffer.from(sent))
    await store.cut()
    assert.equal(store.blockCount, 1)
    assert.deepEqual(Buffer.from((await read())!), Buffer.from(sent))
    await store.close()
  })

  it('joins a trace that lies in several segments and drops spans sent twice', async () => {
    const store = await openStore(new FaultyFileSystem())
    await store.append(request('abc', '1'))
    await store.cut()
    await store.append(request('abc', '2'))
    await store.append(request('abc', '1'))
    const spans = await store.read(async (segments: readonly SpanSegment[]) => {
      const trace = await lookUpTrace(segments, parseTraceId('abc'))
      return Buffer.from(trace!).toString('latin1').split('work').length - 1
    })
    assert.equal(spans, 2)
    await store.close()
  })

  it('refuses a malformed request before anything is written', async () => {
    const store = await openStore(new FaultyFileSystem())
    await assert.rejects(store.append(new Uint8Array([10, 99, 1])), WireError)
    assert.equal(store.headSpanCount, 0)
    await store.close()
  })

  it('refuses spans of a trace that is too large, others not', async () => {
    const store = await openStore(new FaultyFileSystem(), { maxTraceBytes: 10 })
    await store.append(request('abc', '1'))
    await assert.rejects(store.append(request('abc', '2')), /TRACE_TOO_LARGE: max size of trace \(10\) exceeded/)
    await store.append(request('def'))
    await store.close()
  })

  it('keeps spans in memory and the WAL when a block cannot be written, and writes it later', async () => {
    const disk = new FaultyFileSystem()
    const store = await openStore(disk)
    await store.append(request('abc'))
    disk.fault = (operation, path) => (operation === 'append' && path.includes('/blocks/') ? 'ENOSPC' : undefined)
    await assert.rejects(store.cut(), { code: 'ENOSPC' })
    assert.ok(await has(store, 'abc'))
    disk.fault = undefined
    await store.maintain()
    assert.equal(store.blockCount, 1)
    assert.ok(await has(store, 'abc'))
    await store.close()
  })

  it('refuses writes while the disk is full and takes them again afterwards', async () => {
    const disk = new FaultyFileSystem()
    const store = await openStore(disk)
    await store.append(request('a1'))
    disk.fault = (operation) => (operation === 'append' ? 'ENOSPC' : undefined)
    await assert.rejects(store.append(request('a2')), /write-ahead log cannot be written/)
    assert.ok(!(await has(store, 'a2')))
    disk.fault = undefined
    await store.append(request('a3'))
    assert.ok(await has(store, 'a3'))
    await store.close()
  })

  it('removes blocks that are too old', async () => {
    let nowMs = 1_700_000_000_000
    const store = await openStore(new FaultyFileSystem(), { nowMs: () => nowMs, retentionMs: HOUR_MS })
    await store.append(request('abc'))
    await store.cut()
    await store.maintain()
    assert.equal(store.blockCount, 1)
    nowMs += 2 * HOUR_MS
    await store.maintain()
    assert.equal(store.blockCount, 0)
    await store.close()
  })

  it('merges small blocks into one that holds the same, and takes over from them after a crash', async () => {
    const disk = new FaultyFileSystem()
    let store = await openStore(disk)
    const ids = ['a1', 'a2', 'a3', 'a4', 'a5']
    for (const [index, id] of ids.entries()) {
      await store.append(request(id))
      await store.append(request('ff', String(index + 1)))
      await store.cut()
    }
    assert.equal(store.blockCount, 5)
    await store.maintain()
    assert.equal(store.blockCount, 1)
    const check = async (): Promise<void> => {
      for (const id of ids) assert.ok(await has(store, id), id)
      const trace = await store.read((segments) => lookUpTrace(segments, parseTraceId('ff')))
      assert.equal(Buffer.from(trace!).toString('latin1').split('work').length - 1, 5)
    }
    await check()
    await store.close()
    store = await openStore(disk.crash('keep'))
    assert.equal(store.blockCount, 1)
    await check()
    await store.close()
  })

  it('sets a damaged block aside and answers from the rest', async () => {
    const disk = new FaultyFileSystem()
    const problems: string[] = []
    const store = await openStore(disk, { onProblem: ({ kind }) => problems.push(kind) })
    await store.append(request('a1'))
    await store.cut()
    await store.append(request('a2'))
    const [id] = await disk.list('/data/tempo/blocks')
    disk.flipBit(`/data/tempo/blocks/${id}/sections`, 3, 1)
    assert.ok(await has(store, 'a2'))
    assert.ok(!(await has(store, 'a1')))
    assert.equal(store.blockCount, 0)
    await store.close()
    assert.deepEqual(problems, ['corrupt'])
  })

  it('finds everything acknowledged after a crash at any operation', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const disk = new FaultyFileSystem({ seed })
      let store = await openStore(disk)
      disk.crashAtOperation = disk.operations + 3 + seed
      const acknowledged: string[] = []
      try {
        for (let index = 0; index < 40; index++) {
          const trace = (seed * 100 + index).toString(16)
          await store.append(request(trace))
          acknowledged.push(trace)
          if (index % 7 === 6) await store.cut()
        }
      } catch {
        // The crash; what matters is what is found afterwards.
      }
      store = await openStore(disk.crash('keep'))
      for (const trace of acknowledged) assert.ok(await has(store, trace), `seed ${seed}: lost ${trace}`)
      await store.close()
    }
  })
})
