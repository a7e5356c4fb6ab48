import { reduceResolution } from '../metric/histogram-arithmetic.ts'
import { CUSTOM_BUCKETS_SCHEMA, MAX_SCHEMA, NO_BUCKETS } from '../metric/native-histogram.ts'
import type { HistogramBuckets, NativeHistogram, ResetHint } from '../metric/native-histogram.ts'
import { bucketsFromSpans, spansOf } from './bucket-spans.ts'
import type { BucketSpan } from './bucket-spans.ts'
import { WIRE_BYTES } from './proto-reader.ts'
import type { ProtoReader } from './proto-reader.ts'
import type { ProtoWriter } from './proto-writer.ts'

/** A `prometheus.Histogram`; the message is the same in remote write 1.0 and 2.0. */
export interface HistogramMessage {
  readonly timeMs: number
  /** Without buckets when there is a {@link problem}. */
  readonly histogram: NativeHistogram
  /** Its sum has the stale marker's bits. */
  readonly isStale: boolean
  /** Upstream's text when its parts contradict each other. */
  readonly problem: string | undefined
}

const STALE_LOW = 2
const STALE_HIGH = 0x7ff00000
/** The finest schema of the data model. */
const FINEST_SCHEMA = 52

/** Reads the message that the reader is in. @throws WireError */
export function readNativeHistogram(reader: ProtoReader): HistogramMessage {
  let [timeMs, count, sum, schema, zeroThreshold, zeroCount] = [0, 0, 0, 0, 0, 0]
  let resetHint = 0
  let [isFloat, isStale] = [false, false]
  const negative = newSide()
  const positive = newSide()
  const bounds: number[] = []
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    switch (field) {
      case 1:
        count = unsigned(reader)
        isFloat = false
        break
      case 2:
        count = reader.double()
        isFloat = true
        break
      case 3: {
        const start = reader.position
        reader.fixed64Halves()
        isStale = reader.fixed64Low === STALE_LOW && reader.fixed64High === STALE_HIGH
        reader.position = start
        sum = reader.double()
        break
      }
      case 4:
        schema = reader.sint32()
        break
      case 5:
        zeroThreshold = reader.double()
        break
      case 6:
        zeroCount = unsigned(reader)
        break
      case 7:
        zeroCount = reader.double()
        break
      case 8:
        negative.spans.push(readSpan(reader))
        break
      case 9:
        readNumbers(reader, negative.deltas, signed)
        break
      case 10:
        readNumbers(reader, negative.counts, double)
        break
      case 11:
        positive.spans.push(readSpan(reader))
        break
      case 12:
        readNumbers(reader, positive.deltas, signed)
        break
      case 13:
        readNumbers(reader, positive.counts, double)
        break
      case 14:
        resetHint = reader.uint32()
        break
      case 15:
        timeMs = reader.int64AsNumber()
        break
      case 16:
        readNumbers(reader, bounds, double)
        break
      default:
        reader.skip()
    }
  }
  const isCustom = schema === CUSTOM_BUCKETS_SCHEMA
  const sides = [sideOf(positive, isFloat, 'positive'), sideOf(negative, isFloat, 'negative')]
  const problem = sides.find((side) => typeof side === 'string') as string | undefined
  const [positiveBuckets, negativeBuckets] = problem === undefined ? (sides as HistogramBuckets[]) : EMPTY_SIDES
  const histogram: NativeHistogram = {
    schema,
    zeroThreshold,
    zeroCount,
    count,
    sum,
    positive: positiveBuckets,
    negative: negativeBuckets,
    customBounds: isCustom || bounds.length > 0 ? Float64Array.from(bounds) : undefined,
    resetHint: (resetHint & 3) as ResetHint,
    isFloat,
  }
  const isTooFine = schema > MAX_SCHEMA && schema <= FINEST_SCHEMA
  return { timeMs, histogram: isTooFine ? reduceResolution(histogram, MAX_SCHEMA) : histogram, isStale, problem }
}

const EMPTY_SIDES = [NO_BUCKETS, NO_BUCKETS]

interface Side {
  readonly spans: BucketSpan[]
  readonly deltas: number[]
  readonly counts: number[]
}

function newSide(): Side {
  return { spans: [], deltas: [], counts: [] }
}

function sideOf({ spans, deltas, counts }: Side, isFloat: boolean, name: string): HistogramBuckets | string {
  const buckets = bucketsFromSpans(spans, isFloat ? counts : deltas, !isFloat)
  return typeof buckets === 'string' ? `${name} side: ${buckets}` : buckets
}

export function readSpan(reader: ProtoReader): BucketSpan {
  reader.expect(WIRE_BYTES, 'span')
  const outer = reader.enter()
  let [offset, length] = [0, 0]
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) offset = reader.sint32()
    else if (field === 2) length = reader.uint32()
    else reader.skip()
  }
  reader.leave(outer)
  return { offset, length }
}

/** A repeated field of numbers, packed or not. */
export function readNumbers(reader: ProtoReader, into: number[], read: (reader: ProtoReader) => number): void {
  if (reader.wireType !== WIRE_BYTES) {
    into.push(read(reader))
    return
  }
  const outer = reader.enter()
  while (reader.position < reader.end) into.push(read(reader))
  reader.leave(outer)
}

export function double(reader: ProtoReader): number {
  return reader.double()
}

/** uint64: exact up to 2^53. */
export function unsigned(reader: ProtoReader): number {
  const value = reader.int64AsNumber()
  return value < 0 ? value + 2 ** 64 : value
}

/** sint64: exact up to 2^52. */
export function signed(reader: ProtoReader): number {
  const value = unsigned(reader)
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

/** Writes the fields of a `prometheus.Histogram`; whole counts as integers unless the histogram is one of floats. */
export function writeNativeHistogram(writer: ProtoWriter, timeMs: number, histogram: NativeHistogram): void {
  const { isFloat, schema, customBounds } = histogram
  if (isFloat) writer.double(2, histogram.count)
  else writer.uint(1, histogram.count)
  writer.double(3, histogram.sum).sint32(4, schema).double(5, histogram.zeroThreshold)
  if (isFloat) writer.double(7, histogram.zeroCount)
  else writer.uint(6, histogram.zeroCount)
  writeSide(writer, histogram.negative, isFloat, { spans: 8, deltas: 9, counts: 10 })
  writeSide(writer, histogram.positive, isFloat, { spans: 11, deltas: 12, counts: 13 })
  writer.uint(14, histogram.resetHint).int64(15, timeMs)
  if (schema !== CUSTOM_BUCKETS_SCHEMA || customBounds === undefined) return
  const start = writer.begin(16)
  for (const bound of customBounds) writer.rawDouble(bound)
  writer.finish(start)
}

function writeSide(
  writer: ProtoWriter,
  buckets: HistogramBuckets,
  isFloat: boolean,
  fields: { readonly spans: number; readonly deltas: number; readonly counts: number },
): void {
  for (const { offset, length } of spansOf(buckets)) {
    const start = writer.begin(fields.spans)
    writer.sint32(1, offset).uint(2, length)
    writer.finish(start)
  }
  if (buckets.counts.length === 0) return
  const start = writer.begin(isFloat ? fields.counts : fields.deltas)
  let previous = 0
  for (const count of buckets.counts) {
    if (isFloat) writer.rawDouble(count)
    else writer.varint(zigzag(count - previous))
    previous = count
  }
  writer.finish(start)
}

function zigzag(value: number): number {
  return value >= 0 ? 2 * value : -2 * value - 1
}
