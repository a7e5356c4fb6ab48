import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@quartet/storage/testing'
import { OtlpTracesReader, WireError } from '@quartet/model'
import { otlpRequest, testGenerator } from '../support/generator.ts'
import type { TestSpan } from '../support/generator.ts'

const SEED = Number(process.env['SEED'] ?? 20260101)

const sum = (lines: readonly string[]): number =>
  lines.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)

test(`every span is counted once, however they are batched (seed ${SEED})`, async () => {
  const { next: random } = seededRandom(SEED)
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]
  const spans = Array.from({ length: 500 }, (_, index): TestSpan => ({
    service: pick(['a', 'b', undefined, 'c']),
    name: pick(['x', 'y', 'z'.repeat(40), '']),
    kind: pick(['SERVER', 'CLIENT', 'INTERNAL', 'PRODUCER', 'CONSUMER']),
    status: pick(['UNSET', 'OK', 'ERROR']),
    lasts: random() * 20,
    ago: random() * 20,
    trace: `t${index % 50}`,
    id: `s${index}`,
    ...(random() < 0.3 ? {} : { parent: `s${Math.floor(random() * 500)}` }),
    attributes: random() < 0.2 ? { 'db.name': pick(['d', 'e']) } : {},
  }))
  let expected: string[] | undefined
  for (const batchSize of [500, 1, 7, 64]) {
    const one = await testGenerator()
    for (let at = 0; at < spans.length; at += batchSize) one.send(...spans.slice(at, at + batchSize))
    await one.wait(10_000)
    one.generator.tick()
    await one.generator.collect()
    assert.equal(sum(one.sink.series('spanmetrics_calls_total{')), spans.length)
    assert.equal(sum(one.sink.series('spanmetrics_latency_count{')), spans.length)
    assert.equal(sum(one.sink.series('spanmetrics_latency_bucket{', 'le="+Inf"')), spans.length)
    const edges = sum(one.sink.series('service_graph_request_total{'))
    assert.equal(sum(one.sink.series('request_server_seconds_count{')), edges)
    assert.ok(edges > 50, `only ${edges} requests were paired`)
    const all = one.sink.series('traces_')
    assert.deepEqual(all, (expected ??= all))
  }
})

test(`broken bytes give a value or a WireError, and never stop the generator (seed ${SEED})`, async () => {
  const { next: random } = seededRandom(SEED)
  const one = await testGenerator({
    overrides: 'processors: [span-metrics, service-graphs, host-info]',
    generator: `processor:
  span_metrics: { enable_target_info: true, dimensions: [list, db.name] }
  service_graphs: { dimensions: [list] }`,
  })
  const spans: TestSpan[] = [
    {
      service: 's',
      kind: 'SERVER',
      attributes: { list: [1n, 'x', [2]] },
      resource: { 'host.id': 'h', 'service.instance.id': 'i' },
    },
    {
      service: 'c',
      kind: 'CLIENT',
      attributes: { 'db.name': 'd', 'network.peer.address': 'a', 'network.peer.port': 1n },
    },
  ]
  const good = otlpRequest(spans, one.clock.nowMs())
  const reader = new OtlpTracesReader()
  let read = 0
  for (let round = 0; round < 3000; round++) {
    const bytes = good.slice()
    for (let change = 0; change < 1 + random() * 3; change++)
      bytes[Math.floor(random() * bytes.length)] = random() * 256
    try {
      one.generator.push(reader.read(bytes))
      read++
    } catch (error) {
      if (!(error instanceof WireError)) throw error
    }
  }
  assert.ok(read > 500, `only ${read} requests were readable`)
  await one.generator.collect()
  const discarded = /reason="invalid_utf8",processor="span-metrics"\} (\d+)/.exec((await one.metrics.render()).text)
  assert.ok(Number(discarded?.[1]) > 10, 'labels that are not UTF-8 are left out')
  for (const line of one.sink.lines) assert.doesNotMatch(line, /service="[^"]*\ufffd/)
})
