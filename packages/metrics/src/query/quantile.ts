/** Ascending with NaNs first, as upstream orders values; sorts in place. */
export function sortValues(values: Float64Array): Float64Array {
  values.sort()
  let nans = 0
  while (nans < values.length && Number.isNaN(values[values.length - 1 - nans])) nans++
  if (nans === 0) return values
  values.copyWithin(nans, 0, values.length - nans)
  return values.fill(NaN, 0, nans)
}

/** Linear interpolation between the closest ranks of the first `count` values. */
export function quantileOfSorted(q: number, sorted: Float64Array, count: number): number {
  if (count === 0 || Number.isNaN(q)) return NaN
  if (q < 0) return -Infinity
  if (q > 1) return Infinity
  const rank = q * (count - 1)
  const lower = Math.max(0, Math.floor(rank))
  const upper = Math.min(count - 1, lower + 1)
  const weight = rank - Math.floor(rank)
  return sorted[lower] * (1 - weight) + sorted[upper] * weight
}
