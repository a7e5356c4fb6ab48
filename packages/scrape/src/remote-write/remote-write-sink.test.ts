import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'

import { bitsOf, labelsFromRecord, NO_BUCKETS, ProtoReader, RemoteWriteReader, writeStale } from '@quartet/model'
import type { SampleBatch, SeriesRef } from '@quartet/model'
import { createSelfMetrics, silentLogger, systemClock } from '@quartet/runtime'
import type { Clock } from '@quartet/runtime'
import { FakeClock } from '@quartet/runtime/testing'
import { FaultyFileSystem } from '@quartet/storage/testing'
import { uncompressSync } from 'snappy'

import { createRelabelRule } from '../relabel/relabel.ts'
import { DEFAULT_ENDPOINT } from './endpoint.ts'
import type { RemoteWriteEndpointConfig } from './endpoint.ts'
import { RemoteWriteSink } from './remote-write-sink.ts'

interface Receiver {
  url: string
  /** `name=value;… value@time`, in the order of arrival. */
  lines: string[]
  /** Families of metadata, and exemplars by their value. */
  others: string[]
  /** Requests that were taken. */
  bodies: Uint8Array[]
  answers: number[]
  next(count: number): Promise<void>
}

async function receiver(context: TestContext): Promise<Receiver> {
  const state: Receiver = { url: '', lines: [], others: [], bodies: [], answers: [], next: async () => undefined }
  const waiting: { count: number; resolve: () => void }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const status = state.answers.shift() ?? 204
      assert.equal(request.headers['content-encoding'], 'snappy')
      if (status === 204) {
        const request = uncompressSync(Buffer.concat(chunks)) as Buffer
        state.bodies.push(request)
        state.lines.push(...readWriteRequest(request, state.others))
      }
      response.writeHead(status).end('answer')
      for (const entry of waiting) if (state.lines.length >= entry.count) entry.resolve()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write`
  state.next = (count) =>
    new Promise((resolve) => (state.lines.length >= count ? resolve() : waiting.push({ count, resolve })))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return state
}

/** An independent little reader of prometheus.WriteRequest. */
function readWriteRequest(bytes: Uint8Array, others: string[]): string[] {
  const lines: string[] = []
  const reader = new ProtoReader(bytes)
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 3) {
      const end = reader.enter()
      for (let inner = reader.field(); inner !== 0; inner = reader.field()) {
        if (inner === 2) others.push(reader.string())
        else reader.skip()
      }
      reader.leave(end)
      continue
    }
    const end = reader.enter()
    const labels: string[] = []
    for (let inner = reader.field(); inner !== 0; inner = reader.field()) {
      const innerEnd = reader.enter()
      if (inner === 1) labels.push(readPair(reader))
      else if (inner === 2) lines.push(`${labels.join(';')} ${readSample(reader)}`)
      else others.push(`exemplar of ${labels.join(';')}`)
      reader.leave(innerEnd)
    }
    reader.leave(end)
  }
  return lines
}

function readPair(reader: ProtoReader): string {
  const parts: string[] = []
  while (reader.field() !== 0) parts.push(reader.string())
  return parts.join('=')
}

function readSample(reader: ProtoReader): string {
  let value = ''
  let time = ''
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 2) time = String(reader.int64AsNumber())
    else {
      const bits = reader.fixed64()
      value = bits === 0x7ff0000000000002n ? 'stale' : String(new Float64Array(new BigUint64Array([bits]).buffer)[0])
    }
  }
  return `${value}@${time}`
}

function open(
  disk: FaultyFileSystem,
  endpoint: Partial<RemoteWriteEndpointConfig> & { url: string },
  clock: Clock = systemClock,
): Promise<RemoteWriteSink> {
  return RemoteWriteSink.open({
    endpoints: [{ ...DEFAULT_ENDPOINT, name: 'test', minBackoffMs: 1, maxBackoffMs: 5, ...endpoint }],
    externalLabels: labelsFromRecord({ cluster: 'c1' }),
    directory: '/remote',
    fileSystem: disk,
    clock,
    logger: silentLogger,
    metrics: createSelfMetrics({ clock: systemClock }),
  })
}

function batch(...samples: [ref: SeriesRef, timeMs: number, value: number | 'stale'][]): SampleBatch {
  const values = new Float64Array(samples.length)
  for (const [index, [, , value]] of samples.entries()) {
    if (value === 'stale') writeStale(bitsOf(values), index)
    else values[index] = value
  }
  return {
    count: samples.length,
    refs: Uint32Array.from(samples, ([ref]) => ref),
    timesMs: Float64Array.from(samples, ([, timeMs]) => timeMs),
    values,
  }
}

test('sends samples and stale markers with external labels, in order', async (context) => {
  const remote = await receiver(context)
  const sink = await open(new FaultyFileSystem(), { url: remote.url, maxSamplesPerSend: 2 })
  const a = sink.resolve(labelsFromRecord({ __name__: 'a' }))
  const b = sink.resolve(labelsFromRecord({ __name__: 'b', cluster: 'own' }))
  await sink.append(batch([a, 1000, 1.5], [b, 1000, -2], [a, 2000, 'stale']))
  await remote.next(3)
  assert.deepEqual(remote.lines, [
    '__name__=a;cluster=c1 1.5@1000',
    '__name__=b;cluster=own -2@1000',
    '__name__=a;cluster=c1 stale@2000',
  ])
  await sink.stop()
})

test('tries again while the receiver is away and gives up what it refuses', async (context) => {
  const remote = await receiver(context)
  remote.answers.push(503, 500, 429, 204, 400, 204)
  const sink = await open(new FaultyFileSystem(), { url: remote.url })
  const a = sink.resolve(labelsFromRecord({ __name__: 'a' }))
  await sink.append(batch([a, 1, 1]))
  await remote.next(1)
  await sink.append(batch([a, 2, 2])) // refused with 400
  while (remote.answers.length > 1) await new Promise((resolve) => setImmediate(resolve))
  await sink.append(batch([a, 3, 3]))
  await remote.next(2)
  assert.deepEqual(remote.lines, ['__name__=a;cluster=c1 1@1', '__name__=a;cluster=c1 3@3'])
  await sink.stop()
})

test('what waits when it stops is sent after the next start', async (context) => {
  const disk = new FaultyFileSystem()
  const away = await open(disk, { url: 'http://127.0.0.1:9/nobody-listens' })
  const a = away.resolve(labelsFromRecord({ __name__: 'a' }))
  await away.append(batch([a, 1, 1]))
  await away.append(batch([a, 2, 2]))
  await away.stop()
  const remote = await receiver(context)
  const back = await open(disk, { url: remote.url })
  await remote.next(2)
  assert.deepEqual(remote.lines, ['__name__=a;cluster=c1 1@1', '__name__=a;cluster=c1 2@2'])
  await back.stop()
})

test('write relabelling drops series; a full queue refuses and says so', async (context) => {
  const remote = await receiver(context)
  const rules = [createRelabelRule({ sourceLabels: ['__name__'], regex: 'secret_.*', action: 'drop' })]
  const sink = await open(new FaultyFileSystem(), { url: remote.url, writeRelabelRules: rules })
  const hidden = sink.resolve(labelsFromRecord({ __name__: 'secret_a' }))
  const shown = sink.resolve(labelsFromRecord({ __name__: 'b' }))
  await sink.append(batch([hidden, 1, 1], [shown, 1, 2]))
  await remote.next(1)
  assert.deepEqual(remote.lines, ['__name__=b;cluster=c1 2@1'])
  await sink.stop()
  const full = await open(new FaultyFileSystem(), { url: 'http://127.0.0.1:9/nobody-listens', maxQueueBytes: 10 })
  const ref = full.resolve(labelsFromRecord({ __name__: 'b' }))
  await full.append(batch([ref, 1, 1]))
  await assert.rejects(full.append(batch([ref, 2, 2])), /queue is full: 10 bytes/)
  await full.stop()
})

test('sends native histograms, unless they are switched off', async (context) => {
  const histogram = {
    schema: 1,
    zeroThreshold: 0.5,
    zeroCount: 1,
    count: 6,
    sum: 9,
    positive: { indices: Int32Array.of(-1, 0, 4), counts: Float64Array.of(2, 1, 2) },
    negative: NO_BUCKETS,
    customBounds: undefined,
    resetHint: 0,
    isFloat: false,
  } as const
  for (const sendNativeHistograms of [true, false]) {
    const remote = await receiver(context)
    const sink = await open(new FaultyFileSystem(), { url: remote.url, sendNativeHistograms })
    const a = sink.resolve(labelsFromRecord({ __name__: 'a' }))
    await sink.append({ ...batch([a, 1, 0], [a, 2, 7]), histograms: [histogram, undefined] })
    await remote.next(1)
    assert.deepEqual(remote.lines, ['__name__=a;cluster=c1 7@2'])
    const reader = new RemoteWriteReader()
    reader.read(remote.bodies[0])
    const sent = reader.histograms.map(({ timeMs, histogram: read }) => [timeMs, read])
    assert.deepEqual(sent, sendNativeHistograms ? [[1, histogram]] : [])
    await sink.stop()
  }
})

test('sends exemplars unless it is told not to', async (context) => {
  for (const sendExemplars of [true, false]) {
    const remote = await receiver(context)
    const sink = await open(new FaultyFileSystem(), { url: remote.url, sendExemplars })
    const a = sink.resolve(labelsFromRecord({ __name__: 'a' }))
    await sink.append(batch([a, 1, 1]), [{ ref: a, labels: [['trace_id', 'x']], value: 5, timeMs: 1 }])
    await remote.next(1)
    assert.deepEqual(remote.others, sendExemplars ? ['exemplar of __name__=a;cluster=c1'] : [])
    await sink.stop()
  }
})

test('sends metadata that is new, in its interval and its portions, unless it is told not to', async (context) => {
  for (const metadataIntervalMs of [1000, undefined]) {
    const remote = await receiver(context)
    const clock = new FakeClock()
    const config = { url: remote.url, metadataIntervalMs, maxMetadataPerSend: 2 }
    const sink = await open(new FaultyFileSystem(), config, clock)
    const a = sink.resolve(labelsFromRecord({ __name__: 'a' }))
    const describe = (...families: string[]): void =>
      sink.describe(families.map((family) => ({ family, type: 'gauge', help: 'h', unit: '' })))
    describe('a', 'b', 'c')
    await clock.advance(1000)
    describe('a', 'd')
    await clock.advance(1000)
    await sink.append(batch([a, 1, 1]))
    await remote.next(1)
    assert.deepEqual(remote.others, metadataIntervalMs === undefined ? [] : ['a', 'b', 'c', 'd'])
    await sink.stop()
  }
})
