import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'

import { bitsOf, isStaleAt, labelsFromRecord, labelsKey, ProtoWriter } from '@quartet/model'
import type { Exemplar, Labels, MetricMetadata, SampleBatch, SampleSink, SeriesRef } from '@quartet/model'
import { silentLogger } from '@quartet/runtime'
import { FakeClock } from '@quartet/runtime/testing'

import { createRelabelRule } from '../relabel/relabel.ts'
import { DEFAULT_SCRAPE_CONFIG } from '../scrape-config.ts'
import type { ScrapeConfig } from '../scrape-config.ts'
import { createTarget } from '../target/target.ts'
import { ScrapeClient } from './http-client.ts'
import { ScrapeLoop } from './scrape-loop.ts'

/** Keeps what was appended as readable lines: `name{label="value"} value @time`. */
class RecordingSink implements SampleSink {
  epoch = 0
  readonly #labels: Labels[] = []
  readonly #refs = new Map<string, SeriesRef>()
  lines: string[] = []
  resolved = 0
  exemplars: Exemplar[] = []
  metadata: MetricMetadata[] = []

  resolve(labels: Labels): SeriesRef {
    this.resolved++
    const key = labelsKey(labels)
    const known = this.#refs.get(key)
    if (known !== undefined) return known
    const ref = (this.#labels.push(labels) as number) - 1
    this.#refs.set(key, ref as SeriesRef)
    return ref as SeriesRef
  }

  async append(
    batch: SampleBatch,
    exemplars: readonly Exemplar[] = [],
  ): Promise<{ outOfOrder: 0; tooOld: 0; duplicate: 0 }> {
    const bits = bitsOf(batch.values)
    this.lines = []
    for (let index = 0; index < batch.count; index++) {
      const { __name__: name, ...labels } = Object.fromEntries(this.#labels[batch.refs[index]])
      const text = Object.entries(labels).map(([key, value]) => `${key}="${value}"`)
      const histogram = batch.histograms?.[index]
      const value = isStaleAt(bits, index) ? 'stale' : batch.values[index]
      const shown = histogram ? `schema ${histogram.schema}, count ${histogram.count}` : value
      this.lines.push(`${name}{${text.join(',')}} ${shown} @${batch.timesMs[index]}`)
    }
    this.exemplars = [...exemplars]
    return { outOfOrder: 0, tooOld: 0, duplicate: 0 }
  }

  describe(metadata: readonly MetricMetadata[]): void {
    this.metadata = [...metadata]
  }

  /** Without the report samples, whose durations vary. */
  get scraped(): string[] {
    return this.lines.filter((line) => !/^(up|scrape_)/.test(line))
  }

  value(name: string): number {
    const line = this.lines.find((text) => text.startsWith(name + '{'))
    return Number(line?.split(' ')[1])
  }
}

interface Page {
  status: number
  contentType: string
  body: string | Uint8Array
}

interface Fixture {
  page: Page
  /** Accept headers of the scrapes. */
  accepts: string[]
  sink: RecordingSink
  loop: ScrapeLoop
  /** Moves the clock and scrapes once. */
  at(timeMs: number): Promise<void>
}

async function fixture(context: TestContext, config: Partial<ScrapeConfig> = {}): Promise<Fixture> {
  const page: Page = { status: 200, contentType: 'text/plain; version=0.0.4', body: '' }
  const accepts: string[] = []
  const server = createServer((request, response) => {
    accepts.push(request.headers.accept ?? '')
    response.writeHead(page.status, { 'content-type': page.contentType }).end(page.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const complete: ScrapeConfig = { ...DEFAULT_SCRAPE_CONFIG, jobName: 'j', ...config }
  const labels = labelsFromRecord({
    __address__: address,
    __scheme__: 'http',
    __metrics_path__: '/metrics',
    __scrape_interval__: '15s',
    __scrape_timeout__: '10s',
    job: 'j',
  })
  const client = new ScrapeClient(complete.http)
  const sink = new RecordingSink()
  const clock = new FakeClock({ nowMs: 0 })
  const target = createTarget({ discoveredLabels: labels, source: 'test' }, labels, complete)
  const loop = new ScrapeLoop({
    target,
    config: complete,
    client,
    services: { sink, clock, logger: silentLogger, observe: () => undefined },
  })
  context.after(async () => {
    await loop.stop({ markStale: false })
    client.close()
    server.close()
  })
  const at = async (timeMs: number): Promise<void> => {
    await clock.advance(timeMs - clock.nowMs())
    await loop.scrapeAt(timeMs)
  }
  return { page, accepts, sink, loop, at }
}

test('stores every sample with the target labels and the report samples', async (context) => {
  const { page, sink, loop, at } = await fixture(context)
  page.body = '# TYPE a counter\n# HELP a Counts.\na{x="1"} 5\na{x="2"} 7 1234\nb 1e3\n'
  await at(0)
  assert.deepEqual(sink.scraped, ['a{job="j",x="1"} 5 @0', 'a{job="j",x="2"} 7 @1234', 'b{job="j"} 1000 @0'])
  assert.equal(sink.value('up'), 1)
  assert.equal(sink.value('scrape_samples_scraped'), 3)
  assert.equal(sink.value('scrape_series_added'), 3)
  assert.deepEqual(sink.metadata, [{ family: 'a', type: 'counter', help: 'Counts.', unit: '' }])
  assert.equal(loop.status.health, 'up')
})

test('a page that repeats costs no resolved labels', async (context) => {
  const { page, sink, at } = await fixture(context)
  page.body = Array.from({ length: 500 }, (_, index) => `m{i="${index}"} ${index}\n`).join('')
  await at(0)
  const resolved = sink.resolved
  page.body = String(page.body).replaceAll(/ (\d+)\n/g, ' 1$1\n')
  await at(15_000)
  assert.equal(sink.resolved, resolved)
  assert.equal(sink.scraped.length, 500)
  assert.equal(sink.scraped[3], 'm{i="3",job="j"} 13 @15000')
  assert.equal(sink.value('scrape_series_added'), 0)
})

test('a series that is gone gets one stale marker, and lives again when it returns', async (context) => {
  const { page, sink, at } = await fixture(context)
  page.body = 'a 1\nb 2\n'
  await at(0)
  page.body = 'b 3\n'
  await at(15_000)
  assert.deepEqual(sink.scraped, ['b{job="j"} 3 @15000', 'a{job="j"} stale @15000'])
  await at(30_000)
  assert.deepEqual(sink.scraped, ['b{job="j"} 3 @30000'])
  page.body = 'a 4\nb 3\n'
  await at(45_000)
  assert.deepEqual(sink.scraped, ['a{job="j"} 4 @45000', 'b{job="j"} 3 @45000'])
})

test('a failed scrape ends all series, stores nothing of a broken page, and says why', async (context) => {
  const { page, sink, loop, at } = await fixture(context)
  page.body = 'a 1\nb 2\n'
  await at(0)
  page.body = 'a 1\nc 5\nb wrong\n'
  await at(15_000)
  assert.deepEqual(sink.scraped, ['a{job="j"} stale @15000', 'b{job="j"} stale @15000'])
  assert.equal(sink.value('up'), 0)
  assert.equal(loop.status.lastError, 'strconv.ParseFloat: parsing "wrong": invalid syntax while parsing: "b wrong"')
  page.status = 503
  await at(30_000)
  assert.deepEqual(sink.scraped, [])
  assert.equal(loop.status.lastError, 'server returned HTTP status 503 Service Unavailable')
})

test('a page without a usable Content-Type is refused unless a fallback is configured', async (context) => {
  const strict = await fixture(context)
  strict.page.body = 'a 1\n'
  strict.page.contentType = 'text/html'
  await strict.at(0)
  assert.match(strict.loop.status.lastError, /unsupported Content-Type "text\/html"/)
  const lenient = await fixture(context, { fallbackProtocol: 'PrometheusText0.0.4' })
  Object.assign(lenient.page, strict.page)
  await lenient.at(0)
  assert.deepEqual(lenient.sink.scraped, ['a{job="j"} 1 @0'])
})

test('label conflicts keep the scraped value as exported_, or win with honor_labels', async (context) => {
  const page = 'a{job="own",exported_job="x"} 1\n'
  const usual = await fixture(context)
  usual.page.body = page
  await usual.at(0)
  assert.deepEqual(usual.sink.scraped, ['a{exported_exported_job="own",exported_job="x",job="j"} 1 @0'])
  const honoring = await fixture(context, { honorLabels: true })
  honoring.page.body = page
  await honoring.at(0)
  assert.deepEqual(honoring.sink.scraped, ['a{exported_job="x",job="own"} 1 @0'])
})

test('metric relabelling drops and changes series; limits fail the scrape', async (context) => {
  const rules = [createRelabelRule({ sourceLabels: ['__name__'], regex: 'noise.*', action: 'drop' })]
  const { page, sink, loop, at } = await fixture(context, { metricRelabelRules: rules, sampleLimit: 1 })
  page.body = 'noise_a 1\nkeep 2\nnoise_b 3\n'
  await at(0)
  assert.deepEqual(sink.scraped, ['keep{job="j"} 2 @0'])
  assert.equal(sink.value('scrape_samples_scraped'), 3)
  assert.equal(sink.value('scrape_samples_post_metric_relabeling'), 1)
  page.body += 'too_much 4\n'
  await at(15_000)
  assert.equal(loop.status.lastError, 'sample limit exceeded')
  assert.equal(sink.value('up'), 0)
})

test('reads OpenMetrics with exemplars', async (context) => {
  const { page, sink, at } = await fixture(context)
  page.contentType = 'application/openmetrics-text; version=1.0.0'
  page.body = '# TYPE a counter\na_total 3 # {trace_id="abc"} 0.5 1.5\n# EOF\n'
  for (const scrapedMs of [0, 15_000]) {
    await at(scrapedMs)
    assert.deepEqual(
      sink.exemplars.map(({ labels, value, timeMs }) => ({ labels, value, timeMs })),
      [{ labels: [['trace_id', 'abc']], value: 0.5, timeMs: 1500 }],
    )
  }
})

test('forgets its refs when the sink starts over', async (context) => {
  const { page, sink, at } = await fixture(context)
  page.body = 'a 1\n'
  await at(0)
  const before = sink.resolved
  sink.epoch++
  await at(15_000)
  assert.ok(sink.resolved > before)
  assert.deepEqual(sink.scraped, ['a{job="j"} 1 @15000'])
})

test('a stopped target leaves stale markers for all its series', async (context) => {
  const { page, sink, loop, at } = await fixture(context)
  page.body = 'a 1\n'
  await at(0)
  await loop.stop({ markStale: true })
  assert.equal(sink.lines.length, 6)
  assert.ok(sink.lines.every((line) => line.includes(' stale ')))
})

test('asks for the protocols that are configured, best first', async (context) => {
  const { accepts, at } = await fixture(context, { scrapeProtocols: ['PrometheusText0.0.4', 'OpenMetricsText0.0.1'] })
  await at(0)
  assert.deepEqual(accepts, [
    'text/plain;version=0.0.4;q=0.3,application/openmetrics-text;version=0.0.1;q=0.2,*/*;q=0.1',
  ])
})

test('native histograms come over protobuf, within their limits, and begin with a zero where they say when', async (context) => {
  const protobuf = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'
  const config = { scrapeProtocols: ['PrometheusProto'], nativeHistograms: true } as const
  const plain = await fixture(context, { ...config, createdZeros: true })
  Object.assign(plain.page, { contentType: protobuf, body: nativePage(10) })
  await plain.at(60_000)
  assert.deepEqual(plain.accepts, [
    'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.2,*/*;q=0.1',
  ])
  assert.deepEqual(plain.sink.scraped, ['h{job="j"} schema 3, count 0 @50000', 'h{job="j"} schema 3, count 10 @60000'])
  await plain.at(75_000)
  assert.deepEqual(plain.sink.scraped, ['h{job="j"} schema 3, count 10 @75000'])
  const limited = await fixture(context, { ...config, nativeBucketLimit: 4, nativeMinBucketFactor: 1.1 })
  Object.assign(limited.page, { contentType: protobuf, body: nativePage(10) })
  await limited.at(0)
  assert.deepEqual(limited.sink.scraped, ['h{job="j"} schema 1, count 10 @0'])
  Object.assign(limited.page, { body: nativePage(900) })
  await limited.at(15_000)
  assert.equal(limited.loop.status.lastError, 'histogram bucket limit exceeded')
})

/** One histogram of schema 3 with so many buckets, one observation in each. */
function nativePage(buckets: number): Uint8Array {
  const writer = new ProtoWriter()
  writer.string(1, 'h').uint(3, 4)
  const metric = writer.begin(4)
  const histogram = writer.begin(7)
  writer.uint(1, buckets).double(2, 5).sint32(5, 3).double(6, 0.001)
  const span = writer.begin(12)
  writer.sint32(1, 1).uint(2, buckets)
  writer.finish(span)
  for (let bucket = 0; bucket < buckets; bucket++) writer.sint64(13, bucket === 0 ? 1n : 0n)
  const created = writer.begin(15)
  writer.int64(1, 50)
  writer.finish(created)
  writer.finish(histogram)
  writer.finish(metric)
  return new ProtoWriter().varint(writer.length).raw(writer.view()).toBytes()
}

test('extra metrics tell the timeout, the sample limit and the size of the page', async (context) => {
  const { page, sink, at } = await fixture(context, { extraMetrics: true, sampleLimit: 5, bodySizeLimitBytes: 8 })
  page.body = 'a 1\n'
  await at(0)
  const extra = (): number[] =>
    ['scrape_timeout_seconds', 'scrape_sample_limit', 'scrape_body_size_bytes'].map((name) => sink.value(name))
  assert.deepEqual(extra(), [10, 5, 4])
  page.body = 'a 1\nbcdefgh 2\n'
  await at(15_000)
  assert.deepEqual(extra(), [10, 5, -1])
  page.status = 500
  await at(30_000)
  assert.deepEqual(extra(), [10, 5, 0])
})
