/** Types of the Prometheus data model (`io.prometheus.client.MetricType`), under the names that JSON answers use. */
export const FAMILY_TYPES = ['COUNTER', 'GAUGE', 'SUMMARY', 'UNTYPED', 'HISTOGRAM', 'GAUGE_HISTOGRAM'] as const
export type FamilyType = (typeof FAMILY_TYPES)[number]

/** All metrics of one name, as clients expose and push them. */
export interface MetricFamily {
  readonly name: string
  /** `undefined` when no help was given, which is not the same as an empty one. */
  help: string | undefined
  type: FamilyType
  metrics: FamilyMetric[]
}

export interface FamilyMetric {
  /** In the order of the source; names are unique. */
  labels: FamilyLabel[]
  timestampMs: number | undefined
  value: FamilyValue
}

export interface FamilyLabel {
  readonly name: string
  readonly value: string
}

export type FamilyValue =
  | { readonly kind: 'counter' | 'gauge' | 'untyped'; readonly value: number }
  | { readonly kind: 'summary'; count: number; sum: number; readonly quantiles: Quantile[] }
  /** Counts are cumulative; whole numbers unless it is a float histogram. */
  | { readonly kind: 'histogram'; count: number; sum: number; readonly buckets: HistogramBucket[] }

export interface Quantile {
  readonly quantile: number
  readonly value: number
}

export interface HistogramBucket {
  readonly upperBound: number
  readonly count: number
}

/** Which kind of value a family of a type holds. */
export function kindOf(type: FamilyType): FamilyValue['kind'] {
  switch (type) {
    case 'COUNTER':
      return 'counter'
    case 'GAUGE':
      return 'gauge'
    case 'UNTYPED':
      return 'untyped'
    case 'SUMMARY':
      return 'summary'
    case 'HISTOGRAM':
    case 'GAUGE_HISTOGRAM':
      return 'histogram'
  }
}
