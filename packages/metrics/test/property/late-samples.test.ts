import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProtoWriter, writeNativeHistogram } from '@quartet/model'
import { createMatcher } from '@quartet/query'
import { silentLogger } from '@quartet/runtime'
import { FakeClock } from '@quartet/runtime/testing'
import { FaultyFileSystem, seededRandom } from '@quartet/storage/testing'
import type { Random } from '@quartet/storage/testing'
import { SampleColumns } from '../../src/query/source.ts'
import { MetricsDatabase } from '../../src/storage/database.ts'
import { RandomHistograms } from '../support/random-histograms.ts'

const RUNS = Number(process.env.QUARTET_PROPERTY_RUNS ?? 6)
const SEED = Number(process.env.QUARTET_SEED ?? 1)
const START_MS = 1_700_006_400_000
const STEP_MS = 1000
const BLOCK_RANGE_MS = 60_000
const WINDOW_MS = 150_000
const SERIES = 5
/** This one is of native histograms. */
const HISTOGRAM_SERIES = 4

/** The simplest database: samples by series and time. */
type Model = Map<string, number>[]

function open(fileSystem: FaultyFileSystem): Promise<MetricsDatabase> {
  const clock = new FakeClock({ nowMs: START_MS + 1e9 })
  const common = { directory: '/db', logger: silentLogger, retentionMs: 0, walSegmentBytes: 1 << 16 }
  return MetricsDatabase.open({
    fileSystem,
    clock,
    blockRangeMs: BLOCK_RANGE_MS,
    outOfOrderWindowMs: WINDOW_MS,
    ...common,
  })
}

function labelsOf(series: number): [string, string][] {
  return [
    ['__name__', 'late'],
    ['series', String(series)],
  ]
}

interface Written {
  readonly series: number
  readonly timeMs: number
  readonly value: number
}

/** Samples of one series stand together, in the order in which they are given. */
function requestOf(samples: readonly Written[], histograms: RandomHistograms): Uint8Array {
  const writer = new ProtoWriter()
  for (const { series, timeMs, value } of samples) {
    const start = writer.begin(1)
    for (const [name, text] of labelsOf(series)) {
      const label = writer.begin(1)
      writer.string(1, name).string(2, text)
      writer.finish(label)
    }
    if (series === HISTOGRAM_SERIES) {
      const sample = writer.begin(4)
      writeNativeHistogram(writer, timeMs, { ...histograms.next(), sum: value })
      writer.finish(sample)
    } else {
      const sample = writer.begin(2)
      writer.double(1, value).int64(2, timeMs)
      writer.finish(sample)
    }
    writer.finish(start)
  }
  return writer.toBytes()
}

async function check(database: MetricsDatabase, model: Model, minMs: number, maxMs: number): Promise<void> {
  const selection = await database.source.select({
    matchers: [createMatcher('__name__', '=', 'late')],
    minMs,
    maxMs,
    signal: new AbortController().signal,
  })
  const columns = new SampleColumns()
  const found: [number, number][][] = Array.from({ length: SERIES }, () => [])
  for (const one of selection.series) {
    const series = Number(one.labels.find(([name]) => name === 'series')?.[1])
    one.read(columns)
    found[series] = Array.from({ length: columns.count }, (_, at) => {
      assert.equal(columns.histograms?.[at] !== undefined, series === HISTOGRAM_SERIES, `kind of series ${series}`)
      return [columns.timesMs[at], columns.histograms?.[at]?.sum ?? columns.values[at]]
    })
  }
  selection.release()
  const expected = model.map((samples) =>
    [...samples]
      .map(([time, value]): [number, number] => [Number(time), value])
      .filter(([time]) => time >= minMs && time <= maxMs)
      .sort(([a], [b]) => a - b),
  )
  assert.deepEqual(found, expected)
}

/** A value of its own for every sample, so that a mix-up shows. The same time always has the same one. */
function valueOf(series: number, timeMs: number): number {
  return ((timeMs - START_MS) / STEP_MS) * SERIES + series + 0.5
}

async function run(seed: number): Promise<void> {
  const random = seededRandom(seed)
  const histograms = new RandomHistograms(random)
  let fileSystem = new FaultyFileSystem({ seed })
  let database = await open(fileSystem)
  const model: Model = Array.from({ length: SERIES }, () => new Map<string, number>())
  let newestMs = START_MS
  for (let step = 0; step < 250; step++) {
    newestMs += random.below(4) * STEP_MS
    const samples = Array.from({ length: 1 + random.below(6) }, (): Written => {
      const series = random.below(SERIES)
      const behindMs =
        random.below(3) === 0 ? random.below(WINDOW_MS / STEP_MS - 10) * STEP_MS : random.below(3) * STEP_MS
      const timeMs = Math.max(START_MS, newestMs - behindMs)
      return { series, timeMs, value: valueOf(series, timeMs) }
    })
    const before = database.stats().headMaxMs
    const report = await database.appendRemoteWrite(requestOf(samples, histograms))
    // Histograms of one time differ, and upstream refuses that where it sees it.
    if (report.problem === undefined) {
      for (const { series, timeMs, value } of samples) model[series].set(String(timeMs), value)
    } else assert.match(report.problem, /duplicate sample for timestamp/, `newest was ${before}`)
    const roll = random.below(40)
    if (roll < 3) await maintainUnderQueries(database, model, newestMs - random.below(300) * STEP_MS)
    if (roll === 3) {
      await database.close()
      database = await open(fileSystem)
    }
    if (roll === 4) {
      fileSystem = fileSystem.crash('keep')
      database = await open(fileSystem)
    }
    if (roll === 5) await deleteSome(database, model, random, newestMs)
    if (roll === 6) await database.cleanTombstones()
    if (step % 10 === 9) {
      const minMs = START_MS + random.below(400) * STEP_MS
      await check(database, model, minMs, minMs + random.below(300) * STEP_MS)
      await check(database, model, -Infinity, Infinity)
    }
  }
  await database.maintain()
  await check(database, model, -Infinity, Infinity)
  await database.close()
}

/** Whatever step maintenance is at, a query finds everything once. */
async function maintainUnderQueries(database: MetricsDatabase, model: Model, betweenMs: number): Promise<void> {
  const state = { isDone: false }
  const done = database.maintain().finally(() => (state.isDone = true))
  while (!state.isDone) {
    await check(database, model, -Infinity, betweenMs)
    await check(database, model, betweenMs + 1, Infinity)
  }
  await done
}

async function deleteSome(database: MetricsDatabase, model: Model, random: Random, newestMs: number): Promise<void> {
  const series = random.below(SERIES)
  const minMs = newestMs - random.below(500) * STEP_MS
  const maxMs = minMs + random.below(100) * STEP_MS
  await database.deleteSeries({ matchers: [createMatcher('series', '=', String(series))], minMs, maxMs })
  for (const time of model[series].keys()) {
    if (Number(time) >= minMs && Number(time) <= maxMs) model[series].delete(time)
  }
}

test(`samples in any order within the window, deletions, blocks, restarts and crashes: as in a map (seed ${SEED})`, async () => {
  for (let seed = SEED; seed < SEED + RUNS; seed++) {
    await run(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}`, { cause: error })
    })
  }
})
