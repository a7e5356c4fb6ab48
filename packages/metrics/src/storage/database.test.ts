import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bitsOf, isStaleAt, labelsFromRecord, labelsToRecord, ProtoWriter, writeStale } from '@quartet/model'
import type { Labels } from '@quartet/model'
import { createMatcher } from '@quartet/query'
import { silentLogger } from '@quartet/runtime'
import { FakeClock } from '@quartet/runtime/testing'
import { FaultyFileSystem, seededRandom } from '@quartet/storage/testing'
import { SampleColumns } from '../query/source.ts'
import { MetricsDatabase } from './database.ts'
import type { MetricsDatabaseOptions } from './database.ts'

const HOUR = 3_600_000
const START = 1_700_006_400_000 // on the 2 h grid

async function open(
  fileSystem: FaultyFileSystem,
  options: Partial<MetricsDatabaseOptions> = {},
): Promise<MetricsDatabase> {
  const clock = new FakeClock({ nowMs: START })
  return MetricsDatabase.open({ fileSystem, directory: '/db', clock, logger: silentLogger, retentionMs: 0, ...options })
}

interface TestSeries {
  labels: Record<string, string>
  samples: readonly (readonly [timeMs: number, value: number])[]
}

function request(series: readonly TestSeries[]): Uint8Array {
  const writer = new ProtoWriter()
  for (const { labels, samples } of series) {
    const start = writer.begin(1)
    for (const [name, value] of Object.entries(labels)) {
      const label = writer.begin(1)
      writer.string(1, name).string(2, value)
      writer.finish(label)
    }
    for (const [timeMs, value] of samples) {
      const sample = writer.begin(2)
      writer.double(1, value).int64(2, timeMs)
      writer.finish(sample)
    }
    writer.finish(start)
  }
  return writer.toBytes()
}

async function read(
  database: MetricsDatabase,
  selector: readonly (readonly [name: string, op: '=' | '!=' | '=~' | '!~', value: string])[] = [],
  minMs = -Infinity,
  maxMs = Infinity,
): Promise<{ labels: Labels; samples: [number, number][] }[]> {
  const matchers = selector.map(([name, op, value]) => createMatcher(name, op, value))
  const selection = await database.source.select({ matchers, minMs, maxMs, signal: new AbortController().signal })
  const columns = new SampleColumns()
  const result = selection.series.map((series) => {
    series.read(columns)
    const samples = Array.from({ length: columns.count }, (_, index): [number, number] => [
      columns.timesMs[index],
      columns.values[index],
    ])
    return { labels: series.labels, samples }
  })
  selection.release()
  return result
}

const everything = { matcherSets: [], minMs: -Infinity, maxMs: Infinity, signal: new AbortController().signal }

test('finds what was written at once, by every kind of matcher, sorted by labels', async () => {
  const database = await open(new FaultyFileSystem())
  const series = ['b', 'a', 'c'].map((job) => ({ labels: { __name__: 'up', job }, samples: [[START, 1]] as const }))
  const bare = { labels: { __name__: 'up' }, samples: [[START, 7]] as const }
  const report = await database.appendRemoteWrite(request([...series, bare]))
  assert.deepEqual([report.samples, report.problem], [4, undefined])
  const jobs = async (...selector: Parameters<typeof read>[1] & object): Promise<string> =>
    (await read(database, selector)).map(({ labels }) => labelsToRecord(labels).job ?? '-').join('')
  assert.equal(await jobs(), '-abc')
  assert.equal(await jobs(['job', '=', 'b']), 'b')
  assert.equal(await jobs(['job', '=', '']), '-')
  assert.equal(await jobs(['job', '!=', 'b']), '-ac')
  assert.equal(await jobs(['job', '!=', '']), 'abc')
  assert.equal(await jobs(['job', '=~', 'a|c|x']), 'ac')
  assert.equal(await jobs(['job', '=~', '[ab]']), 'ab')
  assert.equal(await jobs(['job', '=~', 'a|']), '-a')
  assert.equal(await jobs(['job', '!~', 'a|c']), '-b')
  assert.equal(await jobs(['job', '!~', 'a|']), 'bc')
  assert.equal(await jobs(['job', '=~', '.+'], ['__name__', '=', 'down']), '')
  assert.deepEqual(await database.source.labelNames(everything), ['__name__', 'job'])
  assert.deepEqual(await database.source.labelValues('job', everything), ['a', 'b', 'c'])
  assert.deepEqual(await database.source.labelValues('job', { ...everything, minMs: START + 1 }), [])
  await database.close()
})

