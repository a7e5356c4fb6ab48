import { allBuckets } from '@quartet/model'
import type { Bucket, NativeHistogram } from '@quartet/model'
import type { JsonBytes } from './json-bytes.ts'

/**
 * `{"count":"5","sum":"2.5","buckets":[[0,"1","2","5"]]}`: each bucket with how its ends belong to it (0 the upper, 1 the lower, 2 none, 3 both),
 * its ends and its count. Source: https://prometheus.io/docs/prometheus/latest/querying/api/#native-histograms
 */
export function encodeHistogram(json: JsonBytes, histogram: NativeHistogram): void {
  json.ascii('{"count":').sampleValue(histogram.count).ascii(',"sum":').sampleValue(histogram.sum)
  let isFirst = true
  for (const bucket of allBuckets(histogram)) {
    if (bucket.count === 0) continue
    json
      .ascii(isFirst ? ',"buckets":[[' : ',[')
      .ascii(boundaryRule(bucket))
      .ascii(',')
    json.sampleValue(bucket.lower).ascii(',').sampleValue(bucket.upper).ascii(',').sampleValue(bucket.count).ascii(']')
    isFirst = false
  }
  json.ascii(isFirst ? '}' : ']}')
}

function boundaryRule({ isLowerInclusive, isUpperInclusive }: Bucket): string {
  if (isLowerInclusive) return isUpperInclusive ? '3' : '1'
  return isUpperInclusive ? '0' : '2'
}
