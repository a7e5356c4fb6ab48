import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bitsOf, isStaleAt, labelsFromRecord, writeStale } from '@quartet/model'
import type { NativeHistogram, SeriesRef } from '@quartet/model'
import { silentLogger } from '@quartet/runtime'
import { FakeClock } from '@quartet/runtime/testing'
import { FaultyFileSystem, seededRandom } from '@quartet/storage/testing'
import type { Random } from '@quartet/storage/testing'
import { SampleColumns } from '../../src/query/source.ts'
import type { SeriesSource } from '../../src/query/source.ts'
import { MetricsDatabase } from '../../src/storage/database.ts'
import { MemorySource } from '../support/memory-source.ts'
import type { MemorySample } from '../support/memory-source.ts'
import { RandomHistograms } from '../support/random-histograms.ts'

const RUNS = Number(process.env.QUARTET_PROPERTY_RUNS ?? 12)
const START_MS = 1_700_006_400_000
const STEP_MS = 1000
const BLOCK_RANGE_MS = 60_000
const SERIES = 6

function open(fileSystem: FaultyFileSystem): Promise<MetricsDatabase> {
  const clock = new FakeClock({ nowMs: START_MS + 1e9 })
  const common = { directory: '/db', logger: silentLogger, retentionMs: 0, walSegmentBytes: 1 << 16 }
  return MetricsDatabase.open({ fileSystem, clock, blockRangeMs: BLOCK_RANGE_MS, ...common })
}

type Value = number | 'stale' | NativeHistogram

/** Series 0 is of floats only, 1 of histograms only, the others of both. */
function valueOf(random: Random, series: number, histograms: RandomHistograms): Value {
  if (series === 0) return random.below(100) / 4
  const roll = random.below(12)
  if (series > 1 && roll < 2) return random.below(100)
  return series > 1 && roll === 2 ? 'stale' : histograms.next()
}

/** What a source says of a range, in comparable form. */
async function contentOf(source: SeriesSource, minMs: number, maxMs: number): Promise<unknown[]> {
  const selection = await source.select({ matchers: [], minMs, maxMs, signal: new AbortController().signal })
  const columns = new SampleColumns()
  const content = selection.series.map((series) => {
    series.read(columns)
    const samples = Array.from({ length: columns.count }, (_, index) => {
      const value = columns.histograms?.[index] ?? (isStaleAt(columns.bits, index) ? 'stale' : columns.values[index])
      return [columns.timesMs[index], value]
    })
    if (columns.histograms !== undefined)
      assert.notEqual(Number(series.labels[1][1]), 0, 'a float series has no histograms')
    return { labels: series.labels, samples }
  })
  selection.release()
  return content
}

async function run(seed: number): Promise<void> {
  const random = seededRandom(seed)
  let fileSystem = new FaultyFileSystem({ seed })
  let database = await open(fileSystem)
  const written: MemorySample[][] = Array.from({ length: SERIES }, () => [])
  const sources = Array.from({ length: SERIES }, () => new RandomHistograms(random))
  const labels = sources.map((_, series) => labelsFromRecord({ __name__: 'h', series: String(series) }))
  for (let round = 0; round < 500; round++) {
    const timeMs = START_MS + round * STEP_MS
    const refs: SeriesRef[] = []
    const values: Value[] = []
    for (const [series, source] of sources.entries()) {
      if (random.below(20) === 0 || (series === 5 && round > 60)) continue
      refs.push(database.sink.resolve(labels[series]))
      values.push(valueOf(random, series, source))
      written[series].push({ timeMs, value: values.at(-1)! })
    }
    const column = Float64Array.from(values, (value) => (typeof value === 'number' ? value : 0))
    for (const [index, value] of values.entries()) if (value === 'stale') writeStale(bitsOf(column), index)
    const histograms = values.map((value) => (typeof value === 'object' ? value : undefined))
    const times = new Float64Array(refs.length).fill(timeMs)
    const batch = { count: refs.length, refs: Uint32Array.from(refs), timesMs: times, values: column }
    const report = await database.sink.append(
      histograms.some((one) => one !== undefined) ? { ...batch, histograms } : batch,
    )
    assert.deepEqual(report, { outOfOrder: 0, tooOld: 0, duplicate: 0 })
    if (round % 70 === 69) await database.maintain()
    if (round % 110 === 60) {
      fileSystem = fileSystem.crash('keep')
      database = await open(fileSystem)
    } else if (round % 110 === 109) {
      await database.close()
      database = await open(fileSystem)
    }
    if (round % 50 !== 49) continue
    const expected = new MemorySource()
    for (const [series, samples] of written.entries()) expected.add(labels[series], samples)
    const minMs = START_MS + random.below(round) * STEP_MS - 500
    for (const [from, to] of [
      [-Infinity, Infinity],
      [minMs, minMs + random.below(100) * STEP_MS],
    ]) {
      assert.deepEqual(
        await contentOf(database.source, from, to),
        await contentOf(expected, from, to),
        `round ${round}`,
      )
    }
  }
  assert.ok(database.stats().blocks > 1)
  await database.close()
}

test('histograms survive the head, the WAL, checkpoints, blocks and merges as a plain list keeps them', async () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    try {
      await run(seed)
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
})
