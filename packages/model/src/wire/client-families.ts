import { reduceResolution, compactHistogram } from '../metric/histogram-arithmetic.ts'
import { MAX_SCHEMA, NO_BUCKETS, RESET_GAUGE, RESET_UNKNOWN } from '../metric/native-histogram.ts'
import type { HistogramBuckets, NativeHistogram } from '../metric/native-histogram.ts'
import { bucketsFromSpans } from './bucket-spans.ts'
import type { BucketSpan } from './bucket-spans.ts'
import { FAMILY_TYPES } from '../metric/family.ts'
import type { FamilyType } from '../metric/family.ts'
import { double, readNumbers, readSpan, signed, unsigned } from './native-histogram-proto.ts'
import { ProtoReader } from './proto-reader.ts'

/** `io.prometheus.client.MetricFamily` as a scrape needs it, with native histograms, exemplars and created timestamps. */
export interface ClientFamily {
  readonly name: string
  readonly help: string
  readonly unit: string
  /** undefined for a number that the format does not have. */
  readonly type: FamilyType | undefined
  readonly metrics: readonly ClientMetric[]
}

export interface ClientMetric {
  readonly labels: readonly (readonly [string, string])[]
  /** 0 when there is none. */
  readonly timeMs: number
  /** Of a counter, a gauge or an untyped metric. */
  readonly value: number
  readonly exemplar: ClientExemplar | undefined
  readonly createdMs: number
  readonly summary: ClientSummary | undefined
  readonly histogram: ClientHistogram | undefined
}

export interface ClientExemplar {
  readonly labels: readonly (readonly [string, string])[]
  readonly value: number
  readonly timeMs: number | undefined
}

export interface ClientSummary {
  readonly count: number
  readonly sum: number
  readonly quantiles: readonly { readonly quantile: number; readonly value: number }[]
}

export interface ClientHistogram {
  readonly count: number
  readonly sum: number
  readonly buckets: readonly {
    readonly upperBound: number
    readonly count: number
    readonly exemplar: ClientExemplar | undefined
  }[]
  /** undefined when it has classic buckets only; upstream's text when its parts contradict each other. */
  readonly native: NativeHistogram | string | undefined
  readonly exemplars: readonly ClientExemplar[]
}

/** Reads length-delimited families one after the other. @throws WireError */
export function* readClientFamilies(bytes: Uint8Array): Generator<ClientFamily> {
  const reader = new ProtoReader(bytes)
  while (reader.position < bytes.length) {
    const end = reader.enter()
    const family = readFamily(reader)
    reader.leave(end)
    yield family
  }
}

function readFamily(reader: ProtoReader): ClientFamily {
  let [name, help, unit] = ['', '', '']
  let type = 0
  // The type may stand behind the metrics that it explains.
  const ranges: [number, number][] = []
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) name = reader.string()
    else if (field === 2) help = reader.string()
    else if (field === 3) type = reader.uint32()
    else if (field === 5) unit = reader.string()
    else if (field === 4) {
      reader.range()
      ranges.push([reader.rangeStart, reader.rangeEnd])
    } else reader.skip()
  }
  const known = FAMILY_TYPES[type]
  const isGauge = known === 'GAUGE_HISTOGRAM'
  const inner = new ProtoReader()
  const metrics = ranges.map(([start, end]) => readMetric(inner.reset(reader.bytes, start, end), isGauge))
  return { name, help, unit, type: known, metrics }
}

function readMetric(reader: ProtoReader, isGauge: boolean): ClientMetric {
  const labels: [string, string][] = []
  let [timeMs, value, createdMs] = [0, 0, 0]
  let exemplar: ClientExemplar | undefined
  let summary: ClientSummary | undefined
  let histogram: ClientHistogram | undefined
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) labels.push(nested(reader, readLabel))
    else if (field === 6) timeMs = reader.int64AsNumber()
    else if (field === 2 || field === 3 || field === 5) {
      const simple = nested(reader, readSimple)
      value = simple.value
      if (field === 3) ({ exemplar, createdMs } = simple)
    } else if (field === 4) {
      const read = nested(reader, readSummary)
      summary = read
      createdMs = read.createdMs
    } else if (field === 7) {
      const read = nested(reader, (from) => readHistogram(from, isGauge))
      histogram = read
      createdMs = read.createdMs
    } else reader.skip()
  }
  return { labels, timeMs, value, exemplar, createdMs, summary, histogram }
}

function readLabel(reader: ProtoReader): [string, string] {
  let [name, value] = ['', '']
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) name = reader.string()
    else if (field === 2) value = reader.string()
    else reader.skip()
  }
  return [name, value]
}

function readSimple(reader: ProtoReader): { value: number; exemplar: ClientExemplar | undefined; createdMs: number } {
  let [value, createdMs] = [0, 0]
  let exemplar: ClientExemplar | undefined
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) value = reader.double()
    else if (field === 2) exemplar = nested(reader, readExemplar)
    else if (field === 3) createdMs = nested(reader, readTimestamp)
    else reader.skip()
  }
  return { value, exemplar, createdMs }
}

function readExemplar(reader: ProtoReader): ClientExemplar {
  const labels: [string, string][] = []
  let value = 0
  let timeMs: number | undefined
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) labels.push(nested(reader, readLabel))
    else if (field === 2) value = reader.double()
    else if (field === 3) timeMs = nested(reader, readTimestamp)
    else reader.skip()
  }
  return { labels, value, timeMs }
}

