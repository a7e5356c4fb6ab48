import type { Labels } from '@quartet/model'
import { grownBytes, grownDoubles, grownWords } from '../storage/grow.ts'
import { plainFloat } from './plain-float.ts'
import type { SampleWriter } from './sample-writer.ts'
import type { SeriesLimit } from './series-limit.ts'

/** States of a metric for one label set. */
const ABSENT = 0
/** Alive, but no sample of it has been written yet. */
const FRESH = 1
const ALIVE = 2

/** Makes the labels of one series: the row's own, the metric's name, and `le`. */
export type LabelsOf = (row: number, name: string, le?: string) => Labels

/** A metric with one value, or a histogram's, per row of a label table. */
export interface MetricColumn {
  readonly family: string
  readonly kind: 'counter' | 'histogram' | 'gauge'
  /** Per row. */
  readonly seriesCount: number
  has(row: number): boolean
  /** Drops rows that were not touched since `staleMs`. */
  dropStale(staleMs: number): void
  /** Moves row `origin[n]` to row n. */
  retain(origin: Int32Array): void
  /** Refs of the sink are not valid any more. */
  forgetRefs(): void
  /** Writes the rows [from, to). */
  collect(from: number, to: number, writer: SampleWriter, labelsOf: LabelsOf): void
}

abstract class Column {
  readonly family: string
  protected readonly limit: SeriesLimit
  protected state = new Uint8Array(0)
  #updatedMs = new Float64Array(0)
  #refs = new Uint32Array(0)
  #hasRefs = new Uint8Array(0)
  readonly seriesCount: number

  constructor(family: string, limit: SeriesLimit, seriesCount: number) {
    this.family = family
    this.limit = limit
    this.seriesCount = seriesCount
  }

  has(row: number): boolean {
    return row < this.state.length && this.state[row] !== ABSENT
  }

  dropStale(staleMs: number): void {
    for (let row = 0; row < this.state.length; row++) {
      if (this.state[row] === ABSENT || this.#updatedMs[row] >= staleMs) continue
      this.state[row] = ABSENT
      this.#hasRefs[row] = 0
      this.clear(row)
      this.limit.release(this.seriesCount)
    }
  }

  retain(origin: Int32Array): void {
    for (let row = 0; row < origin.length; row++) {
      const from = origin[row]
      if (from === row) continue
      if (from >= this.state.length) {
        if (row < this.state.length) this.#empty(row)
        continue
      }
      this.state[row] = this.state[from]
      this.#updatedMs[row] = this.#updatedMs[from]
      this.#hasRefs[row] = this.#hasRefs[from]
      this.#refs.copyWithin(row * this.seriesCount, from * this.seriesCount, (from + 1) * this.seriesCount)
      this.copy(row, from)
    }
    for (let row = origin.length; row < this.state.length; row++) this.#empty(row)
  }

  forgetRefs(): void {
    this.#hasRefs.fill(0)
  }

  /** Whether the row may be updated: it is alive, or there is room for its series. */
  protected touch(row: number, nowMs: number): boolean {
    if (row >= this.state.length) this.#grow(row)
    if (this.state[row] === ABSENT) {
      if (!this.limit.claim(this.seriesCount)) return false
      this.state[row] = FRESH
    }
    this.#updatedMs[row] = nowMs
    return true
  }

  /** Begins the writing of a row. @returns where its refs are, or -1 when it has nothing to write */
  protected begin(row: number, resolve: (index: number) => number): number {
    if (this.state[row] === ABSENT) return -1
    const at = row * this.seriesCount
    if (this.#hasRefs[row] === 0) {
      for (let index = 0; index < this.seriesCount; index++) this.#refs[at + index] = resolve(index)
      this.#hasRefs[row] = 1
    }
    return at
  }

  protected refAt(at: number): number {
    return this.#refs[at]
  }

  /** Whether this is the row's first sample. */
  protected settle(row: number): boolean {
    const isFresh = this.state[row] === FRESH
    this.state[row] = ALIVE
    return isFresh
  }

  protected abstract clear(row: number): void
  protected abstract copy(row: number, from: number): void
  protected abstract grow(size: number): void

  #empty(row: number): void {
    this.state[row] = ABSENT
    this.#hasRefs[row] = 0
    this.clear(row)
  }

  #grow(row: number): void {
    const size = Math.max(32, 2 * this.state.length, row + 1)
    this.state = grownBytes(this.state, size)
    this.#hasRefs = grownBytes(this.#hasRefs, size)
    this.#updatedMs = grownDoubles(this.#updatedMs, size)
    this.#refs = grownWords(this.#refs, size * this.seriesCount)
    this.grow(size)
  }
}

/** A counter, or a gauge that is only ever set to 1. */
export class ValueColumn extends Column implements MetricColumn {
  readonly kind: 'counter' | 'gauge'
  #values = new Float64Array(0)

  constructor(family: string, limit: SeriesLimit, kind: 'counter' | 'gauge' = 'counter') {
    super(family, limit, 1)
    this.kind = kind
  }

  add(row: number, value: number, nowMs: number): void {
    if (this.touch(row, nowMs)) this.#values[row] += value
  }

  set(row: number, value: number, nowMs: number): void {
    if (this.touch(row, nowMs)) this.#values[row] = value
  }

