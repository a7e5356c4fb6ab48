import type { Labels } from '@quartet/model'
import { isStaleAt, NO_LABELS } from '@quartet/model'
import { instantGrid } from '@quartet/query'
import type { StepGrid } from '@quartet/query'
import type { EvaluatorOptions } from './evaluation.ts'
import { smoothedValue } from './functions/extended-range.ts'
import type { Extension } from './functions/extended-range.ts'
import { detectResets } from './histogram-stats.ts'
import { SampleColumns } from './source.ts'
import type { SelectedSeries } from './source.ts'
import { ABSENT, FLOAT, hasAny, newSeries, setHistogram } from './steps.ts'
import type { SeriesSink } from './steps.ts'
import type { MatrixSelector, SubqueryExpr, VectorSelector } from './syntax/ast.ts'
import { Windows } from './windows.ts'

/** One series of a range vector with its windows, valid until the visitor returns. */
export interface WindowedSeries {
  readonly labels: Labels
  readonly samples: SampleColumns
  readonly dropName: boolean
}

export interface RangeVector {
  readonly windows: Windows
  readonly rangeMs: number
  readonly shiftMs: number
  /** Windows then reach beyond the range, see extended-range.ts. */
  readonly extension: Extension | undefined
}

/** May take its turns over one series with many windows; the series is valid until its promise is kept. */
export type WindowVisitor = (series: WindowedSeries, vector: RangeVector) => Promise<void> | undefined | void

/** Reads what selectors ask for, one series at a time. */
export class Selection {
  readonly #options: EvaluatorOptions

  constructor(options: EvaluatorOptions) {
    this.#options = options
  }

