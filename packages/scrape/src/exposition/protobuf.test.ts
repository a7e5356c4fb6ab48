import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ProtoWriter, WireError } from '@quartet/model'
import type { NativeHistogram } from '@quartet/model'

import { CustomBucketsParser } from './custom-buckets.ts'
import { ExpositionError } from './entry.ts'
import type { ExpositionParser } from './entry.ts'
import { OpenMetricsParser } from './open-metrics.ts'
import { ProtobufParser } from './protobuf.ts'

type Write = (writer: ProtoWriter) => void

function message(field: number, content: Write): Write {
  return (writer) => {
    const start = writer.begin(field)
    content(writer)
    writer.finish(start)
  }
}

function all(...parts: Write[]): Write {
  return (writer) => {
    for (const part of parts) part(writer)
  }
}

function family(name: string, type: number, ...metrics: Write[]): Uint8Array {
  const writer = new ProtoWriter()
  writer.string(1, name).string(2, `Help of ${name}.`).uint(3, type)
  for (const metric of metrics) message(4, metric)(writer)
  const framed = new ProtoWriter()
  return framed.varint(writer.length).raw(writer.view()).toBytes()
}

const label = (name: string, value: string): Write =>
  message(1, (writer) => void writer.string(1, name).string(2, value))
const timestamp = (field: number, seconds: number): Write => message(field, (writer) => void writer.int64(1, seconds))
const exemplar = (field: number, value: number, seconds: number): Write =>
  message(field, (writer) => {
    label('trace_id', `t${value}`)(writer)
    writer.double(2, value)
    timestamp(3, seconds)(writer)
  })
const bucket = (bound: number, count: number): Write =>
  message(3, (writer) => void writer.uint(1, count).double(2, bound))

/** Schema 2 with buckets 1–2 and 5 and a zero bucket. */
const native: Write = (writer) => {
  writer.sint32(5, 2).double(6, 0.001).uint(7, 1)
  message(12, (span) => void span.sint32(1, 1).uint(2, 2))(writer)
  message(12, (span) => void span.sint32(1, 2).uint(2, 1))(writer)
  for (const delta of [3n, -1n, 2n]) writer.sint64(13, delta)
}
const classic = all(bucket(1, 4), bucket(2.5, 9), bucket(100, 10))
const totals: Write = (writer) => void writer.uint(1, 10).double(2, 18)

const PAGE = Buffer.concat([
  family(
    'requests_total',
    0,
    all(
      label('code', '200'),
      message(
        3,
        all((writer) => void writer.double(1, 7), exemplar(2, 0.5, 9), timestamp(3, 100)),
      ),
    ),
  ),
  family('empty', 1),
  family('latency', 4, all(label('path', '/'), message(7, all(totals, native, classic, exemplar(16, 1.5, 8))))),
  family(
    'rpc',
    2,
    message(
      4,
      all(
        totals,
        message(3, (writer) => void writer.double(1, 0.5).double(2, 3)),
      ),
    ),
  ),
  family(
    'temperature',
    1,
    all(
      message(2, (writer) => void writer.double(1, -4)),
      (writer) => void writer.int64(6, 77),
    ),
  ),
])

/** Every entry as a line. */
function lines(parser: ExpositionParser): string[] {
  const found: string[] = []
  for (let kind = parser.next(); kind !== 'end'; kind = parser.next()) {
    if (kind !== 'series' && kind !== 'histogram') {
      found.push(`${kind} ${parser.family} ${parser.text}`)
      continue
    }
    const labels = parser.labels().map(([name, value]) => `${name}=${value}`)
    const value = kind === 'series' ? String(parser.value) : histogramText(parser.histogram!)
    const exemplars = (kind === 'histogram' ? parser.histogramExemplars!() : [parser.exemplar()]).map((one) =>
      one === undefined ? '' : ` # ${one.labels[0][1]} ${one.value} @${one.timeMs}`,
    )
    found.push(
      `${labels.join(',')} ${value}${parser.timeMs === undefined ? '' : ` @${parser.timeMs}`}${exemplars.join('')}`,
    )
  }
  return found
}

function histogramText({ schema, count, sum, zeroCount, positive, customBounds }: NativeHistogram): string {
  const buckets = [...positive.indices].map((index, at) => `${index}:${positive.counts[at]}`)
  return `{${schema} ${count} ${sum} ${zeroCount} ${buckets.join(' ')}${customBounds ? ` bounds ${[...customBounds].join(' ')}` : ''}}`
}

const CLASSIC_LINES = [
  '__name__=latency_count,path=/ 10',
  '__name__=latency_sum,path=/ 18',
  '__name__=latency_bucket,le=1.0,path=/ 4',
  '__name__=latency_bucket,le=2.5,path=/ 9',
  '__name__=latency_bucket,le=100.0,path=/ 10',
  '__name__=latency_bucket,le=+Inf,path=/ 10',
]
const NATIVE_LINE = '__name__=latency,path=/ {2 10 18 1 1:3 2:2 5:4} # t1.5 1.5 @8000'

