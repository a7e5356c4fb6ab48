import type { StepGrid } from '@quartet/query'
import type { Annotations } from '../annotations.ts'
import type { Call } from '../syntax/ast.ts'

/** One series and its windows: the samples of step `s` are `[low[s], high[s])`, stale markers already removed. */
export interface RangeInput {
  readonly timesMs: Float64Array
  readonly values: Float64Array
  readonly count: number
  readonly low: Int32Array
  readonly high: Int32Array
  readonly grid: StepGrid
  readonly rangeMs: number
  /** Window of step s ends at its time minus this. */
  readonly shiftMs: number
  /** Equal for series with the same times and windows. */
  readonly windowsVersion: number
  /** Values of the scalar arguments, one column each, in order. */
  readonly parameters: readonly Float64Array[]
}

export interface RangeOutput {
  readonly values: Float64Array
  /** All ABSENT before the call. */
  readonly present: Uint8Array
}

export interface RangeFunction {
  readonly names: readonly string[]
  /** Whether the result keeps the metric name. */
  readonly keepsName?: boolean
  /** Reports once per call and series what may be wrong with the input. */
  annotate?(annotations: Annotations, call: Call, metricName: string, parameters: readonly Float64Array[]): void
  /** Makes the function that is then run once per series; scratch memory lives in its closure. */
  create(name: string): (input: RangeInput, output: RangeOutput) => void
}
