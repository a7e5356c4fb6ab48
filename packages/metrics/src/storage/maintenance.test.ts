import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labelsFromRecord } from '@quartet/model'
import { createMatcher } from '@quartet/query'
import { silentLogger } from '@quartet/runtime'
import { FakeClock } from '@quartet/runtime/testing'
import { FaultyFileSystem } from '@quartet/storage/testing'
import { SampleColumns } from '../query/source.ts'
import { MetricsDatabase } from './database.ts'
import type { MetricsDatabaseOptions } from './database.ts'

const HOUR = 3_600_000
const MINUTE = 60_000
const START = 1_700_006_400_000 // on the 2 h grid
const everything = { matcherSets: [], minMs: -Infinity, maxMs: Infinity, signal: new AbortController().signal }

function open(fileSystem: FaultyFileSystem, options: Partial<MetricsDatabaseOptions> = {}): Promise<MetricsDatabase> {
  const clock = new FakeClock({ nowMs: START + 1e9 })
  return MetricsDatabase.open({ fileSystem, directory: '/db', clock, logger: silentLogger, retentionMs: 0, ...options })
}

/** One sample a minute of ten series, with maintenance every half an hour. */
async function fill(database: MetricsDatabase, hours: number): Promise<void> {
  const all = Array.from({ length: 10 }, (_, index) => labelsFromRecord({ __name__: 'load', host: `h${index}` }))
  for (let minute = 0; minute < hours * 60; minute++) {
    const timeMs = START + minute * MINUTE
    const rest = { isStale: false, isOptional: false, exemplars: [] }
    const samples = all.map((labels, index) => ({ labels, timeMs, value: Math.sin(minute * index), ...rest }))
    assert.equal((await database.appendSamples(samples)).problem, undefined)
    if (minute % 30 === 29) await database.maintain()
  }
}

async function timesOf(database: MetricsDatabase, host = 'h1'): Promise<number[]> {
  const matchers = [createMatcher('host', '=', host)]
  const { signal } = everything
  const selection = await database.source.select({ matchers, minMs: -Infinity, maxMs: Infinity, signal })
  const columns = new SampleColumns()
  selection.series[0]?.read(columns)
  selection.release()
  return Array.from(columns.timesMs.subarray(0, columns.count))
}

function hoursOf(database: MetricsDatabase): number[] {
  return database.blocks().map(({ minMs, maxMs }) => Math.ceil((maxMs - minMs) / HOUR))
}

test('merges to 6 h, 18 h and so on, up to a tenth of the retention', async () => {
  const unlimited = await open(new FaultyFileSystem())
  await fill(unlimited, 48)
  assert.deepEqual(hoursOf(unlimited), [6, 18, 18, 2, 2])
  assert.equal((await timesOf(unlimited)).length, 48 * 60)
  await unlimited.close()
  const limited = await open(new FaultyFileSystem(), { retentionMs: 60 * HOUR })
  await fill(limited, 29)
  assert.deepEqual(hoursOf(limited), [6, 6, 6, 6, 2])
  await limited.close()
})

test('removes blocks that are older than the newest by more than the retention', async () => {
  const database = await open(new FaultyFileSystem(), { retentionMs: 10 * HOUR })
  await fill(database, 30)
  const times = await timesOf(database)
  const newestMs = Math.max(...database.blocks().map(({ maxMs }) => maxMs))
  const [oldestMs] = times
  assert.ok(oldestMs <= newestMs - 8 * HOUR && oldestMs >= newestMs - 12 * HOUR, `${(newestMs - oldestMs) / HOUR} h`)
  assert.equal(times.length, (START + 30 * HOUR - oldestMs) / MINUTE, 'without a gap')
  await database.close()
})

