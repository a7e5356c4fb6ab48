import { compactHistogram, labelValue, METRIC_NAME } from '@quartet/model'
import type { TextRange } from '@quartet/query'
import type { Annotations } from '../annotations.ts'
import { HistogramTotal } from '../histogram-mean.ts'
import {
  boundsReconciled,
  conflictingResets,
  ignoredInAggregation,
  MIXED_IN_AGGREGATION,
  mixedSchemas,
} from '../histogram-notes.ts'
import { ABSENT, HISTOGRAM, setHistogram } from '../steps.ts'
import type { StepSeries } from '../steps.ts'
import type { AggregateOp } from '../syntax/ast.ts'

export interface HistogramFoldOptions {
  readonly op: AggregateOp
  readonly annotations: Annotations
  /** Where the aggregated expression stands. */
  readonly range: TextRange
}

/** The native histograms of one group: added up or averaged; other aggregations leave them out and say so. */
export class HistogramFold {
  readonly #options: HistogramFoldOptions
  readonly #totals: (HistogramTotal | undefined)[]

  constructor(options: HistogramFoldOptions, count: number) {
    this.#options = options
    this.#totals = new Array<HistogramTotal | undefined>(count).fill(undefined)
  }

  add({ labels, present, histograms }: StepSeries): void {
    if (histograms === undefined) return
    const { op, annotations, range } = this.#options
    for (let step = 0; step < present.length; step++) {
      if (present[step] !== HISTOGRAM) continue
      if (op !== 'sum' && op !== 'avg') {
        annotations.info(ignoredInAggregation(op), range)
        return
      }
      const total = (this.#totals[step] ??= new HistogramTotal(op === 'avg'))
      if (total.isIncompatible) continue
      total.add(histograms[step]!)
      if (total.isIncompatible) annotations.warn(mixedSchemas(labelValue(labels, METRIC_NAME)), range)
    }
  }

  /** @param result of the floats of the group */
  finish(result: StepSeries): void {
    const { annotations, range } = this.#options
    for (const [step, total] of this.#totals.entries()) {
      if (total === undefined) continue
      if (result.present[step] !== ABSENT) {
        annotations.warn(MIXED_IN_AGGREGATION, range)
        result.present[step] = ABSENT
        continue
      }
      if (total.wereBoundsReconciled) annotations.info(boundsReconciled('aggregation'), range)
      if (total.result === undefined) continue
      if (total.hasConflict) annotations.warn(conflictingResets('aggregation'), range)
      setHistogram(result, step, compactHistogram(total.result))
    }
  }
}
