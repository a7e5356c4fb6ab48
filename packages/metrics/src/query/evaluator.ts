import type { Labels } from '@quartet/model'
import { isStaleAt, labelValue, METRIC_NAME, NO_LABELS } from '@quartet/model'
import { createStepGrid, instantGrid } from '@quartet/query'
import type { Matcher, QueryBudget, StepGrid } from '@quartet/query'
import { countValues, selectSeries } from './aggregations/selecting.ts'
import { FoldingAggregation } from './aggregations/folding.ts'
import type { Annotations } from './annotations.ts'
import { arithmeticOf, comparisonOf } from './binary-ops.ts'
import { combineSets, combineVectors } from './binary-vectors.ts'
import { NotSupportedError } from './errors.ts'
import { datePart, isDatePart } from './functions/calendar.ts'
import { histogramFraction, histogramQuantile } from './functions/histogram-quantile.ts'
import { labelJoin, labelReplace } from './functions/label-functions.ts'
import { valueFunction } from './functions/math.ts'
import { rangeFunction } from './functions/range-registry.ts'
import { compareByLabels, compareByValue } from './functions/sorting.ts'
import { groupBy, groupWithout } from './grouping.ts'
import { isStepInvariant } from './invariance.ts'
import { SampleColumns } from './source.ts'
import type { SelectedSeries, SeriesSource } from './source.ts'
import {
  ABSENT,
  countPresent,
  FLOAT,
  hasAny,
  newSeries,
  ownSeries,
  SeriesMerger,
  UniqueLabels,
  withoutName,
} from './steps.ts'
import type { SeriesSink, StepSeries } from './steps.ts'
import { isSetOp, typeOf, unwrapParens } from './syntax/ast.ts'
import type {
  AggregateExpr,
  BinaryExpr,
  Call,
  Expr,
  MatrixSelector,
  SubqueryExpr,
  VectorSelector,
} from './syntax/ast.ts'
import { Windows } from './windows.ts'

export interface EvaluatorOptions {
  readonly source: SeriesSource
  readonly budget: QueryBudget
  readonly annotations: Annotations
  readonly lookbackMs: number
  /** Step of a subquery that names none. */
  readonly defaultStepMs: number
  /** promql-delayed-name-removal */
  readonly delayNameRemoval: boolean
}

/** One series of a range vector with its windows, valid until the visitor returns. */
interface WindowedSeries {
  readonly labels: Labels
  readonly samples: SampleColumns
  readonly dropName: boolean
}

interface RangeVector {
  readonly windows: Windows
  readonly rangeMs: number
  readonly shiftMs: number
}

type WindowVisitor = (series: WindowedSeries, vector: RangeVector) => void

/**
 * Evaluates an expression series by series over a whole step grid. Series flow through sinks one at a time; only operators that
 * need several at once (binary operators, topk, histogram_quantile …) hold them. Every loop over series passes a checkpoint.
 */
export class Evaluator {
  readonly #options: EvaluatorOptions
  readonly #budget: QueryBudget
  readonly #checkpoint = (): Promise<void> | undefined => this.#budget.checkpoint()

  constructor(options: EvaluatorOptions) {
    this.#options = options
    this.#budget = options.budget
  }

  /** The series of a vector expression; those that are absent at every step may be missing or empty. */
  async stream(expr: Expr, grid: StepGrid, sink: SeriesSink): Promise<void> {
    if (grid.count > 1 && isStepInvariant(expr)) {
      const series = await this.collect(expr, instantGrid(grid.startMs))
      for (const one of series) sink(repeat(one, grid.count))
      return
    }
    switch (expr.kind) {
      case 'paren':
        return this.stream(expr.expr, grid, sink)
      case 'vectorSelector':
        return this.#selectInstant(expr, grid, sink, false)
      case 'unary':
        return this.#unary(expr, grid, sink)
      case 'aggregate':
        return this.#aggregate(expr, grid, sink)
      case 'binary':
        return this.#binary(expr, grid, sink)
      case 'call':
        return this.#call(expr, grid, sink)
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
        return this.#scalarCall(inner, grid)
      default:
        throw new Error(`${inner.kind} is not a scalar expression`)
    }
  }

