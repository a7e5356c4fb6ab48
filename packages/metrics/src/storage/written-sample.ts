import type { Labels, NativeHistogram } from '@quartet/model'

/** One sample that a protocol other than remote write brought, with its exemplars. */
export interface WrittenSample {
  readonly labels: Labels
  readonly timeMs: number
  readonly value: number
  /** The sample is a native histogram, and `value` is not looked at. */
  readonly histogram?: NativeHistogram
  /** Store a stale marker instead of the value. */
  readonly isStale: boolean
  /** Leave it out quietly when it comes late, such as one more `target_info`. */
  readonly isOptional: boolean
  readonly exemplars: readonly { readonly labels: Labels; readonly value: number; readonly timeMs: number }[]
}
