import type { Labels } from '@quartet/model'
import { labelValue, METRIC_NAME, NO_LABELS } from '@quartet/model'
import { instantGrid } from '@quartet/query'
import type { StepGrid } from '@quartet/query'
import { EvaluationError, NotSupportedError } from './errors.ts'
import type { Evaluation } from './evaluation.ts'
import { datePart, isDatePart } from './functions/calendar.ts'
import { histogramFraction, histogramQuantile } from './functions/histogram-quantile.ts'
import { extendedFunction } from './functions/extended-range.ts'
import type { Extension } from './functions/extended-range.ts'
import { addInfoLabels, firstSelector, InfoQuery } from './functions/info.ts'
import { histogramPart } from './functions/histogram-parts.ts'
import { floatsOf, runOverHistograms } from './functions/histogram-windows.ts'
import { labelJoin, labelReplace } from './functions/label-functions.ts'
import { valueFunction } from './functions/math.ts'
import { rangeFunction } from './functions/range-registry.ts'
import { compareByLabels, compareByValue } from './functions/sorting.ts'
import { hasOneName } from './name-removal.ts'
import { isLong, runInParts } from './long-windows.ts'
import type { NameRemoval } from './name-removal.ts'
import type { RangeVectors } from './range-vectors.ts'
import type { Selection } from './selection.ts'
import {
  drain,
  ABSENT,
  countPresent,
  dropHistograms,
  FLOAT,
  hasAny,
  HISTOGRAM,
  newSeries,
  ownSeries,
  repeatStep,
  SeriesMerger,
  UniqueLabels,
} from './steps.ts'
import type { SeriesSink, StepSeries } from './steps.ts'
import { EMPTY_SELECTOR, stringOf, typeOf, unwrapParens } from './syntax/ast.ts'
import type { Call, Expr } from './syntax/ast.ts'

/** Function calls: arguments are evaluated, the function itself is in `functions/`. */
export class Calls {
  readonly #evaluation: Evaluation
  readonly #selection: Selection
  readonly #ranges: RangeVectors
  readonly #names: NameRemoval

  constructor(parts: { evaluation: Evaluation; selection: Selection; ranges: RangeVectors; names: NameRemoval }) {
    this.#evaluation = parts.evaluation
    this.#selection = parts.selection
    this.#ranges = parts.ranges
    this.#names = parts.names
  }

