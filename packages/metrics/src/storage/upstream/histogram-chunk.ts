import {
  bitsOf,
  CUSTOM_BUCKETS_SCHEMA,
  isStaleAt,
  MAX_SCHEMA,
  NO_BUCKETS,
  RESET_GAUGE,
  RESET_NO,
  RESET_UNKNOWN,
  RESET_YES,
  reduceResolution,
} from '@quartet/model'
import type { HistogramBuckets, NativeHistogram, ResetHint } from '@quartet/model'
import type { SampleColumns } from '../../query/source.ts'
import { BitReader } from './bit-reader.ts'
import { BitWriter } from './bit-writer.ts'
import { UpstreamFormatError } from './format-error.ts'
import { bucketIndices, spansOf } from './spans.ts'
import type { Span } from './spans.ts'
import { XorValue } from './xor-value.ts'

const HEADER_BYTES = 3
const FLAGS_AT = 2
/** What a chunk's flags say of its first histogram. Source: tsdb/chunkenc/histogram.go. */
const HEADER_RESET = 0x80
const HEADER_NO_RESET = 0x40
const HEADER_GAUGE = 0xc0
const MAX_BUCKETS = 1 << 20

const reader = new BitReader()
const writer = new BitWriter()
const scratch = new Float64Array(1)
const scratchBits = bitsOf(scratch)

interface Layout {
  readonly schema: number
  readonly zeroThreshold: number
  readonly positive: Int32Array
  readonly negative: Int32Array
  readonly customBounds: Float64Array | undefined
}

/**
 * Appends the samples of a chunk of native histograms; stale ones become stale floats.
 * @throws UpstreamFormatError when it is malformed
 */
export function decodeHistogramChunk(data: Uint8Array, isFloat: boolean, into: SampleColumns): void {
  if (data.length < HEADER_BYTES) throw new UpstreamFormatError('chunk without a header')
  const count = (data[0] << 8) | data[1]
  if (count > 8 * data.length) throw new UpstreamFormatError(`chunk of ${data.length} bytes claims ${count} samples`)
  if (count === 0) return
  const flags = data[FLAGS_AT] & HEADER_GAUGE
  const bits = reader.open(data, HEADER_BYTES)
  const layout = readLayout(bits)
  into.reserve(into.count + count)
  const samples = isFloat ? new FloatSamples(layout) : new IntegerSamples(layout)
  let timeMs = 0
  let delta = 0
  for (let index = 0; index < count; index++) {
    if (index === 0) timeMs = bits.varbit()
    else {
      delta += bits.varbit()
      timeMs += delta
    }
    samples.read(bits, index === 0)
    const at = into.count++
    into.timesMs[at] = timeMs
    into.bits[2 * at] = samples.sum.low
    into.bits[2 * at + 1] = samples.sum.high
    if (isStaleAt(into.bits, at)) continue
    const sum = into.values[at]
    const histogram = samples.histogram(sum, hintOf(flags, index))
    into.histograms ??= []
    into.histograms[at] = layout.schema > MAX_SCHEMA ? reduceResolution(histogram, MAX_SCHEMA) : histogram
    into.values[at] = 0
  }
}

/**
 * Encodes the histograms [start, end) of the columns as one chunk. All have the layout and kind of the first, and no reset is among them
 * but, perhaps, at the first: see {@link histogramRunEnd}.
 */
export function encodeHistogramChunk(columns: SampleColumns, start: number, end: number): Uint8Array {
  const { timesMs } = columns
  const histograms = columns.histograms!
  const first = histograms[start]!
  const bits = writer.reset()
  bits.bits(end - start, 16).bits(flagsOf(first.resetHint), 8)
  const layout: Layout = {
    schema: first.schema,
    zeroThreshold: first.zeroThreshold,
    positive: unionOfIndices(histograms, start, end, 'positive'),
    negative: unionOfIndices(histograms, start, end, 'negative'),
    customBounds: first.customBounds,
  }
  writeLayout(bits, layout)
  const samples = first.isFloat ? new FloatSamples(layout) : new IntegerSamples(layout)
  let delta = 0
  for (let at = start; at < end; at++) {
    if (at === start) bits.varbit(timesMs[at])
    else {
      const next = timesMs[at] - timesMs[at - 1]
      bits.varbit(next - delta)
      delta = next
    }
    samples.write(bits, histograms[at]!, at === start)
  }
  return bits.toBytes()
}

