import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { crc32c } from '@quartet/storage'
import { ProtoReader, ProtoWriter, snappyDecode } from '@quartet/model'
import { systemClock } from '@quartet/runtime'
import { compressSync, uncompressSync } from 'snappy'
import { snappyEncode } from '../../src/api/snappy-encoder.ts'
import { SampleColumns } from '../../src/query/source.ts'
import { decodeChunk } from '../../src/storage/upstream/chunk-files.ts'
import { Random } from './random.ts'
import { randomSeries, SPAN_MS, START_MS } from './random-series.ts'
import { hasUpstream, startQuartet, startUpstream, UPSTREAM_BINARY, writeSeries } from './servers.ts'
import type { Server } from './servers.ts'

/** Remote read and federation, answer by answer, against a real Prometheus. */
const SEED = Number(process.env.QUARTET_SEED ?? 20261123)
const skip = hasUpstream ? false : `no ${UPSTREAM_BINARY} here: nothing to compare with`
if (skip !== false) console.log(`remote read test skipped: ${skip}`)

const FLAGS = { limit: '10000', frame: '1000' }
let servers: Server[] = []
let nowMs = 0

before(async () => {
  if (skip !== false) return
  const names = ['storage.remote.read-sample-limit', 'storage.remote.read-max-bytes-in-frame']
  const [limit, frame] = names
  servers = await Promise.all([
    startUpstream([`--${limit}=${FLAGS.limit}`, `--${frame}=${FLAGS.frame}`]),
    startQuartet({ [limit]: FLAGS.limit, [frame]: FLAGS.frame }),
  ])
  await writeSeries(servers, randomSeries(new Random(SEED)))
  nowMs = systemClock.nowMs()
  const recent = ['b_total', 'a_gauge', 'c'].flatMap((name) =>
    [1, 2, 3].map((number) => ({
      labels: [
        ['Zone', 'x"y'],
        ['__name__', name],
        ['n', `${number}`],
        ...(number === 2 ? [['instance', 'i']] : []),
      ] as [string, string][],
      samples: [
        { timeMs: nowMs - 60_000, value: number },
        { timeMs: nowMs - 30_000 + number, value: number === 3 ? ('stale' as const) : number * 1.5e10 },
      ],
    })),
  )
  await writeSeries(servers, recent)
})

after(() => Promise.all(servers.map((server) => server.stop())))

interface ReadMatcher {
  readonly type: number
  readonly name: string
  readonly value: string
}

function readRequest(queries: readonly (readonly ReadMatcher[])[], types: readonly number[]): Buffer {
  const writer = new ProtoWriter()
  for (const matchers of queries) {
    const query = writer.begin(1)
    writer.int64(1, START_MS).int64(2, START_MS + SPAN_MS)
    for (const { type, name, value } of matchers) {
      const matcher = writer.begin(3)
      writer.uint(1, type).string(2, name).string(3, value)
      writer.finish(matcher)
    }
    writer.finish(query)
  }
  for (const type of types) writer.uint(2, type)
  return compressSync(Buffer.from(writer.toBytes()))
}

async function read(server: Server, body: Buffer): Promise<{ status: number; type: string; body: Buffer }> {
  const response = await fetch(`${server.url}/api/v1/read`, {
    method: 'POST',
    headers: { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' },
    body: new Uint8Array(body),
  })
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    body: Buffer.from(await response.arrayBuffer()),
  }
}

const JOB: readonly ReadMatcher[] = [{ type: 0, name: 'job', value: 'api' }]
const ODD: readonly ReadMatcher[] = [{ type: 2, name: '__name__', value: 'odd_values|exact.*' }]
const NONE: readonly ReadMatcher[] = [{ type: 0, name: 'job', value: 'none' }]

test('samples are the same bytes', { skip }, async () => {
  for (const queries of [[ODD], [NONE], [ODD, NONE, JOB.concat({ type: 1, name: '__name__', value: 'x' }, ODD)]]) {
    const [want, got] = await Promise.all(servers.map((server) => read(server, readRequest(queries, []))))
    assert.equal(got.status, want.status)
    assert.equal(got.type, want.type)
    assert.ok(Buffer.from(uncompressSync(got.body)).equals(Buffer.from(uncompressSync(want.body))), 'other bytes')
  }
})