test('refuses what upstream refuses, with its words, and stores nothing of that request', async () => {
  const database = await open(new FaultyFileSystem())
  const write = async (timeMs: number, value: number, labels = {}): Promise<string | undefined> => {
    const other = { labels: { __name__: 'other' }, samples: [[timeMs, 1]] as const }
    const one = { labels: { __name__: 'up', ...labels }, samples: [[timeMs, value]] as const }
    return (await database.appendRemoteWrite(request([other, one]))).problem
  }
  assert.equal(await write(START, 1), undefined)
  assert.equal(await write(START, 1), undefined)
  assert.equal(
    (await database.appendRemoteWrite(request([{ labels: { __name__: 'up' }, samples: [[START, 2]] }]))).problem,
    `duplicate sample for timestamp ${START}; overrides not allowed: existing 1, new value 2`,
  )
  assert.equal(await write(START - 1, 1), 'out of order sample')
  assert.equal(await write(START - HOUR - 1, 1), 'out of bounds')
  assert.equal(await write(START + 11 * 60_000, 1), 'out of bounds: timestamp is too far in the future')
  assert.deepEqual(
    (await read(database)).map(({ samples }) => samples),
    [[[START, 1]], [[START, 1]]],
  )
  await database.close()
})

test('drops and counts series with invalid labels', async () => {
  const database = await open(new FaultyFileSystem())
  const report = await database.appendRemoteWrite(
    request([
      { labels: { job: 'no name' }, samples: [[START, 1]] },
      { labels: { __name__: 'good', empty: '', job: 'x' }, samples: [[START, 1]] },
      { labels: { job: 'y', __name__: 'unsorted' }, samples: [[START, 1]] },
    ]),
  )
  assert.deepEqual([report.samples, report.invalid, report.problem], [2, 1, undefined])
  assert.deepEqual(
    (await read(database)).map(({ labels }) => labelsToRecord(labels)),
    [
      { __name__: 'good', job: 'x' },
      { __name__: 'unsorted', job: 'y' },
    ],
  )
  const again = request([{ labels: { job: 'y', __name__: 'unsorted' }, samples: [[START + 1, 2]] }])
  await database.appendRemoteWrite(again)
  assert.equal((await read(database))[1].samples.length, 2)
  assert.equal(database.stats().headSeries, 2)
  await database.close()
})

test('a malformed request stores nothing, not even its first series', async () => {
  const database = await open(new FaultyFileSystem())
  const good = request([{ labels: { __name__: 'up' }, samples: [[START, 1]] }])
  const writer = new ProtoWriter()
  const series = writer.begin(1)
  writer.bytes(1, Uint8Array.of(0x0a, 0x7f))
  writer.finish(series)
  const attempt = async (body: Uint8Array): Promise<unknown> => database.appendRemoteWrite(body)
  await assert.rejects(attempt(Buffer.concat([good, writer.toBytes()])), { name: 'WireError' })
  await assert.rejects(attempt(good.subarray(0, good.length - 3)), { name: 'WireError' })
  assert.equal(database.stats().headSeries, 0)
  await database.close()
})

