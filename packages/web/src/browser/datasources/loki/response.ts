import type { Labels } from '@grafana/data'
import type { PrometheusData } from '../prometheus/response.ts'

/** What `/loki/api/v1/query` and `query_range` answer. */
export interface LokiResponse {
  readonly status: 'success'
  readonly data: StreamsData | PrometheusData
}

export interface StreamsData {
  readonly resultType: 'streams'
  readonly result: readonly LokiStream[]
}

export interface LokiStream {
  readonly stream: Labels
  readonly values: readonly LokiEntry[]
}

/** The third member comes with the response encoding flag `categorize-labels`. */
export type LokiEntry = readonly [
  timeNs: string,
  line: string,
  more?: { readonly structuredMetadata?: Labels; readonly parsed?: Labels },
]
