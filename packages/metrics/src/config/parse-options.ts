import type { MetricsSettings } from './flags.ts'

/** Which parts of PromQL the feature flags let expressions use. */
export function parseOptions({ features }: Pick<MetricsSettings, 'features'>): {
  readonly experimentalFunctions: boolean
  readonly durationExpressions: boolean
  readonly extendedRangeSelectors: boolean
} {
  return {
    experimentalFunctions: features.has('promql-experimental-functions'),
    durationExpressions: features.has('promql-duration-expr'),
    extendedRangeSelectors: features.has('promql-extended-range-selectors'),
  }
}