  /** @param asTimes gives the time of each sample in seconds instead of its value */
  async instant(selector: VectorSelector, grid: StepGrid, sink: SeriesSink, asTimes: boolean): Promise<void> {
    if (selector.extension === 'smoothed') return this.#smoothed(selector, grid, sink)
    const shiftMs = shiftOf(selector, grid)
    const windows = new Windows({ grid, shiftMs, lengthMs: this.#options.lookbackMs })
    const result = newSeries(NO_LABELS, grid.count)
    const request = { selector, lengthMs: this.#options.lookbackMs, shiftMs, grid }
    await this.#read(request, (series, samples) => {
      windows.locate(samples)
      const { high, low } = windows
      const { values, bits, timesMs, histograms } = samples
      result.histograms = undefined
      let isAny = false
      for (let step = 0; step < grid.count; step++) {
        const last = high[step] - 1
        const histogram = histograms?.[last]
        const isPresent =
          last >= low[step] && (histogram !== undefined || !(Number.isNaN(values[last]) && isStaleAt(bits, last)))
        result.present[step] = isPresent ? FLOAT : ABSENT
        if (!isPresent) continue
        isAny = true
        if (asTimes) result.values[step] = timesMs[last] / 1000
        else if (histogram === undefined) result.values[step] = values[last]
        else setHistogram(result, step, histogram)
      }
      if (!isAny) return
      result.labels = series.labels
      result.dropName = false
      sink(result)
    })
  }

  async matrix(matrix: MatrixSelector, grid: StepGrid, visit: WindowVisitor): Promise<void> {
    const { selector, rangeMs } = matrix
    const shiftMs = shiftOf(selector, grid)
    const isFixed = selector.at !== undefined
    const { extension } = selector
    const reach = extension === undefined ? { shiftMs, lengthMs: rangeMs } : this.#reach(extension, shiftMs, rangeMs)
    const windows = new Windows({ grid, ...reach, isFixed })
    const vector = { windows, rangeMs, shiftMs, extension }
    const request = { selector, ...reach, grid: isFixed ? firstStep(grid) : grid }
    await this.#read(request, (series, samples) => {
      removeStale(samples)
      windows.locate(samples)
      return visit({ labels: series.labels, samples, dropName: false }, vector)
    })
  }

  /** The value between the samples around each step. */
  async #smoothed(selector: VectorSelector, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const shiftMs = shiftOf(selector, grid)
    const reach = this.#reach('smoothed', shiftMs, 0)
    const windows = new Windows({ grid, ...reach })
    const result = newSeries(NO_LABELS, grid.count)
    await this.#read({ selector, ...reach, grid }, (series, samples) => {
      removeStale(samples)
      windows.locate(samples)
      const { timesMs, values } = samples
      result.present.fill(ABSENT)
      for (let step = 0; step < grid.count; step++) {
        const endMs = grid.startMs + step * grid.stepMs - shiftMs
        const [first, last] = [windows.low[step], windows.high[step] - 1]
        const value = smoothedValue({ timesMs, values, first, last, startMs: endMs, endMs })
        if (value === undefined) continue
        result.values[step] = value
        result.present[step] = FLOAT
      }
      result.labels = series.labels
      result.dropName = false
      if (hasAny(result.present)) sink(result)
    })
  }

  /** How far around its range an extended selector looks for samples. */
  #reach(extension: Extension, shiftMs: number, rangeMs: number): { shiftMs: number; lengthMs: number } {
    const { lookbackMs } = this.#options
    const behindMs = extension === 'smoothed' ? lookbackMs : 0
    return { shiftMs: shiftMs - behindMs, lengthMs: rangeMs + lookbackMs + behindMs }
  }

  async #read(
    request: { selector: VectorSelector; lengthMs: number; shiftMs: number; grid: StepGrid },
    visit: (series: SelectedSeries, samples: SampleColumns) => Promise<void> | undefined | void,
  ): Promise<void> {
    const { grid, shiftMs, lengthMs, selector } = request
    const { budget } = this.#options
    const isStats = this.#options.statsSelectors.has(selector)
    const endMs = grid.startMs + (grid.count - 1) * grid.stepMs
    const selection = await this.#options.source.select({
      matchers: selector.matchers,
      minMs: grid.startMs - shiftMs - lengthMs + 1,
      maxMs: endMs - shiftMs,
      signal: budget.signal,
    })
    try {
      const samples = new SampleColumns()
      let part: readonly SelectedSeries[] | undefined = selection.series
      while (part !== undefined) {
        for (const series of part) {
          series.read(samples)
          if (isStats) detectResets(samples)
          const { count } = samples
          budget.addSamples(count)
          if (count > 0) {
            const visiting = visit(series, samples)
            if (visiting !== undefined) await visiting
          }
          budget.removeSamples(count)
          const pause = budget.checkpoint()
          if (pause !== undefined) await pause
        }
        part = await selection.more?.()
      }
    } finally {
      selection.release()
    }
  }
}

/** How far behind the step time a selector looks: its offset, or the way from the first step to the fixed time of `@`. */
export function shiftOf(selector: VectorSelector | SubqueryExpr, grid: StepGrid): number {
  if (selector.at === undefined) return selector.offsetMs
  if (selector.at.kind !== 'time') throw new Error('@ start() and @ end() are resolved before evaluation')
  return grid.startMs - selector.at.timeMs + selector.offsetMs
}

function firstStep(grid: StepGrid): StepGrid {
  return instantGrid(grid.startMs)
}

/** Takes stale markers out of the columns. Times then differ from those of the scrape group. */
function removeStale(samples: SampleColumns): void {
  const { values, bits, timesMs, histograms, count } = samples
  let kept = 0
  for (let index = 0; index < count; index++) {
    if (Number.isNaN(values[index]) && isStaleAt(bits, index) && histograms?.[index] === undefined) continue
    if (kept !== index) {
      if (histograms !== undefined) histograms[kept] = histograms[index]
      timesMs[kept] = timesMs[index]
      bits[2 * kept] = bits[2 * index]
      bits[2 * kept + 1] = bits[2 * index + 1]
    }
    kept++
  }
  if (kept === count) return
  samples.count = kept
  samples.timesId = 0
}
