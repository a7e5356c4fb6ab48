import { divideHistogram, RESET_NO, RESET_YES } from '@quartet/model'
import type { NativeHistogram } from '@quartet/model'
import { tryCombine } from './histogram-notes.ts'

/** Adds up histograms, or takes their mean step by step as upstream does, and remembers what is to be told about it. */
export class HistogramTotal {
  readonly #isMean: boolean
  #total: NativeHistogram | undefined
  #count = 0
  #hasBegun = false
  #hasContinued = false
  /** Exponential and custom buckets met: there is no result. */
  isIncompatible = false
  wereBoundsReconciled = false

  constructor(isMean: boolean) {
    this.#isMean = isMean
  }

  /** Some say that they begin anew and some that they do not. */
  get hasConflict(): boolean {
    return this.#hasBegun && this.#hasContinued
  }

  get result(): NativeHistogram | undefined {
    return this.isIncompatible ? undefined : this.#total
  }

  add(histogram: NativeHistogram): void {
    if (histogram.resetHint === RESET_YES) this.#hasBegun = true
    if (histogram.resetHint === RESET_NO) this.#hasContinued = true
    this.#count++
    if (this.#total === undefined) {
      this.#total = histogram
      return
    }
    if (this.isIncompatible) return
    if (!this.#isMean) return this.#combine(histogram)
    const share = tryCombine(divideHistogram(histogram, this.#count), divideHistogram(this.#total, this.#count), -1)
    if (share === undefined) this.isIncompatible = true
    else {
      this.wereBoundsReconciled ||= share.wereBoundsReconciled
      this.#combine(share.histogram)
    }
  }

  #combine(histogram: NativeHistogram): void {
    const sum = tryCombine(this.#total!, histogram, 1)
    if (sum === undefined) {
      this.isIncompatible = true
      return
    }
    this.wereBoundsReconciled ||= sum.wereBoundsReconciled
    this.#total = sum.histogram
  }
}
