import type { Exemplar, Labels, SampleBatch, SampleSink, SeriesRef } from '@quartet/model'
import { grownDoubles, grownWords } from '../storage/grow.ts'

/** Collects one round of samples as the columns that a {@link SampleSink} takes. */
export class SampleWriter {
  readonly sink: Pick<SampleSink, 'resolve'>
  readonly timeMs: number
  /** Time of the zero that begins a new counter. */
  readonly zeroMs: number
  readonly exemplars: Exemplar[] = []
  #count = 0
  #refs = new Uint32Array(1024)
  #timesMs = new Float64Array(1024)
  #values = new Float64Array(1024)

  constructor(sink: Pick<SampleSink, 'resolve'>, times: { timeMs: number; zeroMs: number }) {
    this.sink = sink
    this.timeMs = times.timeMs
    this.zeroMs = times.zeroMs
  }

  get batch(): SampleBatch {
    return { count: this.#count, refs: this.#refs, timesMs: this.#timesMs, values: this.#values }
  }

  get count(): number {
    return this.#count
  }

  /** Begins the next batch in the same columns; the last one must have been taken. */
  clear(): void {
    this.#count = 0
    this.exemplars.length = 0
  }

  resolve(labels: Labels): SeriesRef {
    return this.sink.resolve(labels)
  }

  add(ref: number, value: number): void {
    this.#add(ref, this.timeMs, value)
  }

  /** Lets `rate` see the first increase: without it a series would begin at its first value. */
  addZero(ref: number): void {
    this.#add(ref, this.zeroMs, 0)
  }

  addExemplar(ref: number, labels: Labels, value: number): void {
    this.exemplars.push({ ref: ref as SeriesRef, labels, value, timeMs: this.timeMs })
  }

  #add(ref: number, timeMs: number, value: number): void {
    if (this.#count === this.#refs.length) {
      const size = this.#count * 2
      this.#refs = grownWords(this.#refs, size)
      this.#timesMs = grownDoubles(this.#timesMs, size)
      this.#values = grownDoubles(this.#values, size)
    }
    this.#refs[this.#count] = ref
    this.#timesMs[this.#count] = timeMs
    this.#values[this.#count++] = value
  }
}
