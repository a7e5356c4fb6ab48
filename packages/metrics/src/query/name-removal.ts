import { METRIC_NAME } from '@quartet/model'
import { arithmeticOf } from './binary-ops.ts'
import type { EvaluatorOptions } from './evaluation.ts'
import { isDatePart } from './functions/calendar.ts'
import { valueFunction } from './functions/math.ts'
import { rangeFunction } from './functions/range-registry.ts'
import { countPresent, drain, SeriesMerger, withoutName } from './steps.ts'
import type { SeriesSink, StepSeries } from './steps.ts'
import { isSetOp } from './syntax/ast.ts'
import type { Expr } from './syntax/ast.ts'

/** How operators and functions take the metric name off their results. */
export class NameRemoval {
  readonly #options: EvaluatorOptions

  constructor(options: EvaluatorOptions) {
    this.#options = options
  }

  /**
   * A sink that drops the metric name of each series. Those that become equal are joined, which means holding them until
   * `finish`, unless the input cannot hold two names.
   */
  dropping(input: Expr | undefined, sink: SeriesSink): { add: SeriesSink; finish(): Promise<void> } {
    if (this.#options.delayNameRemoval || (input !== undefined && hasOneName(input))) {
      const add: SeriesSink = (series) => {
        this.drop(series)
        sink(series)
      }
      return { add, finish: () => Promise.resolve() }
    }
    const merger = new SeriesMerger()
    const add: SeriesSink = (series) => {
      this.drop(series)
      this.#options.budget.addSamples(countPresent(series.present))
      merger.add(series)
    }
    return { add, finish: () => drain(merger.all, sink, () => this.#options.budget.checkpoint()) }
  }

  /** Now, or (with delayed removal) at the very end. */
  drop(series: StepSeries): void {
    if (this.#options.delayNameRemoval) series.dropName = true
    else series.labels = withoutName(series.labels)
  }
}

/** Whether all series of the result have the same name (or none), so that dropping it cannot make two of them equal. */
export function hasOneName(expr: Expr): boolean {
  switch (expr.kind) {
    case 'vectorSelector':
      return expr.matchers.some((matcher) => matcher.name === METRIC_NAME && matcher.op === '=' && matcher.value !== '')
    case 'matrixSelector':
      return hasOneName(expr.selector)
    case 'paren':
    case 'subquery':
    case 'unary':
      return hasOneName(expr.expr)
    case 'aggregate':
      return expr.param === undefined && !expr.grouping.includes(METRIC_NAME)
    case 'binary':
      if (isSetOp(expr.op) || expr.matching?.include.includes(METRIC_NAME) === true) return false
      return expr.returnBool || arithmeticOf(expr.op) !== undefined
    case 'call':
      if (rangeFunction(expr.func.name) !== undefined) return expr.args.some(hasOneName)
      return valueFunction(expr.func.name) !== undefined || isDatePart(expr.func.name)
    default:
      return false
  }
}
