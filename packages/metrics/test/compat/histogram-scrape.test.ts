import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { ProtoWriter } from '@quartet/model'
import { systemClock } from '@quartet/runtime'
import { Random } from './random.ts'
import { hasUpstream, startQuartet, startUpstream, UPSTREAM_BINARY } from './servers.ts'
import type { Server } from './servers.ts'

/** A real Prometheus and Quartet scrape one page of random native histograms as protobuf and must store the same. */
const SEED = Number(process.env.QUARTET_SEED ?? 20261123)
const DEADLINE_MS = 30_000
const PROTOBUF = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'

const skip = hasUpstream ? false : `no ${UPSTREAM_BINARY} here: nothing to compare with`

test('scrapes native histograms over protobuf as Prometheus does', { skip }, async () => {
  const page = randomPage(new Random(SEED))
  const accepts = new Set<string>()
  const target = createServer((request, response) => {
    accepts.add(String(request.headers.accept).split(';')[0])
    response.writeHead(200, { 'content-type': PROTOBUF }).end(page)
  }).listen(0, '127.0.0.1')
  await once(target, 'listening')
  const address = `127.0.0.1:${(target.address() as AddressInfo).port}`
  const job = `- {job_name: j, scrape_interval: 1s, scrape_timeout: 1s, static_configs: [{targets: ['${address}']}]`
  const servers = await Promise.all([
    startUpstream(['--enable-feature=native-histograms'], undefined, `scrape_configs:\n${job}}\n`),
    startQuartet({}, undefined, `scrape_configs:\n${job}, scrape_native_histograms: true}\n`),
  ])
  try {
    const [expected, actual] = await Promise.all(servers.map(stored))
    assert.ok(expected.length >= 20, `upstream stored only ${expected.length} series`)
    assert.ok(expected.filter(([, value]) => typeof value === 'object').length >= 10)
    assert.deepEqual(actual, expected, `seed ${SEED}`)
    assert.deepEqual([...accepts], ['application/vnd.google.protobuf'])
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
    target.closeAllConnections()
    target.close()
  }
})

/** Labels and value of every series of the page; histograms as their JSON. */
async function stored({ url }: Server): Promise<[labels: string, value: unknown][]> {
  const deadlineMs = systemClock.nowMs() + DEADLINE_MS
  const query = encodeURIComponent('{job="j",__name__!~"up|scrape_.*"}')
  for (;;) {
    const response = await fetch(`${url}/api/v1/query?query=${query}`)
    const { data } = (await response.json()) as {
      data: { result: { metric: Record<string, string>; value?: [number, string]; histogram?: [number, unknown] }[] }
    }
    if (data.result.length > 0) {
      return data.result
        .map(({ metric, value, histogram }): [string, unknown] => [
          JSON.stringify(Object.entries(metric).sort()),
          value?.[1] ?? histogram?.[1],
        ])
        .sort(([a], [b]) => (a < b ? -1 : 1))
    }
    assert.ok(systemClock.nowMs() < deadlineMs, 'nothing was scraped in time')
    await wait(100)
  }
}

function randomPage(random: Random): Uint8Array {
  const page = new ProtoWriter()
  const family = (name: string, type: number, metrics: ((writer: ProtoWriter) => void)[]): void => {
    const writer = new ProtoWriter()
    writer.string(1, name).string(2, 'Help.').uint(3, type)
    for (const [index, metric] of metrics.entries()) {
      const start = writer.begin(4)
      const label = writer.begin(1)
      writer.string(1, 'n').string(2, String(index))
      writer.finish(label)
      metric(writer)
      writer.finish(start)
    }
    page.varint(writer.length).raw(writer.view())
  }
  const simple = (field: number) => (writer: ProtoWriter) => {
    const start = writer.begin(field)
    writer.double(1, random.integer(-100, 100) / 4)
    writer.finish(start)
  }
  family('c_total', 0, [simple(3), simple(3)])
  family('g', 1, [simple(2)])
  family(
    'native',
    4,
    Array.from({ length: 10 }, () => (writer) => writeHistogram(writer, random, true)),
  )
  family(
    'level',
    5,
    Array.from({ length: 3 }, () => (writer) => writeHistogram(writer, random, true)),
  )
  family('classic', 4, [(writer) => writeHistogram(writer, random, false)])
  family('rpc', 2, [
    (writer) => {
      const start = writer.begin(4)
      writer.uint(1, 5).double(2, 2.5)
      for (const quantile of [0.5, 1]) {
        const at = writer.begin(3)
        writer.double(1, quantile).double(2, quantile * 3)
        writer.finish(at)
      }
      writer.finish(start)
    },
  ])
  return page.toBytes()
}

/** With classic buckets, and native ones with gaps and empty buckets. */
function writeHistogram(writer: ProtoWriter, random: Random, isNative: boolean): void {
  const start = writer.begin(7)
  const lengths = isNative ? Array.from({ length: random.integer(1, 4) }, () => random.integer(1, 5)) : []
  const counts = lengths.flatMap((length) => Array.from({ length }, () => random.integer(0, 9)))
  const zeroCount = isNative ? random.integer(0, 5) : 0
  const total = counts.reduce((sum, count) => sum + count, zeroCount)
  writer.uint(1, total).double(2, random.integer(0, 400) / 8)
  for (const bound of [0.25, 1, 30]) {
    const bucket = writer.begin(3)
    writer.uint(1, Math.floor(total * Math.min(1, bound))).double(2, bound)
    writer.finish(bucket)
  }
  if (isNative) {
    const isNegative = random.chance(0.3)
    writer
      .sint32(5, random.integer(-4, 8))
      .double(6, random.pick([0.001, 1e-9]))
      .uint(7, zeroCount)
    for (const [index, length] of lengths.entries()) {
      const span = writer.begin(isNegative ? 9 : 12)
      writer.sint32(1, index === 0 ? random.integer(-20, 20) : random.integer(0, 4)).uint(2, length)
      writer.finish(span)
    }
    const deltas = writer.begin(isNegative ? 10 : 13)
    let previous = 0
    for (const count of counts) {
      const delta = count - previous
      writer.varint(delta >= 0 ? 2 * delta : -2 * delta - 1)
      previous = count
    }
    writer.finish(deltas)
  }
  writer.finish(start)
}