  async vector(call: Call, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const { name } = call.func
    const overRange = rangeFunction(name)
    if (overRange !== undefined) return this.#rangeCall(call, grid, sink)
    if (valueFunction(name) !== undefined) return this.#valueCall(call, grid, sink)
    if (isDatePart(name)) return this.#dateCall(call, grid, sink)
    switch (name) {
      case 'vector': {
        const result = newSeries(NO_LABELS, grid.count)
        result.values.set(await this.#evaluation.scalar(call.args[0], grid))
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
      case 'info':
        return this.#info(call, grid, sink)
      case 'histogram_quantile':
      case 'histogram_fraction':
        return this.#histogram(call, grid, sink)
      case 'histogram_avg':
      case 'histogram_count':
      case 'histogram_sum':
      case 'histogram_stddev':
      case 'histogram_stdvar':
        return this.#histogramPart(call, grid, sink)
      default:
        throw new NotSupportedError(`function ${name}`)
    }
  }

  async scalar(call: Call, grid: StepGrid): Promise<Float64Array> {
    const values = new Float64Array(grid.count)
    switch (call.func.name) {
      case 'time':
        return values.map((_, step) => (grid.startMs + step * grid.stepMs) / 1000)
      case 'pi':
        return values.fill(Math.PI)
      case 'scalar': {
        const seen = new Uint8Array(grid.count)
        await this.#evaluation.stream(call.args[0], grid, (series) => {
          for (let step = 0; step < grid.count; step++) {
            if (series.present[step] !== FLOAT) continue
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

  async #rangeCall(call: Call, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const { name } = call.func
    const definition = rangeFunction(name)
    if (definition === undefined) throw new Error(`${name} is not a range function`)
    const parameters: Float64Array[] = []
    let vector = call.args[0]
    for (const arg of call.args) {
      if (typeOf(arg) === 'scalar') parameters.push(await this.#evaluation.scalar(arg, grid))
      else vector = arg
    }
    const { annotations } = this.#evaluation.options
    const { extension } = selectorOf(vector)
    const run = extension === undefined ? definition.create(name) : extendedFunction(name, extension)
    const result = newSeries(NO_LABELS, grid.count)
    const dropsNames = definition.keepsName !== true
    // Unlike elsewhere, series that become equal are refused even if they never meet at a step.
    const unique =
      dropsNames && !this.#evaluation.options.delayNameRemoval && !hasOneName(vector) ? new UniqueLabels() : undefined
    await this.#ranges.select(vector, grid, ({ labels, samples, dropName }, { windows, rangeMs, shiftMs }) => {
      result.present.fill(ABSENT)
      result.histograms = undefined
      const { timesMs, values, count } = samples
      const { low, high, version: windowsVersion } = windows
      const input = { timesMs, values, count, low, high, grid, rangeMs, shiftMs, windowsVersion, parameters }
      const metricName = labelValue(labels, METRIC_NAME)
      const finish = (): void => {
        if (!hasAny(result.present)) return
        if (result.present.includes(FLOAT)) definition.annotate?.(annotations, call, metricName, parameters)
        result.labels = labels
        result.dropName = dropName
        if (dropsNames) this.#names.drop(result)
        unique?.check(result.labels)
        sink(result)
      }
      if (samples.histograms === undefined && isLong(windows))
        return runInParts(run, input, result, this.#evaluation.checkpoint).then(finish)
      if (samples.histograms === undefined) run(input, result)
      else if (extension !== undefined) run(floatsOf(input, samples), result)
      else runOverHistograms(name, run, input, { samples, metricName, annotations, range: vector.range }, result)
      return finish()
    })
  }

  async #valueCall(call: Call, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const apply = valueFunction(call.func.name)
    if (apply === undefined) throw new Error(`${call.func.name} is not a value function`)
    const columns = await Promise.all(call.args.slice(1).map((arg) => this.#evaluation.scalar(arg, grid)))
    const first = columns[0] ?? new Float64Array(grid.count).fill(1)
    const second = columns[1] ?? first
    const isClamp = call.func.name === 'clamp'
    const nameless = this.#names.dropping(call.args[0], sink)
    await this.#evaluation.stream(call.args[0], grid, (series) => {
      dropHistograms(series)
      const { values, present } = series
      for (let step = 0; step < grid.count; step++) {
        if (present[step] === ABSENT) continue
        // An empty interval clamps nothing: the element goes away.
        if (isClamp && first[step] > second[step]) present[step] = ABSENT
        else values[step] = apply(values[step], first[step], second[step])
      }
      nameless.add(series)
    })
    await nameless.finish()
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
    const nameless = this.#names.dropping(call.args[0], sink)
    await this.#evaluation.stream(call.args[0], grid, (series) => {
      dropHistograms(series)
      for (let step = 0; step < grid.count; step++) series.values[step] = part(series.values[step])
      nameless.add(series)
    })
    await nameless.finish()
  }

  /** The sample's own time for a plain selector, else the evaluation time. */
  async #timestamp(call: Call, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const arg = unwrapParens(call.args[0])
    const nameless = this.#names.dropping(arg, sink)
    if (arg.kind !== 'vectorSelector') {
      await this.#evaluation.stream(arg, grid, (series) => {
        for (let step = 0; step < grid.count; step++) {
          series.values[step] = (grid.startMs + step * grid.stepMs) / 1000
          if (series.present[step] === HISTOGRAM) series.present[step] = FLOAT
        }
        nameless.add(series)
      })
    } else if (arg.at === undefined || grid.count === 1) {
      await this.#selection.instant(arg, grid, (series) => nameless.add(series), true)
    } else {
      const once = instantGrid(grid.startMs)
      await this.#selection.instant(arg, once, (series) => nameless.add(repeatStep(series, grid.count)), true)
    }
    await nameless.finish()
  }

  async #absent(call: Call, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const seen = new Uint8Array(grid.count)
    const arg = unwrapParens(call.args[0])
    if (call.func.name === 'absent') {
      await this.#evaluation.stream(arg, grid, ({ present }) => {
        for (let step = 0; step < grid.count; step++) seen[step] |= present[step]
      })
    } else {
      await this.#ranges.select(arg, grid, (_, { windows: { low, high } }) => {
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
    await this.#evaluation.stream(call.args[0], grid, (series) => {
      series.labels = relabel(series.labels)
      if (setsName) series.dropName = false
      this.#evaluation.options.budget.addSamples(countPresent(series.present))
      merger.add(series)
    })
    return drain(merger.all, sink, this.#evaluation.checkpoint)
  }

  /** Order is only visible in an instant result; a range result is sorted by labels in the end. */
  async #sort(call: Call, grid: StepGrid, sink: SeriesSink): Promise<void> {
    if (grid.count > 1) return this.#evaluation.stream(call.args[0], grid, sink)
    const isDescending = call.func.name.endsWith('_desc')
    const byLabel = call.func.name.startsWith('sort_by_label')
    const all = await this.#evaluation.collect(call.args[0], grid)
    // Histograms have no order by value.
    const series = byLabel ? all : all.filter(({ present }) => present[0] === FLOAT)
    const labels = byLabel ? call.args.slice(1).map(stringOf) : []
    series.sort(byLabel ? compareByLabels(labels, isDescending) : compareByValue(isDescending))
    return drain(series, sink, this.#evaluation.checkpoint)
  }

  async #info(call: Call, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const selector = call.args.length > 1 ? unwrapParens(call.args[1]) : undefined
    const query = new InfoQuery(selector?.kind === 'vectorSelector' ? selector : undefined)
    const base = await this.#evaluation.collect(call.args[0], grid)
    const read = { ...(firstSelector(call.args[0]) ?? EMPTY_SELECTOR), matchers: query.matchers, extension: undefined }
    const info: StepSeries[] = []
    await this.#selection.instant(read, grid, refuseHistograms, false)
    await this.#selection.instant(read, grid, (series) => info.push(ownSeries(series)), true)
    return drain(addInfoLabels(base, info, query, grid), sink, this.#evaluation.checkpoint)
  }

  /** histogram_count and its sisters: one number out of each native histogram; floats have none. */
  async #histogramPart(call: Call, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const part = histogramPart(call.func.name)
    const nameless = this.#names.dropping(call.args[0], sink)
    await this.#evaluation.stream(call.args[0], grid, (series) => {
      const { present, values, histograms } = series
      if (histograms === undefined) return
      for (let step = 0; step < grid.count; step++) {
        const isHistogram = present[step] === HISTOGRAM
        if (isHistogram) values[step] = part(histograms[step]!)
        present[step] = isHistogram ? FLOAT : ABSENT
      }
      series.histograms = undefined
      nameless.add(series)
    })
    await nameless.finish()
  }

  async #histogram(call: Call, grid: StepGrid, sink: SeriesSink): Promise<void> {
    const vector = call.args[call.args.length - 1]
    const parameters = await Promise.all(call.args.slice(0, -1).map((arg) => this.#evaluation.scalar(arg, grid)))
    const series = await this.#evaluation.collect(vector, grid)
    const input = {
      series,
      grid,
      annotations: this.#evaluation.options.annotations,
      range: vector.range,
      checkpoint: this.#evaluation.checkpoint,
    }
    const nameless = this.#names.dropping(undefined, sink)
    const add: SeriesSink = (result) => nameless.add(result)
    if (call.func.name === 'histogram_quantile') {
      await histogramQuantile(input, parameters[0], call.args[0].range, add)
    } else {
      await histogramFraction(input, { lower: parameters[0], upper: parameters[1] }, add)
    }
    await nameless.finish()
  }
}

function refuseHistograms({ histograms }: StepSeries): void {
  if (histograms !== undefined) throw new EvaluationError('info sample should be float')
}

function selectorOf(vector: Expr): { extension: Extension | undefined } {
  const inner = unwrapParens(vector)
  return inner.kind === 'matrixSelector' ? inner.selector : { extension: undefined }
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
