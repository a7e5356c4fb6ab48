import { UpstreamFormatError } from './format-error.ts'

/** A run of neighbouring buckets; `offset` is the gap to the end of the run before, of the first the index itself. */
export interface Span {
  readonly offset: number
  readonly length: number
}

/** @throws UpstreamFormatError when there are more than `limit` */
export function bucketIndices(spans: readonly Span[], limit: number): Int32Array {
  const count = spans.reduce((sum, { length }) => sum + length, 0)
  if (count > limit) throw new UpstreamFormatError(`histogram with ${count} buckets`)
  const indices = new Int32Array(count)
  let index = 0
  let at = 0
  for (const { offset, length } of spans) {
    index += offset
    for (let step = 0; step < length; step++) indices[at++] = index++
  }
  return indices
}

export function spansOf(indices: Int32Array): Span[] {
  const spans: { offset: number; length: number }[] = []
  let end = 0
  for (const index of indices) {
    const last = spans.at(-1)
    if (last !== undefined && index === end) last.length++
    else spans.push({ offset: index - end, length: 1 })
    end = index + 1
  }
  return spans
}
