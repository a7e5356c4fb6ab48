import { RESET_GAUGE, RESET_UNKNOWN } from '@quartet/model'
import type { NativeHistogram } from '@quartet/model'
import { createStepGrid } from '@quartet/query'
import type { StepGrid } from '@quartet/query'
import type { Evaluation } from './evaluation.ts'
import { shiftOf } from './selection.ts'
import { isLong } from './long-windows.ts'
import type { Selection, WindowedSeries, WindowVisitor } from './selection.ts'
import { SampleColumns } from './source.ts'
import { ABSENT, HISTOGRAM } from './steps.ts'
import type { StepSeries } from './steps.ts'
import { typeOf, unwrapParens } from './syntax/ast.ts'
import type { Expr, SubqueryExpr } from './syntax/ast.ts'
import { Windows } from './windows.ts'

/** Range vectors, from range selectors and from subqueries. */
export class RangeVectors {
  readonly #evaluation: Evaluation
  readonly #selection: Selection

  constructor(evaluation: Evaluation, selection: Selection) {
    this.#evaluation = evaluation
    this.#selection = selection
  }

  /** Every series of a range vector with the windows of every step. */
  async select(expr: Expr, grid: StepGrid, visit: WindowVisitor): Promise<void> {
    const inner = unwrapParens(expr)
    if (inner.kind === 'matrixSelector') return this.#selection.matrix(inner, grid, visit)
    if (inner.kind === 'subquery') return this.#selectSubquery(inner, grid, visit)
    throw new Error(`${inner.kind} is not a range vector`)
  }

  async #selectSubquery(subquery: SubqueryExpr, grid: StepGrid, visit: WindowVisitor): Promise<void> {
    const { rangeMs } = subquery
    const shiftMs = shiftOf(subquery, grid)
    const stepMs = subquery.stepMs || this.#evaluation.options.defaultStepMs
    const isFixed = subquery.at !== undefined
    const endMs = grid.startMs + (isFixed ? 0 : (grid.count - 1) * grid.stepMs) - shiftMs
    // Steps of a subquery lie on multiples of its step, whatever the outer grid; the range is left-open.
    const beginMs = grid.startMs - shiftMs - rangeMs
    let startMs = Math.ceil(beginMs / stepMs) * stepMs
    if (startMs <= beginMs) startMs += stepMs
    const inner = createStepGrid({ startMs, endMs, stepMs })
    if (inner.count <= 0) return
    const windows = new Windows({ grid, shiftMs, lengthMs: rangeMs, isFixed })
    const vector = { windows, rangeMs, shiftMs, extension: undefined }
    const samples = new SampleColumns()
    // Sinks do not wait. A series that would take long is held, and so are those behind it, which keeps their order.
    const held: WindowedSeries[] = []
    const { budget } = this.#evaluation.options
    const emit = (series: StepSeries): void => {
      fillFromSteps(samples, series, inner)
      if (samples.count === 0) return
      windows.locate(samples)
      const { labels, dropName } = series
      if (held.length === 0 && !isLong(windows)) {
        void visit({ labels, samples, dropName }, vector)
        return
      }
      budget.addSamples(samples.count)
      held.push({ labels, samples: copyOf(samples), dropName })
    }
    if (typeOf(subquery.expr) === 'scalar') throw new Error('a subquery needs an instant vector')
    await this.#evaluation.stream(subquery.expr, inner, emit)
    for (const series of held) {
      windows.locate(series.samples)
      const visiting = visit(series, vector)
      if (visiting !== undefined) await visiting
      budget.removeSamples(series.samples.count)
      const pause = this.#evaluation.checkpoint()
      if (pause !== undefined) await pause
    }
  }
}

function copyOf(samples: SampleColumns): SampleColumns {
  const copy = new SampleColumns()
  copy.timesMs = samples.timesMs.slice(0, samples.count)
  copy.values = samples.values.slice(0, samples.count)
  copy.bits = new Uint32Array(copy.values.buffer)
  copy.histograms = samples.histograms
  copy.count = samples.count
  copy.timesId = samples.timesId
  return copy
}

/** What a sample says about the one stored before it says nothing about the one that the subquery saw before it. */
function withoutHint(histogram: NativeHistogram): NativeHistogram {
  return histogram.resetHint === RESET_GAUGE ? histogram : { ...histogram, resetHint: RESET_UNKNOWN }
}

function fillFromSteps(samples: SampleColumns, series: StepSeries, grid: StepGrid): void {
  samples.reserve(grid.count)
  samples.histograms = series.histograms === undefined ? undefined : []
  let count = 0
  for (let step = 0; step < grid.count; step++) {
    if (series.present[step] === ABSENT) continue
    samples.timesMs[count] = grid.startMs + step * grid.stepMs
    samples.values[count] = series.values[step]
    if (series.present[step] === HISTOGRAM) samples.histograms![count] = withoutHint(series.histograms![step]!)
    count++
  }
  samples.count = count
  // A series without gaps has exactly the times of the grid.
  samples.timesId = count === grid.count ? 1 : 0
}