  async #scalarCall(call: Call, grid: StepGrid): Promise<Float64Array> {
    const values = new Float64Array(grid.count)
    switch (call.func.name) {
      case 'time':
        return values.map((_, step) => (grid.startMs + step * grid.stepMs) / 1000)
      case 'pi':
        return values.fill(Math.PI)
      case 'scalar': {
        const seen = new Uint8Array(grid.count)
        await this.stream(call.args[0], grid, (series) => {
          for (let step = 0; step < grid.count; step++) {
            if (series.present[step] === ABSENT) continue
            seen[step] = Math.min(2, seen[step] + 1)
            values[step] = series.values[step]
          }
        })
        return values.map((value, step) => (seen[step] === 1 ? value : NaN))
      }
      default:
        throw new NotSupportedError(`function ${call.func.name}`)
    }
  }

  /** The samples in the only window of each series of a range vector. `labels` have lost a name that was to be dropped. */
  async samples(
    expr: Expr,
    grid: StepGrid,
    visit: (labels: Labels, samples: SampleColumns, low: number, high: number) => void,
  ): Promise<void> {
    await this.#selectRange(expr, grid, ({ labels, samples, dropName }, { windows }) => {
      visit(dropName ? withoutName(labels) : labels, samples, windows.low[0], windows.high[0])
    })
  }

  // Selectors.

  /** @param asTimes gives the time of each sample in seconds instead of its value */
  async #selectInstant(selector: VectorSelector, grid: StepGrid, sink: SeriesSink, asTimes: boolean): Promise<void> {
    if (selector.extension !== undefined) throw new NotSupportedError(`the ${selector.extension} modifier`)
    const shiftMs = shiftOf(selector, grid)
    const windows = new Windows({ grid, shiftMs, lengthMs: this.#options.lookbackMs })
    const result = newSeries(NO_LABELS, grid.count)
    const request = { matchers: selector.matchers, lengthMs: this.#options.lookbackMs, shiftMs, grid }
    await this.#read(request, (series, samples) => {
      windows.locate(samples)
      const { high, low } = windows
      const { values, bits, timesMs } = samples
      let isAny = false
      for (let step = 0; step < grid.count; step++) {
        const last = high[step] - 1
        const isPresent = last >= low[step] && !(Number.isNaN(values[last]) && isStaleAt(bits, last))
        result.present[step] = isPresent ? FLOAT : ABSENT
        if (!isPresent) continue
        result.values[step] = asTimes ? timesMs[last] / 1000 : values[last]
        isAny = true
      }
      if (!isAny) return
      result.labels = series.labels
      result.dropName = false
      sink(result)
    })
  }

  async #read(
    request: { matchers: readonly Matcher[]; lengthMs: number; shiftMs: number; grid: StepGrid },
    visit: (series: SelectedSeries, samples: SampleColumns) => void,
  ): Promise<void> {
    const { grid, shiftMs, lengthMs, matchers } = request
    const endMs = grid.startMs + (grid.count - 1) * grid.stepMs
    const selection = await this.#options.source.select({
      matchers,
      minMs: grid.startMs - shiftMs - lengthMs + 1,
      maxMs: endMs - shiftMs,
      signal: this.#budget.signal,
    })
    try {
      const samples = new SampleColumns()
      for (const series of selection.series) {
        series.read(samples)
        const { count } = samples
        this.#budget.addSamples(count)
        if (count > 0) visit(series, samples)
        this.#budget.removeSamples(count)
        const pause = this.#budget.checkpoint()
        if (pause !== undefined) await pause
      }
    } finally {
      selection.release()
    }
  }

  /** Every series of a range vector with the windows of every step. */
  async #selectRange(expr: Expr, grid: StepGrid, visit: WindowVisitor): Promise<void> {
    const inner = unwrapParens(expr)
    if (inner.kind === 'matrixSelector') return this.#selectMatrix(inner, grid, visit)
    if (inner.kind === 'subquery') return this.#selectSubquery(inner, grid, visit)
    throw new Error(`${inner.kind} is not a range vector`)
  }

  async #selectMatrix(matrix: MatrixSelector, grid: StepGrid, visit: WindowVisitor): Promise<void> {
    const { selector, rangeMs } = matrix
    if (selector.extension !== undefined) throw new NotSupportedError(`the ${selector.extension} modifier`)
    const shiftMs = shiftOf(selector, grid)
    const isFixed = selector.at !== undefined
    const windows = new Windows({ grid, shiftMs, lengthMs: rangeMs, isFixed })
    const vector = { windows, rangeMs, shiftMs }
    const request = { matchers: selector.matchers, lengthMs: rangeMs, shiftMs, grid: isFixed ? firstStep(grid) : grid }
    await this.#read(request, (series, samples) => {
      removeStale(samples)
      windows.locate(samples)
      visit({ labels: series.labels, samples, dropName: false }, vector)
    })
  }

  async #selectSubquery(subquery: SubqueryExpr, grid: StepGrid, visit: WindowVisitor): Promise<void> {
    const { rangeMs } = subquery
    const shiftMs = shiftOf(subquery, grid)
    const stepMs = subquery.stepMs || this.#options.defaultStepMs
    const isFixed = subquery.at !== undefined
    const endMs = grid.startMs + (isFixed ? 0 : (grid.count - 1) * grid.stepMs) - shiftMs
    // Steps of a subquery lie on multiples of its step, whatever the outer grid; the range is left-open.
    const beginMs = grid.startMs - shiftMs - rangeMs
    let startMs = Math.ceil(beginMs / stepMs) * stepMs
    if (startMs <= beginMs) startMs += stepMs
    const inner = createStepGrid({ startMs, endMs, stepMs })
    if (inner.count <= 0) return
    const windows = new Windows({ grid, shiftMs, lengthMs: rangeMs, isFixed })
    const vector = { windows, rangeMs, shiftMs }
    const samples = new SampleColumns()
    const emit = (series: StepSeries): void => {
      fillFromSteps(samples, series, inner)
      if (samples.count === 0) return
      windows.locate(samples)
      visit({ labels: series.labels, samples, dropName: series.dropName }, vector)
    }
    if (typeOf(subquery.expr) !== 'scalar') return this.stream(subquery.expr, inner, emit)
    throw new Error('a subquery needs an instant vector')
  }

  // Operators.

  async #unary(expr: Extract<Expr, { kind: 'unary' }>, grid: StepGrid, sink: SeriesSink): Promise<void> {
    if (expr.op === '+') return this.stream(expr.expr, grid, sink)
    const nameless = this.#nameless(expr.expr, sink)
    await this.stream(expr.expr, grid, (series) => {
      for (let step = 0; step < grid.count; step++) series.values[step] = -series.values[step]
      nameless.add(series)
    })
    nameless.finish()
  }

  async #aggregate(expr: AggregateExpr, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const grouping = expr.isWithout ? groupWithout(expr.grouping) : groupBy(expr.grouping)
    if (FoldingAggregation.supports(expr.op)) {
      const folding = new FoldingAggregation(expr.op, grouping, grid)
      await this.stream(expr.expr, grid, (series) => folding.add(series))
      folding.emit(sink)
      return
    }
    if (expr.param === undefined) throw new Error(`${expr.op} without a parameter`)
    if (expr.op === 'count_values') {
      const label = stringOf(expr.param)
      const isLabelDropped = expr.isWithout && (label === METRIC_NAME || expr.grouping.includes(label))
      countValues({ label, grouping, isLabelDropped, grid, series: await this.collect(expr.expr, grid) }, sink)
      return
    }
    const parameter = await this.scalar(expr.param, grid)
    const series = await this.collect(expr.expr, grid)
    const { annotations } = this.#options
    const { range } = expr.param
    await selectSeries(
      { op: expr.op, grouping, grid, series, parameter, annotations, range, checkpoint: this.#checkpoint },
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
      delayNameRemoval: this.#options.delayNameRemoval,
      checkpoint: this.#checkpoint,
    }
    if (isSetOp(expr.op)) combineSets(pair, sink)
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
    const nameless = this.#nameless(vector, sink)
    await this.stream(vector, grid, (series) => {
      const { values, present } = series
      for (let step = 0; step < grid.count; step++) {
        if (present[step] === ABSENT) continue
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
    nameless.finish()
  }

  // Functions.

  async #call(call: Call, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const { name } = call.func
    const overRange = rangeFunction(name)
    if (overRange !== undefined) return this.#rangeCall(call, grid, sink)
    if (valueFunction(name) !== undefined) return this.#valueCall(call, grid, sink)
    if (isDatePart(name)) return this.#dateCall(call, grid, sink)
    switch (name) {
      case 'vector': {
        const result = newSeries(NO_LABELS, grid.count)
        result.values.set(await this.scalar(call.args[0], grid))
        result.present.fill(FLOAT)
        return sink(result)
      }
      case 'timestamp':
        return this.#timestamp(call, grid, sink)
      case 'absent':
      case 'absent_over_time':
        return this.#absent(call, grid, sink)
      case 'label_replace':
      case 'label_join':
        return this.#relabel(call, grid, sink)
      case 'sort':
      case 'sort_desc':
      case 'sort_by_label':
      case 'sort_by_label_desc':
        return this.#sort(call, grid, sink)
      case 'histogram_quantile':
      case 'histogram_fraction':
        return this.#histogram(call, grid, sink)
      case 'histogram_avg':
      case 'histogram_count':
      case 'histogram_sum':
      case 'histogram_stddev':
      case 'histogram_stdvar':
        // These look only at native histograms, and no stored sample is one yet.
        return this.stream(call.args[0], grid, () => undefined)
      default:
        throw new NotSupportedError(`function ${name}`)
    }
  }

  async #rangeCall(call: Call, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const { name } = call.func
    const definition = rangeFunction(name)
    if (definition === undefined) throw new Error(`${name} is not a range function`)
    const parameters: Float64Array[] = []
    let vector = call.args[0]
    for (const arg of call.args) {
      if (typeOf(arg) === 'scalar') parameters.push(await this.scalar(arg, grid))
      else vector = arg
    }
    const run = definition.create(name)
    const result = newSeries(NO_LABELS, grid.count)
    const dropsNames = definition.keepsName !== true
    // Unlike elsewhere, series that become equal are refused even if they never meet at a step.
    const unique = dropsNames && !this.#options.delayNameRemoval && !hasOneName(vector) ? new UniqueLabels() : undefined
    await this.#selectRange(vector, grid, ({ labels, samples, dropName }, { windows, rangeMs, shiftMs }) => {
      result.present.fill(ABSENT)
      const { timesMs, values, count } = samples
      const { low, high } = windows
      run({ timesMs, values, count, low, high, grid, rangeMs, shiftMs, parameters }, result)
      if (!hasAny(result.present)) return
      definition.annotate?.(this.#options.annotations, call, labelValue(labels, METRIC_NAME), parameters)
      result.labels = labels
      result.dropName = dropName
      if (dropsNames) this.#dropName(result)
      unique?.check(result.labels)
      sink(result)
    })
  }

  async #valueCall(call: Call, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const apply = valueFunction(call.func.name)
    if (apply === undefined) throw new Error(`${call.func.name} is not a value function`)
    const columns = await Promise.all(call.args.slice(1).map((arg) => this.scalar(arg, grid)))
    const first = columns[0] ?? new Float64Array(grid.count).fill(1)
    const second = columns[1] ?? first
    const isClamp = call.func.name === 'clamp'
    const nameless = this.#nameless(call.args[0], sink)
    await this.stream(call.args[0], grid, (series) => {
      const { values, present } = series
      for (let step = 0; step < grid.count; step++) {
        if (present[step] === ABSENT) continue
        // An empty interval clamps nothing: the element goes away.
        if (isClamp && first[step] > second[step]) present[step] = ABSENT
        else values[step] = apply(values[step], first[step], second[step])
      }
      nameless.add(series)
    })
    nameless.finish()
  }

  async #dateCall(call: Call, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const part = datePart(call.func.name)
    if (call.args.length === 0) {
      const result = newSeries(NO_LABELS, grid.count)
      for (let step = 0; step < grid.count; step++)
        result.values[step] = part((grid.startMs + step * grid.stepMs) / 1000)
      result.present.fill(FLOAT)
      return sink(result)
    }
    const nameless = this.#nameless(call.args[0], sink)
    await this.stream(call.args[0], grid, (series) => {
      for (let step = 0; step < grid.count; step++) series.values[step] = part(series.values[step])
      nameless.add(series)
    })
    nameless.finish()
  }

  /** The sample's own time for a plain selector, else the evaluation time. */
  async #timestamp(call: Call, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const arg = unwrapParens(call.args[0])
    const nameless = this.#nameless(arg, sink)
    if (arg.kind !== 'vectorSelector') {
      await this.stream(arg, grid, (series) => {
        for (let step = 0; step < grid.count; step++) series.values[step] = (grid.startMs + step * grid.stepMs) / 1000
        nameless.add(series)
      })
    } else if (arg.at === undefined || grid.count === 1) {
      await this.#selectInstant(arg, grid, (series) => nameless.add(series), true)
    } else {
      const once = instantGrid(grid.startMs)
      await this.#selectInstant(arg, once, (series) => nameless.add(repeat(series, grid.count)), true)
    }
    nameless.finish()
  }

  async #absent(call: Call, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const seen = new Uint8Array(grid.count)
    const arg = unwrapParens(call.args[0])
    if (call.func.name === 'absent') {
      await this.stream(arg, grid, ({ present }) => {
        for (let step = 0; step < grid.count; step++) seen[step] |= present[step]
      })
    } else {
      await this.#selectRange(arg, grid, (_, { windows: { low, high } }) => {
        for (let step = 0; step < grid.count; step++) if (high[step] > low[step]) seen[step] = FLOAT
      })
    }
    const result = newSeries(absentLabels(arg), grid.count)
    result.values.fill(1)
    for (let step = 0; step < grid.count; step++) result.present[step] = seen[step] === 0 ? FLOAT : ABSENT
    sink(result)
  }

  async #relabel(call: Call, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const args = call.args.slice(1).map(stringOf)
    const relabel = call.func.name === 'label_replace' ? labelReplace(args) : labelJoin(args)
    const setsName = args[0] === METRIC_NAME
    const merger = new SeriesMerger()
    await this.stream(call.args[0], grid, (series) => {
      series.labels = relabel(series.labels)
      if (setsName) series.dropName = false
      this.#budget.addSamples(countPresent(series.present))
      merger.add(series)
    })
    merger.flush(sink)
  }

  /** Order is only visible in an instant result; a range result is sorted by labels in the end. */
  async #sort(call: Call, grid: StepGrid, sink: SeriesSink): Promise<void> {
    if (grid.count > 1) return this.stream(call.args[0], grid, sink)
    const series = await this.collect(call.args[0], grid)
    const isDescending = call.func.name.endsWith('_desc')
    const byLabel = call.func.name.startsWith('sort_by_label')
    const labels = byLabel ? call.args.slice(1).map(stringOf) : []
    series.sort(byLabel ? compareByLabels(labels, isDescending) : compareByValue(isDescending))
    for (const one of series) sink(one)
  }

  async #histogram(call: Call, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const vector = call.args[call.args.length - 1]
    const parameters = await Promise.all(call.args.slice(0, -1).map((arg) => this.scalar(arg, grid)))
    const series = await this.collect(vector, grid)
    const input = {
      series,
      grid,
      annotations: this.#options.annotations,
      range: vector.range,
      checkpoint: this.#checkpoint,
    }
    const nameless = this.#nameless(undefined, sink)
    const add: SeriesSink = (result) => nameless.add(result)
    if (call.func.name === 'histogram_quantile') {
      await histogramQuantile(input, parameters[0], call.args[0].range, add)
    } else {
      await histogramFraction(input, { lower: parameters[0], upper: parameters[1] }, add)
    }
    nameless.finish()
  }

  /**
   * A sink that drops the metric name of each series. Those that become equal are joined, which means holding them until
   * `finish`, unless the input cannot hold two names.
   */
  #nameless(input: Expr | undefined, sink: SeriesSink): { add: SeriesSink; finish(): void } {
    if (this.#options.delayNameRemoval || (input !== undefined && hasOneName(input))) {
      const add: SeriesSink = (series) => {
        this.#dropName(series)
        sink(series)
      }
      return { add, finish: () => undefined }
    }
    const merger = new SeriesMerger()
    const add: SeriesSink = (series) => {
      this.#dropName(series)
      this.#budget.addSamples(countPresent(series.present))
      merger.add(series)
    }
    return { add, finish: () => merger.flush(sink) }
  }

  /** Now, or (with delayed removal) at the very end. */
  #dropName(series: StepSeries): void {
    if (this.#options.delayNameRemoval) series.dropName = true
    else series.labels = withoutName(series.labels)
  }
}