test('refusals are the same', { skip }, async () => {
  const bodies = [
    readRequest([[{ type: 2, name: '__name__', value: '.+' }]], []),
    readRequest([ODD], [7]),
    readRequest([[{ type: 2, name: 'a', value: '(' }]], []),
    readRequest([[{ type: 9, name: 'a', value: 'b' }]], []),
    Buffer.from('nonsense'),
  ]
  for (const body of bodies) {
    const [want, got] = await Promise.all(servers.map((server) => read(server, body)))
    assert.equal(got.status, want.status, want.body.toString())
    assert.ok(want.status >= 400, `${want.status}`)
    // 3.x anchors expressions in other words, and names what is wrong with snappy data in Go's.
    if (body !== bodies[2] && body !== bodies[4]) assert.equal(got.body.toString(), want.body.toString())
  }
})

test('chunks hold the same samples, in frames as small as asked for', { skip }, async () => {
  const [want, got] = await Promise.all(servers.map((server) => read(server, readRequest([NONE, JOB], [1]))))
  assert.equal(got.type, want.type)
  const [expected, actual] = [want, got].map(({ body }) => decodeFrames(body))
  assert.ok(expected.samples.size > 10)
  assert.deepEqual(actual.samples, expected.samples)
  assert.ok(actual.largest < 4 * Number(FLAGS.frame), `${actual.largest} bytes in a frame`)
})

test('federation gives the same text', { skip }, async () => {
  const selectors = ['match[]={n=~".%2B"}', 'match[]=c&match[]=b_total', 'match[]=nothing', '']
  for (const query of selectors) {
    const [want, got] = await Promise.all(servers.map((server) => fetch(`${server.url}/federate?${query}`)))
    assert.equal(got.status, want.status)
    assert.equal(await got.text(), await want.text())
    assert.match(got.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4; charset=utf-8/)
  }
  const bad = await Promise.all(servers.map((server) => fetch(`${server.url}/federate?match[]={`)))
  assert.deepEqual(
    bad.map(({ status }) => status),
    [400, 400],
  )
})

test(`what is compressed comes back (seed ${SEED})`, () => {
  const random = new Random(SEED)
  for (const size of [0, 1, 3, 60, 61, 300, 70_000, 200_000]) {
    const bytes = Uint8Array.from({ length: size }, () => random.integer(0, random.chance(0.5) ? 3 : 255))
    assert.deepEqual(Buffer.from(snappyDecode(snappyEncode(bytes))), Buffer.from(bytes))
    assert.deepEqual(uncompressSync(Buffer.from(snappyEncode(bytes))), Buffer.from(bytes))
  }
})

function decodeFrames(body: Buffer): { samples: Map<string, string[]>; largest: number } {
  const samples = new Map<string, string[]>()
  let largest = 0
  for (let at = 0; at < body.length;) {
    let size = 0
    for (let scale = 1, byte = 128; byte >= 128; scale *= 128) {
      byte = body[at++]
      size += (byte & 127) * scale
    }
    const frame = body.subarray(at + 4, at + 4 + size)
    assert.equal(body.readUInt32BE(at), crc32c(frame))
    largest = Math.max(largest, size)
    decodeFrame(frame, samples)
    at += 4 + size
  }
  return { samples, largest }
}

function decodeFrame(frame: Uint8Array, samples: Map<string, string[]>): void {
  const reader = new ProtoReader(frame)
  let labels = ''
  let query = 0
  const columns = new SampleColumns()
  const message = (visit: (field: number) => void): void => {
    const end = reader.enter()
    for (let field = reader.field(); field !== 0; field = reader.field()) visit(field)
    reader.leave(end)
  }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 2) query = reader.int64AsNumber()
    else {
      message((part) => {
        if (part === 1) message(() => (labels += `${reader.string()};`))
        else {
          let encoding = 0
          message((inner) => {
            if (inner === 3) encoding = reader.uint32()
            else if (inner === 4) decodeChunk(encoding, reader.subarray(), columns)
            else reader.skip()
          })
        }
      })
    }
  }
  const key = `${query} ${labels}`
  const list = samples.get(key) ?? []
  samples.set(key, list)
  for (let at = 0; at < columns.count; at++) {
    const timeMs = columns.timesMs[at]
    // 2.42 sends whole chunks, cut to the range only where it is cheap.
    if (timeMs < START_MS || timeMs > START_MS + SPAN_MS) continue
    list.push(`${timeMs} ${columns.bits[2 * at]} ${columns.bits[2 * at + 1]}`)
  }
}
