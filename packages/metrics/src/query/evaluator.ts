import type { Labels } from '@quartet/model'
import { METRIC_NAME, scaleHistogram } from '@quartet/model'
import { instantGrid } from '@quartet/query'
import type { QueryBudget, StepGrid } from '@quartet/query'
import { countValues, selectSeries } from './aggregations/selecting.ts'
import { FoldingAggregation } from './aggregations/folding.ts'
import { arithmeticOf, comparisonOf } from './binary-ops.ts'
import { combineSets, combineVectors } from './binary-vectors.ts'
import { Calls } from './calls.ts'
import type { Evaluation, EvaluatorOptions } from './evaluation.ts'
import { extendedPoints } from './functions/extended-range.ts'
import { groupBy, groupWithout } from './grouping.ts'
import { isStepInvariant } from './invariance.ts'
import { NameRemoval } from './name-removal.ts'
import { RangeVectors } from './range-vectors.ts'
import { Selection } from './selection.ts'
import { SampleColumns } from './source.ts'
import { combineWithScalar } from './histogram-ops.ts'
import { drain, ABSENT, countPresent, HISTOGRAM, ownSeries, repeatStep, withoutName } from './steps.ts'
import type { SeriesSink, StepSeries } from './steps.ts'
import { isSetOp, labelNameOf, typeOf, unwrapParens } from './syntax/ast.ts'
import type { AggregateExpr, BinaryExpr, Expr } from './syntax/ast.ts'

/**
 * Evaluates an expression series by series over a whole step grid. Series flow through sinks one at a time; only operators that
 * need several at once (binary operators, topk, histogram_quantile …) hold them. Every loop over series passes a checkpoint.
 */
export class Evaluator implements Evaluation {
  readonly options: EvaluatorOptions
  readonly #budget: QueryBudget
  readonly checkpoint = (): Promise<void> | undefined => this.#budget.checkpoint()
  readonly #selection: Selection
  readonly #ranges: RangeVectors
  readonly #names: NameRemoval
  readonly #calls: Calls

  constructor(options: EvaluatorOptions) {
    this.options = options
    this.#budget = options.budget
    this.#selection = new Selection(options)
    this.#ranges = new RangeVectors(this, this.#selection)
    this.#names = new NameRemoval(options)
    this.#calls = new Calls({ evaluation: this, selection: this.#selection, ranges: this.#ranges, names: this.#names })
  }

  /** The series of a vector expression; those that are absent at every step may be missing or empty. */
  async stream(expr: Expr, grid: StepGrid, sink: SeriesSink): Promise<void> {
    if (grid.count > 1 && isStepInvariant(expr)) {
      const series = await this.collect(expr, instantGrid(grid.startMs))
      return drain(series, (one) => sink(repeatStep(one, grid.count)), this.checkpoint)
    }
    switch (expr.kind) {
      case 'paren':
        return this.stream(expr.expr, grid, sink)
      case 'vectorSelector':
        return this.#selection.instant(expr, grid, sink, false)
      case 'unary':
        return this.#unary(expr, grid, sink)
      case 'aggregate':
        return this.#aggregate(expr, grid, sink)
      case 'binary':
        return this.#binary(expr, grid, sink)
      case 'call':
        return this.#calls.vector(expr, grid, sink)
      default:
        throw new Error(`${expr.kind} is not a vector expression`)
    }
  }

  /** As {@link stream}, holding every series that is present anywhere. */
  async collect(expr: Expr, grid: StepGrid): Promise<StepSeries[]> {
    const collected: StepSeries[] = []
    await this.stream(expr, grid, (series) => {
      const points = countPresent(series.present)
      if (points === 0) return
      this.#budget.addSamples(points)
      collected.push(ownSeries(series))
    })
    return collected
  }

  /** One value per step. */
  async scalar(expr: Expr, grid: StepGrid): Promise<Float64Array> {
    const inner = unwrapParens(expr)
    switch (inner.kind) {
      case 'number':
        return new Float64Array(grid.count).fill(inner.value)
      case 'unary': {
        const values = await this.scalar(inner.expr, grid)
        return inner.op === '-' ? values.map((value) => -value) : values
      }
      case 'binary': {
        const left = await this.scalar(inner.left, grid)
        const right = await this.scalar(inner.right, grid)
        const calculate = arithmeticOf(inner.op)
        if (calculate !== undefined) return left.map((value, step) => calculate(value, right[step]))
        const compare = comparisonOf(inner.op)
        return left.map((value, step) => Number(compare?.(value, right[step]) === true))
      }
      case 'call':
        return this.#calls.scalar(inner, grid)
      default:
        throw new Error(`${inner.kind} is not a scalar expression`)
    }
  }