test('removes the oldest blocks while blocks and WAL are larger than the limit, whatever their age', async () => {
  const fileSystem = new FaultyFileSystem()
  const database = await open(fileSystem)
  await fill(database, 24)
  const before = database.stats()
  const oldest = (await timesOf(database))[0]
  const retentionBytes = Math.floor((before.blockBytes + before.walBytes) * 0.6)
  database.setRetention({ retentionMs: 1000 * HOUR, retentionBytes })
  await database.maintain()
  const after = database.stats()
  assert.ok(after.blocks > 0 && after.blocks < before.blocks)
  assert.ok(after.blockBytes + after.walBytes <= retentionBytes)
  const times = await timesOf(database)
  assert.ok(times[0] > oldest)
  assert.equal(times.at(-1), START + 24 * HOUR - MINUTE)
  // Both at once: time takes what size has left.
  database.setRetention({ retentionMs: HOUR, retentionBytes })
  await database.maintain()
  assert.equal(database.stats().blocks, 1)
  await database.close()
  const reopened = await open(fileSystem)
  assert.deepEqual((await timesOf(reopened)).at(-1), times.at(-1))
  await reopened.close()
})

test('deleted samples are gone at once, over restarts, and from the blocks when tombstones are cleaned', async () => {
  const fileSystem = new FaultyFileSystem()
  let database = await open(fileSystem)
  await fill(database, 12)
  const all = await timesOf(database)
  const [minMs, maxMs] = [START + 5 * HOUR, START + 11.5 * HOUR]
  await database.deleteSeries({ matchers: [createMatcher('host', '=', 'h1')], minMs, maxMs })
  await database.deleteSeries({ matchers: [createMatcher('host', '=~', 'h[23]')], minMs: -Infinity, maxMs: Infinity })
  const left = all.filter((time) => time < minMs || time > maxMs)
  const check = async (): Promise<void> => {
    assert.deepEqual(await timesOf(database), left)
    assert.deepEqual(await timesOf(database, 'h2'), [])
    assert.deepEqual(await timesOf(database, 'h0'), all)
  }
  await check()
  assert.ok((await database.source.labelValues('host', everything)).includes('h2'), 'the block has it still')
  await database.close()
  database = await open(fileSystem)
  await check()
  const { blockBytes } = database.stats()
  await database.cleanTombstones()
  assert.ok(database.stats().blockBytes < blockBytes)
  assert.deepEqual(await database.source.labelValues('host', everything), [
    'h0',
    'h1',
    'h4',
    'h5',
    'h6',
    'h7',
    'h8',
    'h9',
  ])
  await check()
  database = await open(fileSystem.crash('keep'))
  await check()
  await database.close()
})

test('a snapshot is a database; without the head it holds the blocks, and what is deleted from them', async () => {
  const fileSystem = new FaultyFileSystem()
  const database = await open(fileSystem)
  await fill(database, 12)
  await database.deleteSeries({ matchers: [createMatcher('host', '=', 'h2')], minMs: 0, maxMs: Infinity })
  await database.snapshot('whole', { skipHead: false })
  await database.snapshot('blocks', { skipHead: true })
  const times = await timesOf(database)
  await database.deleteSeries({ matchers: [createMatcher('host', '=~', '.+')], minMs: 0, maxMs: Infinity })
  await database.cleanTombstones()
  assert.deepEqual(await timesOf(database), [])
  await assert.rejects(database.snapshot('whole', { skipHead: false }), /exists already/)
  await database.close()
  const whole = await open(fileSystem, { directory: '/db/snapshots/whole' })
  assert.deepEqual([await timesOf(whole), await timesOf(whole, 'h2')], [times, []])
  await whole.close()
  const blocks = await open(fileSystem, { directory: '/db/snapshots/blocks' })
  const newestMs = Math.max(...blocks.blocks().map(({ maxMs }) => maxMs))
  assert.deepEqual(
    await timesOf(blocks),
    times.filter((time) => time <= newestMs),
  )
  assert.deepEqual(await timesOf(blocks, 'h2'), [])
  assert.equal(blocks.stats().headSamples, 0)
  await blocks.close()
})