function page(histogram: readonly string[]): string[] {
  return [
    'help requests_total Help of requests_total.',
    'type requests_total counter',
    '__name__=requests_total,code=200 7 # t0.5 0.5 @9000',
    'help latency Help of latency.',
    'type latency histogram',
    ...histogram,
    'help rpc Help of rpc.',
    'type rpc summary',
    '__name__=rpc_count 10',
    '__name__=rpc_sum 18',
    '__name__=rpc,quantile=0.5 3',
    'help temperature Help of temperature.',
    'type temperature gauge',
    '__name__=temperature -4 @77',
  ]
}

test('families become the entries that upstream makes of them', () => {
  assert.deepEqual(lines(new ProtobufParser(PAGE)), page([NATIVE_LINE]))
  assert.deepEqual(lines(new ProtobufParser(PAGE, { withClassic: true })), page([NATIVE_LINE, ...CLASSIC_LINES]))
  assert.deepEqual(lines(new ProtobufParser(PAGE, { withNative: false })), page(CLASSIC_LINES))
})

test('a series that is known is taken by its bytes', () => {
  const first = new ProtobufParser(PAGE)
  while (first.next() !== 'series');
  const known = first.bytes
  const second = new ProtobufParser(PAGE)
  assert.equal(second.nextIfKnown(known, 0, known.length), false)
  assert.equal(second.next(), 'help')
  assert.equal(second.next(), 'type')
  assert.equal(second.nextIfKnown(known, 0, known.length), true)
  assert.deepEqual([second.value, second.createdMs], [7, 100_000])
  assert.equal(second.next(), 'help')
})

test('classic histograms become native ones with custom buckets, native ones stay', () => {
  const converted = '__name__=latency,path=/ {-53 10 18 0 0:4 1:5 2:1 bounds 1 2.5 100}'
  const parser = (keeps: boolean): ExpositionParser =>
    new CustomBucketsParser(new ProtobufParser(PAGE, { withNative: false }), keeps)
  assert.deepEqual(lines(parser(false)), page([converted]))
  assert.deepEqual(lines(parser(true)), page([...CLASSIC_LINES, converted]))
  const both = new CustomBucketsParser(new ProtobufParser(PAGE, { withClassic: true }), true)
  assert.deepEqual(lines(both), page([NATIVE_LINE, ...CLASSIC_LINES]))
})

test('text pages convert as well, one histogram per set of labels', () => {
  const text = `# TYPE h histogram
h_bucket{a="1",le="1"} 1
h_bucket{a="1",le="+Inf"} 3
h_sum{a="1"} 5
h_count{a="1"} 3
h_bucket{a="2",le="1"} 4 # {t="x"} 0.5 7
h_bucket{a="2",le="+Inf"} 4
h_sum{a="2"} 2
h_count{a="2"} 4
# TYPE g gauge
g_bucket 1
# EOF
`
  const parser = (keeps: boolean): string[] =>
    lines(new CustomBucketsParser(new OpenMetricsParser(Buffer.from(text)), keeps)).filter((line) =>
      line.startsWith('__'),
    )
  assert.deepEqual(parser(false), [
    '__name__=h,a=1 {-53 3 5 0 0:1 1:2 bounds 1}',
    '__name__=h,a=2 {-53 4 2 0 0:4 bounds 1} # x 0.5 @7000',
    '__name__=g_bucket 1',
  ])
  assert.equal(parser(true).length, 11)
})

test('what contradicts itself is refused, and damage never gets further than a typed error', () => {
  const wrong = family(
    'h',
    4,
    message(
      7,
      all((writer) => void writer.uint(1, 5), native),
    ),
  )
  assert.throws(() => lines(new ProtobufParser(wrong)), /10 observations found in buckets, but the Count field is 5/)
  const spans = family(
    'h',
    4,
    message(7, (writer) => message(12, (span) => void span.uint(2, 3))(writer)),
  )
  assert.throws(() => lines(new ProtobufParser(spans)), /^ExpositionError: positive side: spans need 3 buckets, have 0/)
  let state = 11
  const below = (bound: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 4294967296) * bound)
  }
  for (let run = 0; run < 5000; run++) {
    const bytes = PAGE.slice(0, below(2) ? PAGE.length : below(PAGE.length))
    for (let count = below(4); count >= 0 && bytes.length > 0; count--) bytes[below(bytes.length)] = below(256)
    try {
      lines(new CustomBucketsParser(new ProtobufParser(bytes, { withClassic: true }), true))
    } catch (error) {
      assert.ok(error instanceof ExpositionError || error instanceof WireError, `run ${run}: ${error}`)
    }
  }
})