/** Where a chunk must end that begins with the histogram at `start`. */
export function histogramRunEnd(columns: SampleColumns, start: number, limit: number): number {
  const histograms = columns.histograms!
  const first = histograms[start]!
  const isGauge = first.resetHint === RESET_GAUGE
  let end = start + 1
  for (; end < limit; end++) {
    const next = histograms[end]
    if (next === undefined || next.isFloat !== first.isFloat) break
    if (isGauge ? next.resetHint !== RESET_GAUGE : next.resetHint !== RESET_NO) break
    if (next.schema !== first.schema || next.zeroThreshold !== first.zeroThreshold) break
    if (!haveSameBounds(next.customBounds, first.customBounds)) break
  }
  return end
}

function haveSameBounds(a: Float64Array | undefined, b: Float64Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.length === b.length && a.every((bound, index) => bound === b[index])
}

function hintOf(flags: number, index: number): ResetHint {
  if (flags === HEADER_GAUGE) return RESET_GAUGE
  if (index > 0) return RESET_NO
  return flags === HEADER_RESET ? RESET_YES : RESET_UNKNOWN
}

function flagsOf(hint: ResetHint): number {
  if (hint === RESET_GAUGE) return HEADER_GAUGE
  return hint === RESET_YES ? HEADER_RESET : hint === RESET_NO ? HEADER_NO_RESET : 0
}

function unionOfIndices(
  histograms: readonly (NativeHistogram | undefined)[],
  start: number,
  end: number,
  side: 'positive' | 'negative',
): Int32Array {
  const all = new Set<number>()
  for (let at = start; at < end; at++) for (const index of histograms[at]![side].indices) all.add(index)
  return Int32Array.from(all).sort()
}

/** Whole counts: differences of differences of the differences between neighbouring buckets. */
class IntegerSamples {
  readonly sum = new XorValue()
  readonly #layout: Layout
  readonly #count = new SecondDifference()
  readonly #zeroCount = new SecondDifference()
  readonly #buckets: readonly SecondDifference[]

  constructor(layout: Layout) {
    this.#layout = layout
    const size = layout.positive.length + layout.negative.length
    this.#buckets = Array.from({ length: size }, () => new SecondDifference())
  }

