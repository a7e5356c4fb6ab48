/**
 * Where rows of unequal height begin, and which of them are in view.
 * @param heights pixels per row
 * @returns offsets of length n + 1, the last is the total height
 */
export function rowOffsets(heights: readonly number[]): Float64Array {
  const offsets = new Float64Array(heights.length + 1)
  for (let row = 0; row < heights.length; row++) offsets[row + 1] = (offsets[row] as number) + (heights[row] as number)
  return offsets
}

/** @returns the first and one past the last row that overlap the view, widened by `overscan` rows */
export function rowsInView(
  offsets: Float64Array,
  view: { readonly top: number; readonly height: number; readonly overscan: number },
): { first: number; end: number } {
  const count = offsets.length - 1
  const first = Math.max(0, lastAtOrBefore(offsets, view.top) - view.overscan)
  const end = Math.min(count, lastAtOrBefore(offsets, view.top + view.height) + 1 + view.overscan)
  return { first, end }
}

function lastAtOrBefore(offsets: Float64Array, value: number): number {
  let low = 0
  let high = offsets.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((offsets[middle] as number) <= value) low = middle
    else high = middle - 1
  }
  return low
}
