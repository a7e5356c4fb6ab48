import type { MetricMetadata } from '../metric/sink.ts'
import { readNativeHistogram } from './native-histogram-proto.ts'
import type { HistogramMessage } from './native-histogram-proto.ts'
import { WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT, WireError } from './proto-reader.ts'
import type { ProtoReader } from './proto-reader.ts'

/** An exemplar of the series with the number `seriesIndex`; its label messages are the bytes [labelsStart, labelsEnd). */
export interface WrittenExemplar {
  readonly seriesIndex: number
  readonly labelsStart: number
  readonly labelsEnd: number
  readonly value: number
  readonly timeMs: number
}

/** A native histogram of the series with the number `seriesIndex`. */
export interface WrittenHistogram extends HistogramMessage {
  readonly seriesIndex: number
}

/**
 * A remote-write request as columns, without an object per series or float sample. Both versions of the protocol are read into them.
 *
 * A series' labels are the raw bytes of its label messages as version 1.0 writes them, tags included: `[seriesStart[i], seriesEnd[i])`
 * of {@link bytes}. Everything is valid until the next request is read and as long as the input buffer.
 */
export class WriteColumns {
  bytes: Uint8Array = new Uint8Array(0)
  seriesCount = 0
  seriesStart = new Uint32Array(64)
  seriesEnd = new Uint32Array(64)
  sampleCount = 0
  /** Index of the series a sample belongs to; ascending. */
  sampleSeries = new Uint32Array(64)
  timesMs = new Float64Array(64)
  /** Copied byte by byte: NaN payloads such as the stale marker's survive. */
  values = new Float64Array(64)
  /** Ascending by series. */
  histograms: WrittenHistogram[] = []
  exemplars: WrittenExemplar[] = []
  metadata: MetricMetadata[] = []
  #valueBytes = new Uint8Array(this.values.buffer)

  /** Forgets the request before. */
  clear(): void {
    this.seriesCount = 0
    this.sampleCount = 0
    if (this.histograms.length > 0) this.histograms = []
    if (this.exemplars.length > 0) this.exemplars = []
    if (this.metadata.length > 0) this.metadata = []
  }

  readSample(reader: ProtoReader, series: number): void {
    reader.expect(WIRE_BYTES, 'sample')
    const outer = reader.enter()
    const index = this.sampleCount
    if (index === this.values.length) this.#growSamples()
    const { bytes } = reader
    const target = this.#valueBytes
    let time = 0
    let at = 8 * index
    this.values[index] = 0
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) {
        reader.expect(WIRE_FIXED64, 'sample value')
        const from = reader.position
        if (from + 8 > reader.end) throw new WireError('truncated 8-byte value', from)
        at = 8 * index
        target[at] = bytes[from]
        target[at + 1] = bytes[from + 1]
        target[at + 2] = bytes[from + 2]
        target[at + 3] = bytes[from + 3]
        target[at + 4] = bytes[from + 4]
        target[at + 5] = bytes[from + 5]
        target[at + 6] = bytes[from + 6]
        target[at + 7] = bytes[from + 7]
        reader.position = from + 8
      } else if (field === 2) {
        reader.expect(WIRE_VARINT, 'sample timestamp')
        time = reader.int64AsNumber()
      } else reader.skip()
    }
    reader.leave(outer)
    this.timesMs[index] = time
    this.sampleSeries[index] = series
    this.sampleCount = index + 1
  }

  readHistogram(reader: ProtoReader, seriesIndex: number): void {
    reader.expect(WIRE_BYTES, 'histogram')
    const outer = reader.enter()
    const message = readNativeHistogram(reader)
    reader.leave(outer)
    this.histograms.push({ ...message, seriesIndex })
  }

  addSeries(start: number, end: number): void {
    const series = this.seriesCount
    if (series === this.seriesStart.length) {
      this.seriesStart = grown(this.seriesStart)
      this.seriesEnd = grown(this.seriesEnd)
    }
    this.seriesStart[series] = start
    this.seriesEnd[series] = end
    this.seriesCount = series + 1
  }

  #growSamples(): void {
    this.sampleSeries = grown(this.sampleSeries)
    const timesMs = new Float64Array(2 * this.timesMs.length)
    timesMs.set(this.timesMs)
    this.timesMs = timesMs
    const valueBytes = new Uint8Array(16 * this.values.length)
    valueBytes.set(this.#valueBytes)
    this.#valueBytes = valueBytes
    this.values = new Float64Array(valueBytes.buffer)
  }
}

/** By number, in both versions. */
export const METADATA_TYPES: readonly MetricMetadata['type'][] = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
]

function grown(column: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * column.length)
  larger.set(column)
  return larger
}
