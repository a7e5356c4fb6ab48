import { isStaleAt, METRIC_NAME } from '@quartet/model'
import { createMatcher } from '@quartet/query'
import type { ForStateSample, ReadForState } from '@quartet/rules'
import { SampleColumns } from '../query/source.ts'
import type { SeriesSource } from '../query/source.ts'

/** Reads since when alerts were active before a restart. */
export function forStateReader(source: SeriesSource): ReadForState {
  return async ({ alertName, minMs, maxMs, signal }) => {
    const matchers = [createMatcher(METRIC_NAME, '=', 'ALERTS_FOR_STATE'), createMatcher('alertname', '=', alertName)]
    const selection = await source.select({ matchers, minMs, maxMs, signal })
    try {
      const columns = new SampleColumns()
      const found: ForStateSample[] = []
      for (const series of selection.series) {
        series.read(columns)
        const last = columns.count - 1
        if (last < 0) continue
        const value = isStaleAt(columns.bits, last) ? NaN : columns.values[last]
        found.push({ labels: series.labels, timeMs: columns.timesMs[last], value })
      }
      return found
    } finally {
      selection.release()
    }
  }
}