function readTimestamp(reader: ProtoReader): number {
  let [seconds, nanos] = [0, 0]
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) seconds = reader.int64AsNumber()
    else if (field === 2) nanos = reader.int32()
    else reader.skip()
  }
  return seconds * 1000 + Math.trunc(nanos / 1e6)
}

function readSummary(reader: ProtoReader): ClientSummary & { readonly createdMs: number } {
  let [count, sum, createdMs] = [0, 0, 0]
  const quantiles: { quantile: number; value: number }[] = []
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) count = unsigned(reader)
    else if (field === 2) sum = reader.double()
    else if (field === 3) {
      const { first: quantile, second: value } = nested(reader, readPair)
      quantiles.push({ quantile, value })
    } else if (field === 4) createdMs = nested(reader, readTimestamp)
    else reader.skip()
  }
  return { count, sum, quantiles, createdMs }
}

function readPair(reader: ProtoReader): { first: number; second: number } {
  let [first, second] = [0, 0]
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) first = reader.double()
    else if (field === 2) second = reader.double()
    else reader.skip()
  }
  return { first, second }
}

interface Side {
  readonly spans: BucketSpan[]
  readonly deltas: number[]
  readonly counts: number[]
}

function readHistogram(reader: ProtoReader, isGauge: boolean): ClientHistogram & { readonly createdMs: number } {
  let [whole, fractional, sum, schema, zeroThreshold, zeroWhole, zeroFractional, createdMs] = [0, 0, 0, 0, 0, 0, 0, 0]
  const buckets: ClientHistogram['buckets'][number][] = []
  const exemplars: ClientExemplar[] = []
  const negative: Side = { spans: [], deltas: [], counts: [] }
  const positive: Side = { spans: [], deltas: [], counts: [] }
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) whole = unsigned(reader)
    else if (field === 2) sum = reader.double()
    else if (field === 3) buckets.push(nested(reader, readBucket))
    else if (field === 4) fractional = reader.double()
    else if (field === 5) schema = reader.sint32()
    else if (field === 6) zeroThreshold = reader.double()
    else if (field === 7) zeroWhole = unsigned(reader)
    else if (field === 8) zeroFractional = reader.double()
    else if (field === 9) negative.spans.push(readSpan(reader))
    else if (field === 10) readNumbers(reader, negative.deltas, signed)
    else if (field === 11) readNumbers(reader, negative.counts, double)
    else if (field === 12) positive.spans.push(readSpan(reader))
    else if (field === 13) readNumbers(reader, positive.deltas, signed)
    else if (field === 14) readNumbers(reader, positive.counts, double)
    else if (field === 15) createdMs = nested(reader, readTimestamp)
    else if (field === 16) exemplars.push(nested(reader, readExemplar))
    else reader.skip()
  }
  // A native histogram without observations has a span of no length to say that it is one.
  const isNative = positive.spans.length + negative.spans.length > 0 || zeroThreshold > 0 || zeroWhole > 0
  const isFloat = fractional > 0 || zeroFractional > 0
  const build = (): NativeHistogram | string => {
    const sides = [sideOf(positive, isFloat, 'positive'), sideOf(negative, isFloat, 'negative')]
    const problem = sides.find((side) => typeof side === 'string')
    if (typeof problem === 'string') return problem
    const [positiveBuckets, negativeBuckets] = sides as HistogramBuckets[]
    const histogram = compactHistogram({
      schema,
      zeroThreshold,
      zeroCount: isFloat ? zeroFractional : zeroWhole,
      count: isFloat ? fractional : whole,
      sum,
      positive: positiveBuckets ?? NO_BUCKETS,
      negative: negativeBuckets ?? NO_BUCKETS,
      customBounds: undefined,
      resetHint: isGauge ? RESET_GAUGE : RESET_UNKNOWN,
      isFloat,
    })
    return schema > MAX_SCHEMA && schema <= 52 ? reduceResolution(histogram, MAX_SCHEMA) : histogram
  }
  const count = fractional === 0 ? whole : fractional
  return { count, sum, buckets, native: isNative ? build() : undefined, exemplars, createdMs }
}

function sideOf({ spans, deltas, counts }: Side, isFloat: boolean, name: string): HistogramBuckets | string {
  const buckets = bucketsFromSpans(spans, isFloat ? counts : deltas, !isFloat)
  return typeof buckets === 'string' ? `${name} side: ${buckets}` : buckets
}

function readBucket(reader: ProtoReader): ClientHistogram['buckets'][number] {
  let [whole, fractional, upperBound] = [0, 0, 0]
  let exemplar: ClientExemplar | undefined
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) whole = unsigned(reader)
    else if (field === 2) upperBound = reader.double()
    else if (field === 3) exemplar = nested(reader, readExemplar)
    else if (field === 4) fractional = reader.double()
    else reader.skip()
  }
  return { upperBound, count: fractional === 0 ? whole : fractional, exemplar }
}

function nested<T>(reader: ProtoReader, read: (reader: ProtoReader) => T): T {
  const end = reader.enter()
  const value = read(reader)
  reader.leave(end)
  return value
}