/** Whether all series of the result have the same name (or none), so that dropping it cannot make two of them equal. */
function hasOneName(expr: Expr): boolean {
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

/** How far behind the step time a selector looks: its offset, or the way from the first step to the fixed time of `@`. */
function shiftOf(selector: VectorSelector | SubqueryExpr, grid: StepGrid): number {
  if (selector.at === undefined) return selector.offsetMs
  if (selector.at.kind !== 'time') throw new Error('@ start() and @ end() are resolved before evaluation')
  return grid.startMs - selector.at.timeMs + selector.offsetMs
}

function firstStep(grid: StepGrid): StepGrid {
  return instantGrid(grid.startMs)
}

function repeat(series: StepSeries, count: number): StepSeries {
  const result = newSeries(series.labels, count)
  result.values.fill(series.values[0])
  result.present.fill(series.present[0])
  result.dropName = series.dropName
  return result
}

/** Takes stale markers out of the columns. Times then differ from those of the scrape group. */
function removeStale(samples: SampleColumns): void {
  const { values, bits, timesMs, count } = samples
  let kept = 0
  for (let index = 0; index < count; index++) {
    if (Number.isNaN(values[index]) && isStaleAt(bits, index)) continue
    if (kept !== index) {
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

function fillFromSteps(samples: SampleColumns, series: StepSeries, grid: StepGrid): void {
  samples.reserve(grid.count)
  let count = 0
  for (let step = 0; step < grid.count; step++) {
    if (series.present[step] === ABSENT) continue
    samples.timesMs[count] = grid.startMs + step * grid.stepMs
    samples.values[count] = series.values[step]
    count++
  }
  samples.count = count
  // A series without gaps has exactly the times of the grid.
  samples.timesId = count === grid.count ? 1 : 0
}

/** The labels that equality matchers give to what is absent. */
function absentLabels(expr: Expr): Labels {
  const selector = expr.kind === 'matrixSelector' ? expr.selector : expr
  if (selector.kind !== 'vectorSelector') return NO_LABELS
  const values = new Map<string, string>()
  const seen = new Set<string>()
  for (const { name, op, value } of selector.matchers) {
    if (name === METRIC_NAME) continue
    if (op === '=' && !seen.has(name)) values.set(name, value)
    else values.delete(name)
    if (op === '=') seen.add(name)
  }
  return [...values].filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1))
}

function stringOf(expr: Expr): string {
  const inner = unwrapParens(expr)
  if (inner.kind !== 'string') throw new Error('a string literal was expected')
  return inner.value
}
