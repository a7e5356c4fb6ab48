import type { Labels } from '@quartet/model'
import { compareLabels } from '@quartet/model'
import { createStepGrid, instantGrid, QueryBudget } from '@quartet/query'
import type { StepGrid } from '@quartet/query'
import { Annotations } from './annotations.ts'
import { Evaluator } from './evaluator.ts'
import { findStatsSelectors } from './histogram-stats.ts'
import { resolveTimes } from './invariance.ts'
import { PatientBudget } from './patient-budget.ts'
import type { SeriesSource } from './source.ts'
import { FLOAT, newSeries, removeDelayedNames } from './steps.ts'
import type { Histograms, StepSeries } from './steps.ts'
import { typeOf, unwrapParens } from './syntax/ast.ts'
import type { Expr } from './syntax/ast.ts'
import { parseExpr } from './syntax/parser.ts'
import type { ParseOptions } from './syntax/parser.ts'

export interface EngineOptions extends ParseOptions {
  readonly maxSamples: number
  readonly timeoutMs: number
  readonly lookbackMs: number
  /** Step of a subquery that names none: the global evaluation interval. */
  readonly defaultStepMs: number
  readonly nowMs: () => number
  /** promql-delayed-name-removal */
  readonly delayNameRemoval?: boolean
}

export interface QueryLimits {
  readonly timeoutMs?: number
  readonly lookbackMs?: number
  readonly signal: AbortSignal
  /** How long it may compute before it ends with OutOfPatienceError, to be run in a thread of its own. Default: as long as it takes. */
  readonly patienceMs?: number
}

/** Samples of one series as columns of equal length. */
export interface SampleSeries {
  readonly labels: Labels
  readonly timesMs: Float64Array
  readonly values: Float64Array
  /** The native histograms among the samples, by index. */
  readonly histograms: Histograms
}

export type QueryValue =
  | { readonly kind: 'scalar'; readonly timeMs: number; readonly value: number }
  | { readonly kind: 'string'; readonly timeMs: number; readonly value: string }
  /** An instant vector: every series has one step, in the order of the result. */
  | { readonly kind: 'vector'; readonly timeMs: number; readonly series: readonly StepSeries[] }
  /** A range vector, asked for at one time. */
  | { readonly kind: 'samples'; readonly series: readonly SampleSeries[] }
  /** A range query: columns over the grid, sorted by labels. */
  | { readonly kind: 'matrix'; readonly grid: StepGrid; readonly series: readonly StepSeries[] }

export interface QueryResult {
  readonly value: QueryValue
  readonly annotations: Annotations
  readonly peakSamples: number
  readonly totalSamples: number
}

/** Runs PromQL against a {@link SeriesSource}. */
export class QueryEngine {
  readonly options: EngineOptions
  readonly #source: SeriesSource

  constructor(source: SeriesSource, options: EngineOptions) {
    this.#source = source
    this.options = options
  }

  /** @throws ParseError */
  parse(query: string): Expr {
    return parseExpr(query, this.options)
  }

  /** The type of a checked expression, as upstream names it in errors. */
  typeOf(expr: Expr): string {
    const type = typeOf(expr)
    return type === 'matrix' ? 'range vector' : type
  }

  isRangeable(expr: Expr): boolean {
    const type = typeOf(expr)
    return type === 'scalar' || type === 'vector'
  }

  /** @throws EvaluationError, QueryLimitError */
  async instant(expr: Expr, timeMs: number, limits: QueryLimits): Promise<QueryResult> {
    const grid = instantGrid(timeMs)
    const resolved = resolveTimes(expr, grid, 0)
    const run = this.#begin(resolved, limits)
    const value = await this.#instantValue(resolved, grid, run)
    return finish(value, run)
  }

  /** @throws EvaluationError, QueryLimitError */
  async range(
    expr: Expr,
    range: { startMs: number; endMs: number; stepMs: number },
    limits: QueryLimits,
  ): Promise<QueryResult> {
    const grid = createStepGrid(range)
    const resolved = resolveTimes(expr, { ...grid, endMs: range.endMs }, range.stepMs)
    const run = this.#begin(resolved, limits)
    let series: StepSeries[]
    if (typeOf(resolved) === 'scalar') {
      const values = await run.evaluator.scalar(resolved, grid)
      run.budget.addSamples(grid.count)
      series = [{ ...newSeries([], grid.count), values, present: new Uint8Array(grid.count).fill(FLOAT) }]
    } else {
      series = removeDelayedNames(await run.evaluator.collect(resolved, grid))
      series.sort((a, b) => compareLabels(a.labels, b.labels))
    }
    return finish({ kind: 'matrix', grid, series }, run)
  }

  #begin(expr: Expr, limits: QueryLimits): Run {
    const { options } = this
    const timeoutMs = Math.min(limits.timeoutMs ?? options.timeoutMs, options.timeoutMs)
    const { nowMs, maxSamples } = options
    const allowed = { maxSamples, deadlineMs: nowMs() + timeoutMs, nowMs, signal: limits.signal }
    const budget =
      limits.patienceMs === undefined ? new QueryBudget(allowed) : new PatientBudget(allowed, limits.patienceMs)
    const annotations = new Annotations()
    const evaluator = new Evaluator({
      source: this.#source,
      budget,
      annotations,
      lookbackMs: limits.lookbackMs ?? options.lookbackMs,
      defaultStepMs: options.defaultStepMs,
      delayNameRemoval: options.delayNameRemoval === true,
      statsSelectors: findStatsSelectors(expr),
    })
    return { budget, annotations, evaluator }
  }

  async #instantValue(expr: Expr, grid: StepGrid, run: Run): Promise<QueryValue> {
    const timeMs = grid.startMs
    switch (typeOf(expr)) {
      case 'scalar':
        return { kind: 'scalar', timeMs, value: (await run.evaluator.scalar(expr, grid))[0] }
      case 'string': {
        const literal = unwrapParens(expr)
        return { kind: 'string', timeMs, value: literal.kind === 'string' ? literal.value : '' }
      }
      case 'matrix':
        return { kind: 'samples', series: await this.#samples(unwrapParens(expr), grid, run) }
      default: {
        const series = await run.evaluator.collect(expr, grid)
        return { kind: 'vector', timeMs, series: removeDelayedNames(series) }
      }
    }
  }

  /** A bare range selector or subquery: the samples as they are. */
  async #samples(expr: Expr, grid: StepGrid, run: Run): Promise<SampleSeries[]> {
    const series: SampleSeries[] = []
    await run.evaluator.samples(expr, grid, (labels, samples, low, high) => {
      if (high > low) {
        run.budget.addSamples(high - low)
        series.push({
          labels,
          timesMs: samples.timesMs.slice(low, high),
          values: samples.values.slice(low, high),
          histograms: samples.histograms?.slice(low, high),
        })
      }
    })
    return series.sort((a, b) => compareLabels(a.labels, b.labels))
  }
}

interface Run {
  readonly budget: QueryBudget
  readonly annotations: Annotations
  readonly evaluator: Evaluator
}

function finish(value: QueryValue, run: Run): QueryResult {
  const { peakSamples, totalSamples } = run.budget
  return { value, annotations: run.annotations, peakSamples, totalSamples }
}
