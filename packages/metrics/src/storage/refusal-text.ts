import type { Batch } from './append-batch.ts'
import type { Verdict } from './head.ts'
import { OUT_OF_BOUNDS, OUT_OF_ORDER, TOO_OLD } from './head.ts'

/** Upstream's text (storage/interface.go). */
export function refusalText(batch: Batch, verdict: Verdict, index: number): string {
  if (verdict === OUT_OF_ORDER) return 'out of order sample'
  if (verdict === OUT_OF_BOUNDS) return 'out of bounds'
  if (verdict === TOO_OLD) return 'too old sample'
  const { histograms, head, refs } = batch
  if (histograms?.[index] !== undefined) return 'duplicate sample for timestamp'
  if (head.isLastHistogram(refs[index])) {
    const prefix = `duplicate sample for timestamp ${batch.timesMs[index]}; overrides not allowed`
    return `${prefix}: existing is a histogram, new value ${goNumber(batch.values[index])}`
  }
  const existing = goNumber(batch.head.lastValueOf(batch.refs[index]))
  const value = goNumber(batch.values[index])
  return `duplicate sample for timestamp ${batch.timesMs[index]}; overrides not allowed: existing ${existing}, new value ${value}`
}

/** Go's %g. */
function goNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const magnitude = Math.abs(value)
  if (value !== 0 && (magnitude < 1e-4 || magnitude >= 1e21)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  }
  return Object.is(value, -0) ? '-0' : String(value)
}
