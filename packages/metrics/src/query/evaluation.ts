import type { QueryBudget, StepGrid } from '@quartet/query'
import type { Annotations } from './annotations.ts'
import type { SeriesSource } from './source.ts'
import type { SeriesSink, StepSeries } from './steps.ts'
import type { Expr, VectorSelector } from './syntax/ast.ts'

export interface EvaluatorOptions {
  readonly source: SeriesSource
  readonly budget: QueryBudget
  readonly annotations: Annotations
  readonly lookbackMs: number
  /** Step of a subquery that names none. */
  readonly defaultStepMs: number
  /** promql-delayed-name-removal */
  readonly delayNameRemoval: boolean
  /** See {@link findStatsSelectors}. */
  readonly statsSelectors: ReadonlySet<VectorSelector>
}

/** What the parts of the evaluator need of the whole: their operands are expressions again. */
export interface Evaluation {
  readonly options: EvaluatorOptions
  readonly checkpoint: () => Promise<void> | undefined
  /** The series of a vector expression; those that are absent at every step may be missing or empty. */
  stream(expr: Expr, grid: StepGrid, sink: SeriesSink): Promise<void>
  /** As {@link stream}, holding every series that is present anywhere. */
  collect(expr: Expr, grid: StepGrid): Promise<StepSeries[]>
  /** One value per step. */
  scalar(expr: Expr, grid: StepGrid): Promise<Float64Array>
}
