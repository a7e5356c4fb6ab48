import type { Labels } from '@quartet/model'
import type { StepGrid } from '@quartet/query'
import { Groups } from '../grouping.ts'
import type { Grouping } from '../grouping.ts'
import { ABSENT, FLOAT, HISTOGRAM, newSeries } from '../steps.ts'
import type { StepSeries } from '../steps.ts'
import type { AggregateOp } from '../syntax/ast.ts'
import { HistogramFold } from './histogram-folding.ts'
import type { HistogramFoldOptions } from './histogram-folding.ts'

/** One group's running state: columns over the grid that every series of the group is folded into. */
interface Accumulator {
  add(series: StepSeries): void
  finish(result: StepSeries): void
}

type MakeAccumulator = (count: number) => Accumulator

const accumulators: Partial<Record<AggregateOp, MakeAccumulator>> = {
  sum: (count) => new Sum(count),
  avg: (count) => new Average(count),
  min: (count) => new Extreme(count, false),
  max: (count) => new Extreme(count, true),
  count: (count) => new Count(count),
  group: (count) => new Presence(count),
  stddev: (count) => new Variance(count, true),
  stdvar: (count) => new Variance(count, false),
}

interface Group {
  readonly labels: Labels
  readonly accumulator: Accumulator
  /** Made with the first native histogram. */
  histograms: HistogramFold | undefined
  dropName: boolean
}

/** To these a histogram is as good as a float. */
const COUNTS_ALL: ReadonlySet<AggregateOp> = new Set<AggregateOp>(['count', 'group'])

/** Aggregations that need no series twice: series stream through, only one set of columns per group is held. */
export class FoldingAggregation {
  readonly #groups: Groups<Group>
  readonly #grid: StepGrid
  readonly #options: HistogramFoldOptions

