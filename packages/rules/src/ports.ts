import type { Labels, NativeHistogram } from '@quartet/model'
import type { Diagnostic } from '@quartet/query'

/** One element of an instant vector. */
export interface VectorElement {
  readonly labels: Labels
  /** 0 when it is a native histogram. */
  readonly value: number
  readonly histogram?: NativeHistogram
}

/**
 * Runs an expression at one time. A scalar is a vector of one element without labels.
 * @param signal aborts when the rule is no longer wanted
 * @throws Error whose message is shown as the rule's last error
 */
export type Evaluate = (expr: string, timeMs: number, signal: AbortSignal) => Promise<readonly VectorElement[]>

/** The query language of the rules. The engine knows of it only this, so that PromQL and LogQL rules share it. */
export interface RuleLanguage {
  /** What is wrong with an expression, the first problem first, in the words of the language's own parser. */
  check(expr: string): readonly Diagnostic[]
  /** The canonical text of an expression that {@link check} found nothing wrong with. */
  print(expr: string): string
}

/** The newest sample of a series that remembers since when an alert is active. */
export interface ForStateSample {
  /** With the metric name. */
  readonly labels: Labels
  readonly timeMs: number
  /** Unix seconds; NaN where the series ended with a stale marker. */
  readonly value: number
}

/** Finds the `ALERTS_FOR_STATE` series of an alert, each with its newest sample in [minMs, maxMs]. */
export type ReadForState = (request: {
  readonly alertName: string
  readonly minMs: number
  readonly maxMs: number
  readonly signal: AbortSignal
}) => Promise<readonly ForStateSample[]>