test('keeps stale markers through head, WAL, sealed chunks and blocks', async () => {
  const fileSystem = new FaultyFileSystem()
  let database = await open(fileSystem)
  const ref = database.sink.resolve(labelsFromRecord({ __name__: 'gone' }))
  const batch = { count: 1, refs: Uint32Array.of(ref), timesMs: new Float64Array(1), values: new Float64Array(1) }
  for (let minute = 0; minute < 300; minute++) {
    batch.timesMs[0] = START + minute * 60_000
    batch.values[0] = minute
    if (minute % 7 === 0) writeStale(bitsOf(batch.values), 0)
    await database.sink.append(batch)
  }
  const check = async (): Promise<void> => {
    const selection = await database.source.select({ ...everything, matchers: [] })
    const columns = new SampleColumns()
    selection.series[0].read(columns)
    assert.equal(columns.count, 300)
    for (let minute = 0; minute < 300; minute++) assert.equal(isStaleAt(columns.bits, minute), minute % 7 === 0)
    selection.release()
  }
  await check()
  await database.maintain()
  assert.equal(database.stats().blocks, 1)
  await check()
  await database.close()
  database = await open(fileSystem.crash('keep'))
  await check()
  await database.close()
})

test('answers the same before and after cuts, merges, checkpoints and restarts', async () => {
  for (const seed of [1, 2, 3]) {
    const random = seededRandom(seed)
    let fileSystem = new FaultyFileSystem({ seed })
    const options = { clock: new FakeClock({ nowMs: START + 27 * HOUR }) }
    let database = await open(fileSystem, options)
    const expected = new Map<string, [number, number][]>()
    const names = Array.from({ length: 40 }, (_, index) => `m${String(index).padStart(2, '0')}`)
    for (let step = 0; step < 26 * 12; step++) {
      const timeMs = START + step * 5 * 60_000
      // Names come and go, so that series die and the head is renumbered.
      const present = names.filter((_, index) => (step >> 5) % 4 === index % 4 || index < 8)
      const series = present.map((name) => ({
        labels: { __name__: name, gen: String(name < 'm08' ? 0 : step >> 6) },
        samples: [[timeMs, Math.floor(random.next() * 1000) / 8]] as [number, number][],
      }))
      const report = await database.appendRemoteWrite(request(series))
      assert.equal(report.problem, undefined)
      for (const one of series) {
        const key = JSON.stringify(one.labels)
        expected.set(key, [...(expected.get(key) ?? []), ...one.samples])
      }
      if (step % 40 === 39) await database.maintain()
      if (random.below(60) === 0) {
        fileSystem = fileSystem.crash('keep')
        database = await open(fileSystem, options)
      }
    }
    await database.maintain()
    assert.ok(database.stats().blocks > 2 && database.stats().blocks < 10, 'blocks were cut and merged')
    const found = new Map(
      (await read(database)).map(({ labels, samples }) => [JSON.stringify(labelsToRecord(labels)), samples]),
    )
    assert.deepEqual(found, expected, `seed ${seed}`)
    await database.close()
  }
})

test('refs that a scrape holds while the head is renumbered still mean their series', async () => {
  const database = await open(new FaultyFileSystem(), { clock: new FakeClock({ nowMs: START + 27 * HOUR }) })
  const { sink } = database
  const names = Array.from({ length: 60 }, (_, index) => `m${String(index).padStart(2, '0')}`)
  const refs = names.map((name) => sink.resolve(labelsFromRecord({ __name__: name })))
  const append = async (timeMs: number, from: number): Promise<number> => {
    const wanted = refs.slice(from)
    const values = Float64Array.from(wanted, (_, index) => from + index)
    const timesMs = new Float64Array(wanted.length).fill(timeMs)
    const report = await sink.append({ count: wanted.length, refs: Uint32Array.from(wanted), timesMs, values })
    return report.tooOld
  }
  // All 60 live at first, then only the last 20; the refs are those of the first epoch all the while.
  await append(START, 0)
  const { epoch } = sink
  for (let quarter = 1; quarter < 60; quarter++) {
    assert.equal(await append(START + quarter * (HOUR / 4), 40), 0)
    if (quarter % 8 === 0) await database.maintain()
  }
  assert.ok(sink.epoch > epoch, 'the head was renumbered')
  assert.equal(database.stats().headSeries, 20)
  for (const { labels, samples } of await read(database)) {
    const index = names.indexOf(labelsToRecord(labels).__name__)
    assert.equal(samples.length, index < 40 ? 1 : 60)
    assert.ok(samples.every(([, value]) => value === index))
  }
  assert.equal(await append(START + 15 * HOUR, 30), 10, 'dead series are refused, not mixed up')
  await database.close()
})
