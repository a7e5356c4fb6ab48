import { endOfIntervalMs } from '../query/intervals.ts'
import type { Intervals } from '../query/intervals.ts'
import type { MetricSeries } from '../query/metrics.ts'
import { staticToJson, withoutDefaults } from './search-json.ts'

/** Tempo's QueryRangeResponse or QueryInstantResponse as jsonpb writes it: a sample of 0 has no `value`. */
export function metricsToJson(series: readonly MetricSeries[], intervals: Intervals, isInstant: boolean): unknown {
  return {
    series: series.map(({ labels, values }) => {
      const named = labels.map(([key, value]) => ({ key, value: staticToJson(value) }))
      if (isInstant) return withoutDefaults({ labels: named, value: numberToJson(values[0]) })
      const samples: unknown[] = []
      for (const [index, value] of values.entries()) {
        if (Number.isNaN(value)) continue
        samples.push(
          withoutDefaults({ timestampMs: String(endOfIntervalMs(intervals, index)), value: numberToJson(value) }),
        )
      }
      return { labels: named, samples }
    }),
    metrics: {},
  }
}

function numberToJson(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}
