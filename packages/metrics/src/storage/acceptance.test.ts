import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isStaleAt, labelsFromRecord, LimitError } from '@quartet/model'
import { silentLogger } from '@quartet/runtime'
import { FakeClock } from '@quartet/runtime/testing'
import { FaultyFileSystem } from '@quartet/storage/testing'
import { SampleColumns } from '../query/source.ts'
import { MetricsDatabase } from './database.ts'
import type { MetricsDatabaseOptions, WriteReport } from './database.ts'

const MINUTE = 60_000
const START = 1_700_006_400_000

function open(fileSystem: FaultyFileSystem, options: Partial<MetricsDatabaseOptions>): Promise<MetricsDatabase> {
  const clock = new FakeClock({ nowMs: START + 1e9 })
  return MetricsDatabase.open({ fileSystem, directory: '/db', clock, logger: silentLogger, retentionMs: 0, ...options })
}

function write(database: MetricsDatabase, name: string, timeMs: number, value: number | 'stale'): Promise<WriteReport> {
  const labels = labelsFromRecord({ __name__: name })
  const [number, isStale] = value === 'stale' ? [0, true] : [value, false]
  return database.appendSamples([{ labels, timeMs, value: number, isStale, isOptional: false, exemplars: [] }])
}

async function samplesOf(database: MetricsDatabase): Promise<[minute: number, value: number | 'stale'][]> {
  const { signal } = new AbortController()
  const selection = await database.source.select({ matchers: [], minMs: -Infinity, maxMs: Infinity, signal })
  const columns = new SampleColumns()
  selection.series[0].read(columns)
  selection.release()
  return Array.from({ length: columns.count }, (_, at) => [
    (columns.timesMs[at] - START) / MINUTE,
    isStaleAt(columns.bits, at) ? 'stale' : columns.values[at],
  ])
}

test('takes late samples within the window, the first of two values, and says what is too old', async () => {
  const fileSystem = new FaultyFileSystem()
  const database = await open(fileSystem, { outOfOrderWindowMs: 30 * MINUTE })
  const at = async (minute: number, value: number | 'stale'): Promise<string | undefined> =>
    (await write(database, 'up', START + minute * MINUTE, value)).problem
  assert.equal(await at(100, 1), undefined)
  assert.equal(await at(90, 2), undefined)
  assert.equal(await at(80, 'stale'), undefined)
  assert.equal(await at(90, 3), undefined, 'a conflict among late samples is not an error')
  assert.equal(await at(70, 4), undefined)
  assert.equal(await at(69, 5), 'too old sample')
  assert.match((await at(100, 6)) ?? '', /^duplicate sample for timestamp/)
  const expected = [
    [70, 4],
    [80, 'stale'],
    [90, 2],
    [100, 1],
  ]
  assert.deepEqual(await samplesOf(database), expected)
  const { lateSamples, tooOldSamples, duplicateSamples, outOfOrderSamples } = database.stats()
  assert.deepEqual([lateSamples, tooOldSamples, duplicateSamples, outOfOrderSamples], [3, 1, 1, 0])
  database.setOutOfOrderWindow(0)
  assert.equal(await at(95, 7), 'out of order sample')
  assert.equal(await at(39, 7), 'out of bounds')
  database.setOutOfOrderWindow(100 * MINUTE)
  assert.equal(await at(1, 8), undefined)
  const reopened = await open(fileSystem.crash('keep'), {})
  assert.deepEqual(await samplesOf(reopened), [[1, 8], ...expected])
  await reopened.close()
})

test('descending times within one request are all stored', async () => {
  const fileSystem = new FaultyFileSystem()
  const database = await open(fileSystem, { outOfOrderWindowMs: 30 * MINUTE })
  const labels = labelsFromRecord({ __name__: 'up' })
  const rest = { labels, isStale: false, isOptional: false, exemplars: [] }
  const minutes = [9, 7, 8, 3, 9]
  const report = await database.appendSamples(
    minutes.map((minute) => ({ timeMs: START + minute * MINUTE, value: minute, ...rest })),
  )
  assert.deepEqual([report.samples, report.problem], [4, undefined])
  const expected = [3, 7, 8, 9].map((minute) => [minute, minute])
  assert.deepEqual(await samplesOf(database), expected)
  const reopened = await open(fileSystem.crash('keep'), {})
  assert.deepEqual(await samplesOf(reopened), expected)
  await reopened.close()
})

test('refuses new series over the limit of the head and says which limit; known ones go on', async () => {
  const database = await open(new FaultyFileSystem(), { maxHeadSeries: 2 })
  assert.equal((await write(database, 'a', START, 1)).problem, undefined)
  assert.equal((await write(database, 'b', START, 1)).problem, undefined)
  const text = 'the limit of 2 series in memory is reached; raise --storage.tsdb.max-head-series or drop labels'
  const report = await write(database, 'c', START, 1)
  assert.deepEqual([report.limited, report.samples, report.problem], [1, 0, text])
  assert.throws(
    () => database.sink.resolve(labelsFromRecord({ __name__: 'd' })),
    (error) => error instanceof LimitError && error.message === text,
  )
  assert.equal((await write(database, 'a', START + 1, 2)).problem, undefined)
  assert.equal(database.stats().headSeries, 2)
  await database.close()
})