  /** The samples in the only window of each series of a range vector. `labels` have lost a name that was to be dropped. */
  async samples(
    expr: Expr,
    grid: StepGrid,
    visit: (labels: Labels, samples: SampleColumns, low: number, high: number) => void,
  ): Promise<void> {
    await this.#ranges.select(expr, grid, ({ labels, samples, dropName }, vector) => {
      const [low, high] = [vector.windows.low[0], vector.windows.high[0]]
      const shown = dropName ? withoutName(labels) : labels
      if (vector.extension === undefined) return visit(shown, samples, low, high)
      const { timesMs, values } = samples
      const endMs = grid.startMs - vector.shiftMs
      const window = { timesMs, values, first: low, last: high - 1, startMs: endMs - vector.rangeMs, endMs }
      const points = high === low ? undefined : extendedPoints(window, vector.extension)
      if (points === undefined) return
      const columns = new SampleColumns()
      columns.reserve(points.timesMs.length)
      columns.timesMs.set(points.timesMs)
      columns.values.set(points.values)
      columns.count = points.timesMs.length
      visit(shown, columns, 0, columns.count)
    })
  }

  // Operators.

  async #unary(expr: Extract<Expr, { kind: 'unary' }>, grid: StepGrid, sink: SeriesSink): Promise<void> {
    if (expr.op === '+') return this.stream(expr.expr, grid, sink)
    const nameless = this.#names.dropping(expr.expr, sink)
    await this.stream(expr.expr, grid, (series) => {
      const { values, histograms } = series
      for (let step = 0; step < grid.count; step++) values[step] = -values[step]
      if (histograms !== undefined) series.histograms = histograms.map((one) => one && scaleHistogram(one, -1))
      nameless.add(series)
    })
    await nameless.finish()
  }

  async #aggregate(expr: AggregateExpr, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const grouping = expr.isWithout ? groupWithout(expr.grouping) : groupBy(expr.grouping)
    if (FoldingAggregation.supports(expr.op)) {
      const { annotations } = this.options
      const folding = new FoldingAggregation({ op: expr.op, annotations, range: expr.expr.range }, grouping, grid)
      await this.stream(expr.expr, grid, (series) => folding.add(series))
      return drain(folding.results(), sink, this.checkpoint)
    }
    if (expr.param === undefined) throw new Error(`${expr.op} without a parameter`)
    if (expr.op === 'count_values') {
      const label = labelNameOf(expr.param)
      const isLabelDropped = expr.isWithout && (label === METRIC_NAME || expr.grouping.includes(label))
      const series = await this.collect(expr.expr, grid)
      return drain(countValues({ label, grouping, isLabelDropped, grid, series }), sink, this.checkpoint)
    }
    const parameter = await this.scalar(expr.param, grid)
    const series = await this.collect(expr.expr, grid)
    const { annotations } = this.options
    const { range } = expr.param
    await selectSeries(
      {
        op: expr.op,
        grouping,
        grid,
        series,
        parameter,
        annotations,
        range,
        seriesRange: expr.expr.range,
        checkpoint: this.checkpoint,
      },
      sink,
    )
  }

  async #binary(expr: BinaryExpr, grid: StepGrid, sink: SeriesSink): Promise<void> {
    if (typeOf(expr.left) === 'scalar') return this.#withScalar(expr, expr.right, expr.left, grid, sink)
    if (typeOf(expr.right) === 'scalar') return this.#withScalar(expr, expr.left, expr.right, grid, sink)
    const { matching } = expr
    if (matching === undefined) throw new Error('vectors without matching')
    const left = await this.collect(expr.left, grid)
    const right = await this.collect(expr.right, grid)
    const pair = {
      expr,
      matching,
      left,
      right,
      grid,
      delayNameRemoval: this.options.delayNameRemoval,
      annotations: this.options.annotations,
      checkpoint: this.checkpoint,
    }
    if (isSetOp(expr.op)) await combineSets(pair, sink)
    else await combineVectors(pair, sink)
  }

  /** A vector with a scalar on either side; comparisons keep the vector's value. */
  async #withScalar(expr: BinaryExpr, vector: Expr, scalar: Expr, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const others = await this.scalar(scalar, grid)
    const isLeft = scalar === expr.left
    const calculate = arithmeticOf(expr.op)
    const compare = comparisonOf(expr.op)
    const { returnBool } = expr
    const dropsNames = calculate !== undefined || returnBool
    const { annotations } = this.options
    const nameless = this.#names.dropping(vector, sink)
    await this.stream(vector, grid, (series) => {
      const { values, present } = series
      for (let step = 0; step < grid.count; step++) {
        if (present[step] === ABSENT) continue
        if (present[step] === HISTOGRAM) {
          combineWithScalar({ series, step, scalar: others[step], isScalarLeft: isLeft, expr, annotations })
          continue
        }
        const a = isLeft ? others[step] : values[step]
        const b = isLeft ? values[step] : others[step]
        if (calculate !== undefined) {
          values[step] = calculate(a, b)
          continue
        }
        const isTrue = compare?.(a, b) === true
        if (returnBool) values[step] = Number(isTrue)
        else if (!isTrue) present[step] = ABSENT
      }
      if (dropsNames) nameless.add(series)
      else sink(series)
    })
    await nameless.finish()
  }
}
