import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { labelsToRecord, otlpJsonToProto, ProtoWriter, writeNativeHistogram } from '@quartet/model'
import type { NativeHistogram } from '@quartet/model'
import { silentLogger } from '@quartet/runtime'
import { FakeClock } from '@quartet/runtime/testing'
import { FaultyFileSystem, seededRandom } from '@quartet/storage/testing'
import { compressSync } from 'snappy'
import { RandomHistograms } from '../../test/support/random-histograms.ts'
import { SampleColumns } from '../query/source.ts'
import { MetricsDatabase } from '../storage/database.ts'
import { DEFAULT_OTLP_TRANSLATION, otlpMetricsHandler, remoteWriteHandler } from './index.ts'

const NOW = 1_700_000_000_000
let fileSystem: FaultyFileSystem
let database: MetricsDatabase
let server: Server
let url: string

beforeEach(async () => {
  fileSystem = new FaultyFileSystem()
  const clock = new FakeClock({ nowMs: NOW })
  database = await MetricsDatabase.open({ fileSystem, directory: '/db', clock, logger: silentLogger, retentionMs: 0 })
  const write = remoteWriteHandler(database, { maxBytes: 10_000, maxDecodedBytes: 20_000 })
  const otlp = otlpMetricsHandler(database, { translation: () => DEFAULT_OTLP_TRANSLATION, maxBytes: 10_000 })
  server = createServer((request, response) => void (request.url === '/write' ? write : otlp)(request, response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  server.close()
  server.closeAllConnections()
  await database.close().catch(() => {}) // the disk may still be broken on purpose
})

async function post(
  path: string,
  body: Uint8Array,
  headers: Record<string, string>,
): Promise<{ status: number; text: string }> {
  const response = await fetch(url + path, { method: 'POST', body: new Uint8Array(body), headers })
  return { status: response.status, text: await response.text() }
}

function sample(timeMs: number, value = 1, labels: Record<string, string> = { __name__: 'up' }): Uint8Array {
  const writer = new ProtoWriter()
  const series = writer.begin(1)
  for (const [name, text] of Object.entries(labels)) {
    const label = writer.begin(1)
    writer.string(1, name).string(2, text)
    writer.finish(label)
  }
  const start = writer.begin(2)
  writer.double(1, value).int64(2, timeMs)
  writer.finish(start)
  writer.finish(series)
  return writer.toBytes()
}

const SNAPPY = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' }

async function stored(): Promise<Record<string, string>[]> {
  const signal = new AbortController().signal
  const selection = await database.source.select({ matchers: [], minMs: -Infinity, maxMs: Infinity, signal })
  selection.release()
  return selection.series.map(({ labels }) => labelsToRecord(labels))
}

test('remote write answers with the status and text of upstream', async () => {
  const write = (body: Uint8Array, headers: Record<string, string> = SNAPPY): ReturnType<typeof post> =>
    post('/write', body, headers)
  assert.deepEqual(await write(compressSync(sample(NOW))), { status: 204, text: '' })
  assert.equal((await write(compressSync(sample(NOW)))).status, 204)
  assert.deepEqual(await write(compressSync(sample(NOW - 1))), { status: 400, text: 'out of order sample\n' })
  assert.deepEqual(await write(compressSync(sample(NOW, 2))), {
    status: 400,
    text: `duplicate sample for timestamp ${NOW}; overrides not allowed: existing 1, new value 2\n`,
  })
  assert.equal((await write(Buffer.from('not snappy at all'))).status, 400)
  assert.match((await write(compressSync(Buffer.from('not protobuf')))).text, /at byte/)
  assert.equal((await write(compressSync(sample(NOW)).subarray(0, 10))).status, 400)
  assert.equal((await write(Buffer.alloc(10_001))).status, 413)
  assert.equal((await write(compressSync(Buffer.alloc(20_001)))).status, 400)
  const gzip = await write(gzipSync(sample(NOW)), { ...SNAPPY, 'content-encoding': 'gzip' })
  assert.deepEqual(gzip, {
    status: 415,
    text: 'gzip encoding (compression) is not accepted by this server; only snappy is acceptable\n',
  })
  const json = await write(compressSync(sample(NOW)), { ...SNAPPY, 'content-type': 'application/json' })
  assert.deepEqual(json, {
    status: 415,
    text: 'expected application/x-protobuf as the first (media) part, got application/json content-type\n',
  })
  assert.deepEqual(await stored(), [{ __name__: 'up' }])
})

test('a full disk refuses a write and takes it again when there is room', async () => {
  assert.equal((await post('/write', compressSync(sample(NOW)), SNAPPY)).status, 204)
  fileSystem.capacityBytes = fileSystem.usedBytes() + 10
  const body = compressSync(sample(NOW + 1, 2, { __name__: 'other' }))
  const refused = await post('/write', body, SNAPPY)
  assert.equal(refused.status, 500)
  assert.match(refused.text, /ENOSPC/)
  assert.deepEqual(await stored(), [{ __name__: 'up' }])
  fileSystem.capacityBytes = Infinity
  assert.equal((await post('/write', body, SNAPPY)).status, 204)
  const clock = new FakeClock({ nowMs: NOW })
  const again = { fileSystem: fileSystem.crash('keep'), directory: '/db', clock, logger: silentLogger, retentionMs: 0 }
  database = await MetricsDatabase.open(again)
  assert.deepEqual(await stored(), [{ __name__: 'other' }, { __name__: 'up' }])
})

test('remote write 1.0 takes native histograms and says what is wrong with one', async () => {
  const histogram = new RandomHistograms(seededRandom(3)).next()
  const good = histogramRequest(NOW, histogram)
  assert.equal((await post('/write', compressSync(good), SNAPPY)).status, 204)
  assert.deepEqual(await post('/write', compressSync(histogramRequest(NOW - 1, histogram)), SNAPPY), {
    status: 400,
    text: 'out of order sample\n',
  })
  assert.deepEqual(await post('/write', compressSync(histogramRequest(NOW, { ...histogram, sum: 7 })), SNAPPY), {
    status: 400,
    text: 'duplicate sample for timestamp\n',
  })
  assert.deepEqual(await post('/write', compressSync(sample(NOW, 4, { __name__: 'h' })), SNAPPY), {
    status: 400,
    text: `duplicate sample for timestamp ${NOW}; overrides not allowed: existing is a histogram, new value 4\n`,
  })
  const wrong = histogramRequest(NOW + 1, { ...histogram, schema: -20 })
  assert.match((await post('/write', compressSync(wrong), SNAPPY)).text, /^histogram has an invalid schema, .*-20\n$/)
  assert.deepEqual((await histograms())[0], { ...histogram, resetHint: histogram.resetHint === 3 ? 3 : 0 })
})

test('remote write 2.0 stores what is good, names the rest, and says how much it wrote', async () => {
  const histogram = { ...new RandomHistograms(seededRandom(3)).next(), resetHint: 0 as const }
  const symbols = ['', '__name__', 'a', 'h', 'job', 'x', 'Counts.', 'bytes']
  const writer = new ProtoWriter()
  for (const symbol of symbols) writer.string(4, symbol)
  const series = (refs: number[], content: () => void): void => {
    const start = writer.begin(5)
    writer.bytes(1, Uint8Array.from(refs))
    content()
    writer.finish(start)
  }
  const value = (number: number, timeMs: number): void => {
    const start = writer.begin(2)
    writer.double(1, number).int64(2, timeMs)
    writer.finish(start)
  }
  series([1, 2, 4, 5], () => {
    value(1, NOW)
    value(2, NOW + 1e9)
    const exemplar = writer.begin(4)
    writer.bytes(1, Uint8Array.of(4, 5)).double(2, 0.5).int64(3, NOW)
    writer.finish(exemplar)
    const metadata = writer.begin(5)
    writer.uint(1, 1).uint(3, 6).uint(4, 7)
    writer.finish(metadata)
  })
  series([1, 3], () => {
    const start = writer.begin(3)
    writeNativeHistogram(writer, NOW, histogram)
    writer.finish(start)
  })
  series([4, 5], () => value(1, NOW))
  series([1], () => value(1, NOW))
  series([1, 99], () => value(1, NOW))
  series([1, 5], () => undefined)
  series([1, 2, 4, 5, 4, 5], () => value(1, NOW))
  const headers = { ...SNAPPY, 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request' }
  const body = compressSync(writer.toBytes())
  const response = await fetch(`${url}/write`, { method: 'POST', body: new Uint8Array(body), headers })
  assert.equal(response.status, 400)
  assert.deepEqual((await response.text()).split('\n'), [
    'out of bounds: timestamp is too far in the future for series {__name__="a", job="x"}',
    'invalid metric name or labels, got {job="x"}',
    'parsing labels for series [1]: invalid labelRefs length 1',
    'parsing labels for series [1 99]: labelRefs 1 (name) = 99 (value) outside of symbols table (size 8)',
    'TimeSeries must contain at least one sample or histogram for series {__name__="x"}',
    'invalid labels for series, labels {__name__="a", job="x", job="x"}, duplicated label job',
    '',
  ])
  const written = (kind: string): string | null => response.headers.get(`x-prometheus-remote-write-${kind}-written`)
  assert.deepEqual(['samples', 'histograms', 'exemplars'].map(written), ['1', '1', '1'])
  assert.deepEqual(await stored(), [{ __name__: 'a', job: 'x' }, { __name__: 'h' }])
  assert.deepEqual(await histograms(), [histogram])
  assert.deepEqual([...database.source.metadata()], [{ family: 'a', type: 'counter', help: 'Counts.', unit: 'bytes' }])
})

test('remote write 2.0 stores a zero where a series began, once, when that is switched on', async () => {
  const body = (timeMs: number): Uint8Array => {
    const writer = new ProtoWriter()
    for (const symbol of ['', '__name__', 'a']) writer.string(4, symbol)
    const series = writer.begin(5)
    writer.bytes(1, Uint8Array.of(1, 2))
    const start = writer.begin(2)
    writer.double(1, 5).int64(2, timeMs)
    writer.finish(start)
    writer.int64(6, NOW - 60_000)
    writer.finish(series)
    return writer.toBytes()
  }
  for (const timeMs of [NOW, NOW + 15_000]) {
    const report = await database.appendRemoteWriteV2(body(timeMs), { createdZeros: true })
    assert.equal(report.problem, undefined)
  }
  const signal = new AbortController().signal
  const selection = await database.source.select({ matchers: [], minMs: -Infinity, maxMs: Infinity, signal })
  const columns = new SampleColumns()
  selection.series[0].read(columns)
  selection.release()
  assert.deepEqual([...columns.timesMs.subarray(0, columns.count)], [NOW - 60_000, NOW, NOW + 15_000])
  assert.deepEqual([...columns.values.subarray(0, columns.count)], [0, 5, 5])
})

function histogramRequest(timeMs: number, histogram: NativeHistogram): Uint8Array {
  const writer = new ProtoWriter()
  const series = writer.begin(1)
  const label = writer.begin(1)
  writer.string(1, '__name__').string(2, 'h')
  writer.finish(label)
  const start = writer.begin(4)
  writeNativeHistogram(writer, timeMs, histogram)
  writer.finish(start)
  writer.finish(series)
  return writer.toBytes()
}

async function histograms(): Promise<(NativeHistogram | undefined)[]> {
  const signal = new AbortController().signal
  const selection = await database.source.select({ matchers: [], minMs: -Infinity, maxMs: Infinity, signal })
  const columns = new SampleColumns()
  const found = selection.series.flatMap((series) => {
    series.read(columns)
    return columns.histograms ?? []
  })
  selection.release()
  return found
}

function otlp(metrics: unknown[]): string {
  const attributes = [
    { key: 'service.name', value: { stringValue: 'shop' } },
    { key: 'host.name', value: { stringValue: 'h' } },
  ]
  return JSON.stringify({ resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] })
}

const gauge = {
  name: 'room.temperature',
  unit: 'Cel',
  gauge: { dataPoints: [{ timeUnixNano: `${NOW}000000`, asDouble: 21.5 }] },
}
const delta = {
  name: 'visits',
  sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [{ timeUnixNano: `${NOW}000000`, asInt: '3' }] },
}
const exponential = {
  name: 'latency',
  exponentialHistogram: {
    aggregationTemporality: 2,
    dataPoints: [{ timeUnixNano: `${NOW}000000`, count: '1', zeroCount: '1' }],
  },
}

test('OTLP is taken as protobuf and JSON, compressed or not', async () => {
  const text = otlp([gauge])
  const protobuf = { 'content-type': 'application/x-protobuf' }
  const json = { 'content-type': 'application/json' }
  const message = otlpJsonToProto('metrics', text)
  for (const [body, headers] of [
    [message, protobuf],
    [gzipSync(message), { ...protobuf, 'content-encoding': 'gzip' }],
    [Buffer.from(text), json],
  ] as const) {
    assert.deepEqual(await post('/otlp', body, headers as Record<string, string>), { status: 200, text: '' })
  }
  assert.deepEqual(await stored(), [
    { __name__: 'room_temperature_celsius', job: 'shop' },
    { __name__: 'target_info', host_name: 'h', job: 'shop' },
  ])
  assert.deepEqual(
    [...database.source.metadata()].map(({ family, type }) => [family, type]),
    [
      ['room_temperature_celsius', 'gauge'],
      ['target_info', 'gauge'],
    ],
  )
})

test('OTLP is refused as a whole when a part cannot be translated, malformed or of another type', async () => {
  const json = { 'content-type': 'application/json' }
  assert.deepEqual(await post('/otlp', Buffer.from(otlp([gauge, delta])), json), {
    status: 500,
    text: 'invalid temporality and type combination for metric "visits"\n',
  })
  assert.equal((await post('/otlp', Buffer.from('{'), json)).status, 400)
  assert.equal(
    (await post('/otlp', Buffer.from([10, 200, 1]), { 'content-type': 'application/x-protobuf' })).status,
    400,
  )
  assert.deepEqual(await post('/otlp', Buffer.from('{}'), { 'content-type': 'text/plain' }), {
    status: 400,
    text: 'unsupported content type: text/plain, supported: [application/json, application/x-protobuf]\n',
  })
  assert.deepEqual(await stored(), [])
})

test('exponential histograms become native ones', async () => {
  const answer = await post('/otlp', Buffer.from(otlp([gauge, exponential])), { 'content-type': 'application/json' })
  assert.deepEqual(answer, { status: 200, text: '' })
  assert.equal((await stored()).length, 3)
  assert.deepEqual(
    (await histograms()).map((histogram) => [histogram?.schema, histogram?.count]),
    [[0, 1]],
  )
})
