import { isReset } from './histogram-arithmetic.ts'
import { RESET_GAUGE, RESET_NO, RESET_UNKNOWN, RESET_YES } from './native-histogram.ts'
import type { NativeHistogram, ResetHint } from './native-histogram.ts'

/**
 * What a store says of a histogram when it is read: it continues the one before it, or nobody knows. Upstream stores a run of
 * histograms of one layout without a reset as one chunk, whose first sample is "unknown" and whose others are "not reset"; answers show which.
 * @param previous the sample before it in its series; `undefined` when there is none, or it was a float or a stale marker
 */
export function storedHint(previous: NativeHistogram | undefined, current: NativeHistogram): ResetHint {
  if (current.resetHint === RESET_GAUGE) return RESET_GAUGE
  if (previous === undefined || previous.resetHint === RESET_GAUGE || current.resetHint === RESET_YES)
    return RESET_UNKNOWN
  const hasSameLayout = current.schema === previous.schema && current.zeroThreshold === previous.zeroThreshold
  if (!hasSameLayout || !haveSameBounds(current, previous)) return RESET_UNKNOWN
  return isReset({ ...current, resetHint: RESET_UNKNOWN }, previous) ? RESET_UNKNOWN : RESET_NO
}

/** A hint that is not known, found out by looking. @param previous as for {@link storedHint} */
export function detectedHint(previous: NativeHistogram | undefined, current: NativeHistogram): ResetHint {
  if (current.resetHint !== RESET_UNKNOWN || previous === undefined) return current.resetHint
  return isReset(current, previous) ? RESET_YES : RESET_NO
}

function haveSameBounds(a: NativeHistogram, b: NativeHistogram): boolean {
  const [left, right] = [a.customBounds, b.customBounds]
  if (left === undefined || right === undefined) return left === right
  return left.length === right.length && left.every((bound, index) => bound === right[index])
}