  read(bits: BitReader, isFirst: boolean): void {
    if (isFirst) {
      this.#count.value = bits.uvarbit()
      this.#zeroCount.value = bits.uvarbit()
      bits.read64(64)
      this.sum.set(bits.high, bits.low)
      for (const bucket of this.#buckets) bucket.value = bits.varbit()
      return
    }
    this.#count.add(bits.varbit())
    this.#zeroCount.add(bits.varbit())
    this.sum.read(bits)
    // Nothing is written for the buckets of a stale marker.
    if (isStaleSum(this.sum)) return
    for (const bucket of this.#buckets) bucket.add(bits.varbit())
  }

  write(bits: BitWriter, histogram: NativeHistogram, isFirst: boolean): void {
    const buckets = this.#deltas(histogram)
    scratch[0] = histogram.sum
    if (isFirst) {
      bits.uvarbit((this.#count.value = histogram.count))
      bits.uvarbit((this.#zeroCount.value = histogram.zeroCount))
      bits.bits64(scratchBits[1], scratchBits[0], 64)
      this.sum.set(scratchBits[1] | 0, scratchBits[0] | 0)
      for (const [index, bucket] of this.#buckets.entries()) bits.varbit((bucket.value = buckets[index]))
      return
    }
    bits.varbit(this.#count.next(histogram.count))
    bits.varbit(this.#zeroCount.next(histogram.zeroCount))
    this.sum.write(bits, scratchBits[1] | 0, scratchBits[0] | 0)
    for (const [index, bucket] of this.#buckets.entries()) bits.varbit(bucket.next(buckets[index]))
  }

  histogram(sum: number, resetHint: ResetHint): NativeHistogram {
    const { positive, negative, ...layout } = this.#layout
    const counts = (from: number, indices: Int32Array): HistogramBuckets => {
      let running = 0
      const values = Float64Array.from(indices, (_, index) => (running += this.#buckets[from + index].value))
      return populated(indices, values)
    }
    return {
      ...layout,
      count: this.#count.value,
      zeroCount: this.#zeroCount.value,
      sum,
      positive: counts(0, positive),
      negative: counts(positive.length, negative),
      resetHint,
      isFloat: false,
    }
  }

  #deltas(histogram: NativeHistogram): number[] {
    const deltas: number[] = []
    for (const side of ['positive', 'negative'] as const) {
      let before = 0
      for (const count of spread(this.#layout[side], histogram[side])) {
        deltas.push(count - before)
        before = count
      }
    }
    return deltas
  }
}

/** Fractional counts: every one an XOR sequence of its own. */
class FloatSamples {
  readonly sum = new XorValue()
  readonly #layout: Layout
  readonly #count = new XorValue()
  readonly #zeroCount = new XorValue()
  readonly #buckets: readonly XorValue[]

  constructor(layout: Layout) {
    this.#layout = layout
    this.#buckets = Array.from({ length: layout.positive.length + layout.negative.length }, () => new XorValue())
  }

  read(bits: BitReader, isFirst: boolean): void {
    const read = (value: XorValue): void => {
      if (!isFirst) return value.read(bits)
      bits.read64(64)
      value.set(bits.high, bits.low)
    }
    read(this.#count)
    read(this.#zeroCount)
    read(this.sum)
    if (!isFirst && isStaleSum(this.sum)) return
    for (const bucket of this.#buckets) read(bucket)
  }

  write(bits: BitWriter, histogram: NativeHistogram, isFirst: boolean): void {
    const write = (value: XorValue, next: number): void => {
      scratch[0] = next
      const [low, high] = scratchBits
      if (!isFirst) return value.write(bits, high | 0, low | 0)
      value.set(high | 0, low | 0)
      bits.bits64(high, low, 64)
    }
    write(this.#count, histogram.count)
    write(this.#zeroCount, histogram.zeroCount)
    write(this.sum, histogram.sum)
    const { positive, negative } = this.#layout
    const values = [...spread(positive, histogram.positive), ...spread(negative, histogram.negative)]
    for (const [index, bucket] of this.#buckets.entries()) write(bucket, values[index])
  }

  histogram(sum: number, resetHint: ResetHint): NativeHistogram {
    const { positive, negative, ...layout } = this.#layout
    const counts = (from: number, indices: Int32Array): HistogramBuckets =>
      populated(
        indices,
        Float64Array.from(indices, (_, index) => numberOf(this.#buckets[from + index])),
      )
    return {
      ...layout,
      count: numberOf(this.#count),
      zeroCount: numberOf(this.#zeroCount),
      sum,
      positive: counts(0, positive),
      negative: counts(positive.length, negative),
      resetHint,
      isFloat: true,
    }
  }
}

class SecondDifference {
  value = 0
  #delta = 0

  /** @param change of the difference to the value before */
  add(change: number): void {
    this.#delta += change
    this.value += this.#delta
  }

  /** @returns the change of the difference */
  next(value: number): number {
    const delta = value - this.value
    const change = delta - this.#delta
    this.#delta = delta
    this.value = value
    return change
  }
}

function isStaleSum({ high, low }: XorValue): boolean {
  scratchBits[0] = low
  scratchBits[1] = high
  return isStaleAt(scratchBits, 0)
}

function numberOf({ high, low }: XorValue): number {
  scratchBits[0] = low
  scratchBits[1] = high
  return scratch[0]
}

/** Without the buckets that hold nothing: they are there for the other samples of the chunk. */
function populated(indices: Int32Array, counts: Float64Array): HistogramBuckets {
  if (indices.length === 0) return NO_BUCKETS
  if (!counts.includes(0)) return { indices, counts }
  const isFilled = (_: number, at: number): boolean => counts[at] !== 0
  return { indices: indices.filter(isFilled), counts: counts.filter((count) => count !== 0) }
}

/** The counts of a layout's buckets, 0 where the histogram has none. */
function spread(layout: Int32Array, { indices, counts }: HistogramBuckets): Float64Array {
  const all = new Float64Array(layout.length)
  let from = 0
  for (let at = 0; at < layout.length && from < indices.length; at++) {
    if (layout[at] === indices[from]) all[at] = counts[from++]
  }
  return all
}

function readLayout(bits: BitReader): Layout {
  const exponent = bits.bits(8)
  let zeroThreshold = 0
  if (exponent === 255) {
    bits.read64(64)
    scratchBits[0] = bits.low
    scratchBits[1] = bits.high
    zeroThreshold = scratch[0]
  } else if (exponent > 0) zeroThreshold = 2 ** (exponent - 244)
  const schema = bits.varbit()
  const isCustom = schema === CUSTOM_BUCKETS_SCHEMA
  if (!isCustom && !(schema >= -9 && schema <= 52)) throw new UpstreamFormatError(`unknown histogram schema ${schema}`)
  const positive = bucketIndices(readSpans(bits), MAX_BUCKETS)
  const negative = bucketIndices(readSpans(bits), MAX_BUCKETS)
  return { schema, zeroThreshold, positive, negative, customBounds: isCustom ? readBounds(bits) : undefined }
}

function readSpans(bits: BitReader): Span[] {
  const count = bits.uvarbit()
  if (count > MAX_BUCKETS) throw new UpstreamFormatError(`histogram with ${count} spans`)
  return Array.from({ length: count }, () => ({ length: bits.uvarbit(), offset: bits.varbit() }))
}

function readBounds(bits: BitReader): Float64Array {
  const count = bits.uvarbit()
  if (count > MAX_BUCKETS) throw new UpstreamFormatError(`histogram with ${count} bounds`)
  const bounds: number[] = []
  for (let index = 0; index < count; index++) {
    const thousandths = bits.uvarbit()
    if (thousandths === 0) {
      bits.read64(64)
      scratchBits[0] = bits.low
      scratchBits[1] = bits.high
      bounds.push(scratch[0])
    } else bounds.push((thousandths - 1) / 1000)
  }
  return Float64Array.from(bounds)
}

/** Bounds up to this, in thousandths, are written as whole numbers: they fit into four bytes. */
const MAX_SHORT_BOUND = 33_554_430

function writeLayout(bits: BitWriter, layout: Layout): void {
  const { schema, zeroThreshold, positive, negative, customBounds } = layout
  const exponent = Math.log2(zeroThreshold)
  if (zeroThreshold === 0) bits.bits(0, 8)
  else if (Number.isInteger(exponent) && 2 ** exponent === zeroThreshold && exponent >= -243 && exponent <= 10) {
    bits.bits(exponent + 244, 8)
  } else {
    scratch[0] = zeroThreshold
    bits.bits(255, 8).bits64(scratchBits[1], scratchBits[0], 64)
  }
  bits.varbit(schema)
  for (const indices of [positive, negative]) {
    const spans = spansOf(indices)
    bits.uvarbit(spans.length)
    for (const { length, offset } of spans) bits.uvarbit(length).varbit(offset)
  }
  if (schema !== CUSTOM_BUCKETS_SCHEMA) return
  const bounds = customBounds ?? new Float64Array(0)
  bits.uvarbit(bounds.length)
  for (const bound of bounds) {
    const thousandths = Math.round(bound * 1000)
    if (thousandths >= 0 && thousandths <= MAX_SHORT_BOUND && thousandths / 1000 === bound)
      bits.uvarbit(thousandths + 1)
    else {
      scratch[0] = bound
      bits.bits(0, 1).bits64(scratchBits[1], scratchBits[0], 64)
    }
  }
}
