import type { DataFrame, Labels } from '@grafana/data'
import { column, frame } from '../frame.ts'
import { attributeValue, type KeyValue } from './otlp.ts'

/** What `/api/metrics/query_range` answers. */
export interface TraceMetricsResponse {
  readonly series?: readonly {
    readonly labels?: readonly KeyValue[]
    readonly promLabels?: string
    readonly samples?: readonly { readonly timestampMs: string | number; readonly value?: number }[]
  }[]
}

export function metricsFrames(response: TraceMetricsResponse, refId: string): DataFrame[] {
  return (response.series ?? []).map(({ labels: pairs = [], samples = [] }) => {
    const labels: Labels = Object.fromEntries(pairs.map(({ key, value }) => [key, String(attributeValue(value))]))
    const { __name__: metric = '', ...rest } = labels
    const values = Object.values(rest)
    const name = values.length > 0 ? values.join(', ') : metric
    return frame({
      refId,
      name,
      fields: [
        column(
          'time',
          'Time',
          samples.map(({ timestampMs }) => Number(timestampMs)),
        ),
        column(
          'number',
          'Value',
          samples.map(({ value }) => value ?? 0),
          { labels, config: { displayNameFromDS: name } },
        ),
      ],
    })
  })
}