  collect(from: number, to: number, writer: SampleWriter, labelsOf: LabelsOf): void {
    const end = Math.min(to, this.state.length)
    for (let row = from; row < end; row++) {
      const at = this.begin(row, () => writer.resolve(labelsOf(row, this.family)))
      if (at < 0) continue
      const ref = this.refAt(at)
      if (this.settle(row) && this.kind === 'counter') writer.addZero(ref)
      writer.add(ref, this.#values[row])
    }
  }

  protected clear(row: number): void {
    this.#values[row] = 0
  }

  protected copy(row: number, from: number): void {
    this.#values[row] = this.#values[from]
  }

  protected grow(size: number): void {
    this.#values = grownDoubles(this.#values, size)
  }
}

const TRACE_ID_BYTES = 16

/** A classic histogram: `_count`, `_sum`, and cumulative `_bucket`s, each with its latest exemplar. */
export class HistogramColumn extends Column implements MetricColumn {
  readonly kind = 'histogram'
  readonly #bounds: Float64Array
  readonly #bucketTexts: readonly string[]
  readonly #traceIdLabel: string
  /** Observations per bucket, not cumulated: an observation touches one number. */
  #counts = new Float64Array(0)
  #sums = new Float64Array(0)
  #exemplarIds = new Uint8Array(0)
  /** Length of the trace id in bytes; 0 when there is no new exemplar. */
  #exemplarSizes = new Uint8Array(0)
  #exemplarValues = new Float64Array(0)

  constructor(
    family: string,
    limit: SeriesLimit,
    { buckets, traceIdLabel }: { buckets: readonly number[]; traceIdLabel: string },
  ) {
    super(family, limit, buckets.length + 3)
    this.#bounds = Float64Array.of(...buckets, Infinity)
    this.#bucketTexts = [...this.#bounds].map(plainFloat)
    this.#traceIdLabel = traceIdLabel
  }

  /** @param multiplier how many observations the one stands for */
  observe(row: number, value: number, { multiplier, nowMs, traceId, traceIdStart, traceIdEnd }: Observation): void {
    if (!this.touch(row, nowMs)) return
    let bucket = 0
    while (value > this.#bounds[bucket]) bucket++
    const at = row * this.#bounds.length + bucket
    this.#counts[at] += multiplier
    this.#sums[row] += value * multiplier
    const size = Math.min(TRACE_ID_BYTES, traceIdEnd - traceIdStart)
    for (let index = 0; index < size; index++) {
      this.#exemplarIds[at * TRACE_ID_BYTES + index] = traceId[traceIdStart + index]
    }
    this.#exemplarSizes[at] = size
    this.#exemplarValues[at] = value
  }

  collect(from: number, to: number, writer: SampleWriter, labelsOf: LabelsOf): void {
    const end = Math.min(to, this.state.length)
    for (let row = from; row < end; row++) this.#collectRow(row, writer, labelsOf)
  }

  #collectRow(row: number, writer: SampleWriter, labelsOf: LabelsOf): void {
    const at = this.begin(row, (index) => writer.resolve(this.#labels(row, index, labelsOf)))
    if (at < 0) return
    const buckets = this.#bounds.length
    const isFresh = this.settle(row)
    const [sumRef, countRef] = [this.refAt(at), this.refAt(at + 1)]
    if (isFresh) writer.addZero(countRef)
    let total = 0
    for (let bucket = 0; bucket < buckets; bucket++) {
      const cell = row * buckets + bucket
      const ref = this.refAt(at + 2 + bucket)
      total += this.#counts[cell]
      if (isFresh) writer.addZero(ref)
      writer.add(ref, total)
      if (this.#exemplarSizes[cell] > 0) {
        writer.addExemplar(ref, [[this.#traceIdLabel, this.#traceIdAt(cell)]], this.#exemplarValues[cell])
        this.#exemplarSizes[cell] = 0
      }
    }
    writer.add(sumRef, this.#sums[row])
    writer.add(countRef, total)
  }

  #labels(row: number, index: number, labelsOf: LabelsOf): Labels {
    if (index === 0) return labelsOf(row, `${this.family}_sum`)
    if (index === 1) return labelsOf(row, `${this.family}_count`)
    return labelsOf(row, `${this.family}_bucket`, this.#bucketTexts[index - 2])
  }

  /** Hexadecimal without leading zeros, as Tempo writes trace ids. */
  #traceIdAt(cell: number): string {
    const start = cell * TRACE_ID_BYTES
    const bytes = this.#exemplarIds.subarray(start, start + this.#exemplarSizes[cell])
    return Buffer.from(bytes).toString('hex').replace(/^0+/, '')
  }

  protected clear(row: number): void {
    const [start, end] = [row * this.#bounds.length, (row + 1) * this.#bounds.length]
    this.#counts.fill(0, start, end)
    this.#exemplarSizes.fill(0, start, end)
    this.#sums[row] = 0
  }

  protected copy(row: number, from: number): void {
    const buckets = this.#bounds.length
    const [to, start, end] = [row * buckets, from * buckets, (from + 1) * buckets]
    this.#counts.copyWithin(to, start, end)
    this.#exemplarSizes.copyWithin(to, start, end)
    this.#exemplarValues.copyWithin(to, start, end)
    this.#exemplarIds.copyWithin(to * TRACE_ID_BYTES, start * TRACE_ID_BYTES, end * TRACE_ID_BYTES)
    this.#sums[row] = this.#sums[from]
  }

  protected grow(size: number): void {
    const cells = size * this.#bounds.length
    this.#counts = grownDoubles(this.#counts, cells)
    this.#exemplarSizes = grownBytes(this.#exemplarSizes, cells)
    this.#exemplarValues = grownDoubles(this.#exemplarValues, cells)
    this.#exemplarIds = grownBytes(this.#exemplarIds, cells * TRACE_ID_BYTES)
    this.#sums = grownDoubles(this.#sums, size)
  }
}

/** What an observation brings besides its value; reused from span to span. */
export interface Observation {
  multiplier: number
  nowMs: number
  traceId: Uint8Array
  traceIdStart: number
  traceIdEnd: number
}
