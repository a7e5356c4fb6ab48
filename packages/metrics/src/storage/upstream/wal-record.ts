import { CUSTOM_BUCKETS_SCHEMA, MAX_SCHEMA, NO_BUCKETS, reduceResolution } from '@quartet/model'
import type { HistogramBuckets, Label, Labels, NativeHistogram, ResetHint } from '@quartet/model'
import { ByteCursor } from './byte-cursor.ts'
import { UpstreamFormatError } from './format-error.ts'
import { bucketIndices } from './spans.ts'
import type { Span } from './spans.ts'

/** Kinds of records. Source: tsdb/record/record.go. */
const SERIES = 1
const SAMPLES = 2
const TOMBSTONES = 3
const EXEMPLARS = 4
const MMAP_MARKERS = 5
const METADATA = 6
const HISTOGRAMS = 7
const FLOAT_HISTOGRAMS = 8
const CUSTOM_HISTOGRAMS = 9
const CUSTOM_FLOAT_HISTOGRAMS = 10

const MAX_BUCKETS = 1 << 20

export interface UpstreamRecordVisitor {
  series?(ref: number, labels: Labels): void
  sample(ref: number, timeMs: number, value: number): void
  /** @param read decodes it; otherwise it is skipped */
  histogram(ref: number, timeMs: number, read: () => NativeHistogram): void
  deletion?(ref: number, minMs: number, maxMs: number): void
}

/**
 * Hands what a record of upstream's WAL holds to the visitor. Exemplars, metadata and markers of mapped chunks are left out, and so are
 * records of kinds that are newer than Prometheus 3.8.
 * @throws UpstreamFormatError when it is malformed
 */
export function readUpstreamRecord(record: Uint8Array, visitor: UpstreamRecordVisitor): void {
  const cursor = new ByteCursor(record)
  const kind = cursor.uint8()
  switch (kind) {
    case SERIES:
      while (!cursor.isAtEnd) {
        const ref = cursor.uint64()
        const labels = readLabels(cursor)
        visitor.series?.(ref, labels)
      }
      return
    case SAMPLES:
      return forEachSample(cursor, (ref, timeMs) => visitor.sample(ref, timeMs, cursor.float64()))
    case TOMBSTONES:
      while (!cursor.isAtEnd) {
        const ref = cursor.uint64()
        const minMs = cursor.varint()
        visitor.deletion?.(ref, minMs, cursor.varint())
      }
      return
    case HISTOGRAMS:
    case CUSTOM_HISTOGRAMS:
    case FLOAT_HISTOGRAMS:
    case CUSTOM_FLOAT_HISTOGRAMS: {
      const isFloat = kind === FLOAT_HISTOGRAMS || kind === CUSTOM_FLOAT_HISTOGRAMS
      return forEachSample(cursor, (ref, timeMs) => {
        let isRead = false
        const read = (): NativeHistogram => {
          isRead = true
          return readHistogram(cursor, isFloat)
        }
        visitor.histogram(ref, timeMs, read)
        if (!isRead) read()
      })
    }
    case EXEMPLARS:
    case MMAP_MARKERS:
    case METADATA:
      return
    default:
      throw new UpstreamFormatError(`record of unknown kind ${kind}`)
  }
}

function forEachSample(cursor: ByteCursor, visit: (ref: number, timeMs: number) => void): void {
  if (cursor.isAtEnd) return
  const firstRef = cursor.uint64()
  const firstMs = cursor.int64()
  while (!cursor.isAtEnd) {
    const ref = firstRef + cursor.varint()
    visit(ref, firstMs + cursor.varint())
  }
}

function readLabels(cursor: ByteCursor): Labels {
  const labels: Label[] = []
  for (let rest = cursor.uvarint(); rest > 0; rest--) labels.push([cursor.text(), cursor.text()])
  return labels
}

function readHistogram(cursor: ByteCursor, isFloat: boolean): NativeHistogram {
  const resetHint = (cursor.uint8() & 3) as ResetHint
  const schema = cursor.varint()
  const zeroThreshold = cursor.float64()
  const readCount = (): number => (isFloat ? cursor.float64() : cursor.uvarint())
  const zeroCount = readCount()
  const count = readCount()
  const sum = cursor.float64()
  const positiveSpans = readSpans(cursor)
  const negativeSpans = readSpans(cursor)
  const positive = readBuckets(cursor, positiveSpans, isFloat)
  const negative = readBuckets(cursor, negativeSpans, isFloat)
  let customBounds: Float64Array | undefined
  if (schema === CUSTOM_BUCKETS_SCHEMA) {
    customBounds = Float64Array.from({ length: bounded(cursor.uvarint()) }, () => cursor.float64())
  }
  const histogram = {
    schema,
    zeroThreshold,
    zeroCount,
    count,
    sum,
    positive,
    negative,
    customBounds,
    resetHint,
    isFloat,
  }
  return schema > MAX_SCHEMA ? reduceResolution(histogram, MAX_SCHEMA) : histogram
}

function readSpans(cursor: ByteCursor): Span[] {
  return Array.from({ length: bounded(cursor.uvarint()) }, () => ({
    offset: cursor.varint(),
    length: cursor.uvarint(),
  }))
}

function readBuckets(cursor: ByteCursor, spans: readonly Span[], isFloat: boolean): HistogramBuckets {
  const indices = bucketIndices(spans, MAX_BUCKETS)
  const size = bounded(cursor.uvarint())
  if (size !== indices.length)
    throw new UpstreamFormatError(`histogram with ${indices.length} buckets and ${size} counts`)
  if (size === 0) return NO_BUCKETS
  let running = 0
  const counts = Float64Array.from(indices, () => (isFloat ? cursor.float64() : (running += cursor.varint())))
  return { indices, counts }
}

function bounded(count: number): number {
  if (count > MAX_BUCKETS) throw new UpstreamFormatError(`histogram with ${count} buckets`)
  return count
}
