import type { Labels } from '@grafana/data'

/** What `/api/v1/query` and `/api/v1/query_range` answer. Times are seconds, values are text. */
export interface PrometheusResponse {
  readonly status: 'success' | 'error'
  readonly data: PrometheusData
  readonly warnings?: readonly string[]
  readonly infos?: readonly string[]
}

export type PrometheusData =
  | { readonly resultType: 'matrix'; readonly result: readonly MatrixSeries[] }
  | { readonly resultType: 'vector'; readonly result: readonly VectorSample[] }
  | { readonly resultType: 'scalar' | 'string'; readonly result: Sample }

export type Sample = readonly [seconds: number, value: string]

export interface MatrixSeries {
  readonly metric: Labels
  readonly values?: readonly Sample[]
  readonly histograms?: readonly (readonly [
    seconds: number,
    histogram: { readonly count: string; readonly sum: string },
  ])[]
}

export interface VectorSample {
  readonly metric: Labels
  readonly value?: Sample
  readonly histogram?: readonly [seconds: number, histogram: { readonly count: string; readonly sum: string }]
}

/** Prometheus spells infinities `+Inf` and `-Inf`. */
export function parseValue(text: string): number {
  if (text === '+Inf') return Infinity
  if (text === '-Inf') return -Infinity
  return Number(text)
}
