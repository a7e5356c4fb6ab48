import { METRIC_NAME } from '@quartet/model'
import type { Head } from './head.ts'

/** One line of `/api/v1/status/tsdb`. */
export interface NameCount {
  readonly name: string
  readonly value: number
}

export interface CardinalityReport {
  readonly numSeries: number
  readonly numLabelPairs: number
  readonly chunkCount: number
  readonly minTime: number
  readonly maxTime: number
  readonly seriesCountByMetricName: readonly NameCount[]
  readonly labelValueCountByLabelName: readonly NameCount[]
  readonly memoryInBytesByLabelName: readonly NameCount[]
  readonly seriesCountByLabelValuePair: readonly NameCount[]
}

/** Which labels make the head large: the `limit` largest of each kind. */
export function cardinalityOf(head: Head, limit: number): CardinalityReport {
  const { labels } = head.series
  const values: NameCount[] = []
  const memory: NameCount[] = []
  const pairs: NameCount[] = []
  const metrics: NameCount[] = []
  for (const { name, pairs: ids } of labels.names()) {
    let bytes = 0
    for (const pair of ids.view()) {
      const [, value] = labels.label(pair)
      const count = labels.postings(pair).length
      bytes += Buffer.byteLength(value) * count
      pairs.push({ name: `${name}=${value}`, value: count })
      if (name === METRIC_NAME) metrics.push({ name: value, value: count })
    }
    values.push({ name, value: ids.length })
    memory.push({ name, value: bytes })
  }
  return {
    numSeries: head.series.count,
    numLabelPairs: labels.count,
    chunkCount: head.chunks.count + head.series.count,
    minTime: head.minMs,
    maxTime: head.maxMs,
    seriesCountByMetricName: largest(metrics, limit),
    labelValueCountByLabelName: largest(values, limit),
    memoryInBytesByLabelName: largest(memory, limit),
    seriesCountByLabelValuePair: largest(pairs, limit),
  }
}

function largest(counts: NameCount[], limit: number): NameCount[] {
  return counts.sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1)).slice(0, limit)
}
