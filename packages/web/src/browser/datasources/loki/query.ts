import type { DataQuery } from '@grafana/data'

/** A Loki target as dashboards store it. */
export interface LokiQuery extends DataQuery {
  expr: string
  queryType?: 'range' | 'instant' | 'stream'
  /** Before Grafana 9. */
  instant?: boolean
  legendFormat?: string
  maxLines?: number
  step?: string
  resolution?: number
  direction?: 'backward' | 'forward'
}
