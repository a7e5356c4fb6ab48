import type { DataQuery } from '@grafana/data'

/** A Prometheus target as dashboards store it. */
export interface PrometheusQuery extends DataQuery {
  expr: string
  legendFormat?: string
  /** Evaluate once, at the end of the range. */
  instant?: boolean
  /** Evaluate over the range; the default unless `instant`. */
  range?: boolean
  exemplar?: boolean
  format?: 'time_series' | 'table' | 'heatmap'
  /** Shortest step; `$__interval` and friends allowed. */
  interval?: string
  intervalFactor?: number
}
