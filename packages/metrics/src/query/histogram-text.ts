import { allBuckets } from '@quartet/model'
import type { NativeHistogram } from '@quartet/model'

/** As upstream's FloatHistogram.String: `{count:5, sum:2.5, [-1,1]:1, (1,2]:4}`. */
export function histogramText(histogram: NativeHistogram): string {
  const buckets = allBuckets(histogram)
    .filter(({ count }) => count !== 0)
    .map(({ lower, upper, isLowerInclusive, isUpperInclusive, count }) => {
      const range = `${isLowerInclusive ? '[' : '('}${general(lower)},${general(upper)}${isUpperInclusive ? ']' : ')'}`
      return `, ${range}:${general(count)}`
    })
  return `{count:${general(histogram.count)}, sum:${general(histogram.sum)}${buckets.join('')}}`
}

/** Go's %g: the shortest digits that read back, with an exponent below 1e-4 and from 1e21. */
function general(value: number): string {
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  const size = Math.abs(value)
  if (size !== 0 && size < 1e-4) return value.toExponential().replace(/e-(\d)$/, 'e-0$1')
  return String(value).replace(/e\+(\d)$/, 'e+0$1')
}