  constructor(options: HistogramFoldOptions, grouping: Grouping, grid: StepGrid) {
    const make = accumulators[options.op]
    if (make === undefined) throw new Error(`${options.op} is not a folding aggregation`)
    this.#options = options
    this.#grid = grid
    this.#groups = new Groups(grouping, (labels) => ({
      labels,
      accumulator: make(grid.count),
      histograms: undefined,
      dropName: false,
    }))
  }

  static supports(op: AggregateOp): boolean {
    return accumulators[op] !== undefined
  }

  add(series: StepSeries): void {
    const group = this.#groups.of(series.labels)
    if (series.dropName) group.dropName = true
    if (series.histograms === undefined || COUNTS_ALL.has(this.#options.op)) return group.accumulator.add(series)
    group.histograms ??= new HistogramFold(this.#options, this.#grid.count)
    group.histograms.add(series)
    const floats = series.present.map((mark) => (mark === HISTOGRAM ? ABSENT : mark))
    group.accumulator.add({ ...series, present: floats })
  }

  *results(): Iterable<StepSeries> {
    for (const { labels, accumulator, histograms, dropName } of this.#groups.all) {
      const result = newSeries(labels, this.#grid.count)
      result.dropName = dropName && labels.some(([name]) => name === '__name__')
      accumulator.finish(result)
      histograms?.finish(result)
      yield result
    }
  }
}

class Sum implements Accumulator {
  readonly #sums: Float64Array
  readonly #rests: Float64Array
  readonly #present: Uint8Array

  constructor(count: number) {
    this.#sums = new Float64Array(count)
    this.#rests = new Float64Array(count)
    this.#present = new Uint8Array(count)
  }

  add({ values, present }: StepSeries): void {
    const sums = this.#sums
    const rests = this.#rests
    const seen = this.#present
    for (let step = 0; step < values.length; step++) {
      if (present[step] === ABSENT) continue
      const value = values[step]
      const sum = sums[step]
      const total = sum + value
      // What the addition lost, without asking which of the two is the larger (Knuth's TwoSum): the same number, and no branch to mispredict.
      const added = total - sum
      const lost = sum - (total - added) + (value - added)
      if (total === Infinity || total === -Infinity) rests[step] = 0
      else rests[step] += lost
      sums[step] = total
      seen[step] = FLOAT
    }
  }

  finish(result: StepSeries): void {
    result.present.set(this.#present)
    for (let step = 0; step < result.values.length; step++) result.values[step] = this.#sums[step] + this.#rests[step]
  }
}

class Average implements Accumulator {
  /** Compensated sums, or compensated means where the sum would have overflowed. */
  readonly #sums: Float64Array
  readonly #rests: Float64Array
  readonly #counts: Float64Array
  readonly #isMean: Uint8Array

  constructor(count: number) {
    this.#sums = new Float64Array(count)
    this.#rests = new Float64Array(count)
    this.#counts = new Float64Array(count)
    this.#isMean = new Uint8Array(count)
  }

  add({ values, present }: StepSeries): void {
    const sums = this.#sums
    const rests = this.#rests
    const counts = this.#counts
    for (let step = 0; step < values.length; step++) {
      if (present[step] === ABSENT) continue
      const count = ++counts[step]
      const value = values[step]
      if (count === 1) {
        sums[step] = value
        continue
      }
      if (this.#isMean[step] === 0) {
        const sum = sums[step]
        const total = sum + value
        if (total !== Infinity && total !== -Infinity) {
          rests[step] += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
          sums[step] = total
          continue
        }
        this.#isMean[step] = 1
        sums[step] /= count - 1
        rests[step] /= count - 1
      }
      this.#addToMean(step, value / count, (count - 1) / count)
    }
  }

  #addToMean(step: number, part: number, share: number): void {
    const mean = share * this.#sums[step]
    const rest = share * this.#rests[step]
    const total = mean + part
    if (total === Infinity || total === -Infinity) this.#rests[step] = 0
    else this.#rests[step] = rest + (Math.abs(mean) >= Math.abs(part) ? mean - total + part : part - total + mean)
    this.#sums[step] = total
  }

  finish({ values, present }: StepSeries): void {
    for (let step = 0; step < values.length; step++) {
      const count = this.#counts[step]
      if (count === 0) continue
      present[step] = FLOAT
      const divisor = this.#isMean[step] === 1 ? 1 : count
      values[step] = this.#sums[step] / divisor + this.#rests[step] / divisor
    }
  }
}

class Extreme implements Accumulator {
  readonly #best: Float64Array
  readonly #present: Uint8Array
  readonly #isMax: boolean

  constructor(count: number, isMax: boolean) {
    this.#best = new Float64Array(count)
    this.#present = new Uint8Array(count)
    this.#isMax = isMax
  }

  add({ values, present }: StepSeries): void {
    const best = this.#best
    const seen = this.#present
    const isMax = this.#isMax
    for (let step = 0; step < values.length; step++) {
      if (present[step] === ABSENT) continue
      const value = values[step]
      const current = best[step]
      const isBetter = isMax ? value > current : value < current
      // A NaN stays only as long as nothing else comes.
      if (seen[step] === ABSENT || isBetter || Number.isNaN(current)) best[step] = value
      seen[step] = FLOAT
    }
  }

  finish(result: StepSeries): void {
    result.values.set(this.#best)
    result.present.set(this.#present)
  }
}

class Count implements Accumulator {
  readonly #counts: Float64Array

  constructor(count: number) {
    this.#counts = new Float64Array(count)
  }

  add({ present }: StepSeries): void {
    const counts = this.#counts
    for (let step = 0; step < present.length; step++) if (present[step] !== ABSENT) counts[step]++
  }

  finish({ values, present }: StepSeries): void {
    values.set(this.#counts)
    for (let step = 0; step < present.length; step++) if (values[step] > 0) present[step] = FLOAT
  }
}

class Presence implements Accumulator {
  readonly #present: Uint8Array

  constructor(count: number) {
    this.#present = new Uint8Array(count)
  }

  add({ present }: StepSeries): void {
    const seen = this.#present
    for (let step = 0; step < present.length; step++) if (present[step] !== ABSENT) seen[step] = FLOAT
  }

  finish({ values, present }: StepSeries): void {
    present.set(this.#present)
    values.fill(1)
  }
}

/** Welford's method. */
class Variance implements Accumulator {
  readonly #means: Float64Array
  readonly #squares: Float64Array
  readonly #counts: Float64Array
  readonly #isRoot: boolean

  constructor(count: number, isRoot: boolean) {
    this.#means = new Float64Array(count)
    this.#squares = new Float64Array(count)
    this.#counts = new Float64Array(count)
    this.#isRoot = isRoot
  }

  add({ values, present }: StepSeries): void {
    for (let step = 0; step < values.length; step++) {
      if (present[step] === ABSENT) continue
      const value = values[step]
      const count = ++this.#counts[step]
      if (count === 1) {
        this.#means[step] = value
        this.#squares[step] = Number.isFinite(value) ? 0 : NaN
        continue
      }
      const delta = value - this.#means[step]
      this.#means[step] += delta / count
      this.#squares[step] += delta * (value - this.#means[step])
    }
  }

  finish({ values, present }: StepSeries): void {
    for (let step = 0; step < values.length; step++) {
      const count = this.#counts[step]
      if (count === 0) continue
      const variance = this.#squares[step] / count
      values[step] = this.#isRoot ? Math.sqrt(variance) : variance
      present[step] = FLOAT
    }
  }
}
