import { bitsOf, writeStale } from '@quartet/model'
import type { Exemplar, NativeHistogram, SampleBatch, SeriesRef } from '@quartet/model'

/** Columns that one loop fills again for every scrape. */
export class BatchBuilder implements SampleBatch {
  count = 0
  refs = new Uint32Array(64)
  timesMs = new Float64Array(64)
  values = new Float64Array(64)
  exemplars: Exemplar[] = []
  histograms: (NativeHistogram | undefined)[] | undefined = undefined
  #bits = bitsOf(this.values)

  reset(): void {
    this.count = 0
    this.exemplars = []
    this.histograms = undefined
  }

  add(ref: SeriesRef, timeMs: number, value: number): void {
    const at = this.#next(ref, timeMs)
    this.values[at] = value
  }

  addHistogram(ref: SeriesRef, timeMs: number, histogram: NativeHistogram): void {
    const at = this.#next(ref, timeMs)
    this.values[at] = 0
    ;(this.histograms ??= [])[at] = histogram
  }

  addStale(ref: SeriesRef, timeMs: number): void {
    writeStale(this.#bits, this.#next(ref, timeMs))
  }

  #next(ref: SeriesRef, timeMs: number): number {
    if (this.count === this.refs.length) this.#grow()
    const at = this.count++
    this.refs[at] = ref
    this.timesMs[at] = timeMs
    return at
  }

  #grow(): void {
    const size = this.refs.length * 2
    const refs = new Uint32Array(size)
    const timesMs = new Float64Array(size)
    const values = new Float64Array(size)
    refs.set(this.refs)
    timesMs.set(this.timesMs)
    values.set(this.values) // keeps the bits of stale markers
    this.refs = refs
    this.timesMs = timesMs
    this.values = values
    this.#bits = bitsOf(values)
  }
}
