import type { Labels, NativeHistogram } from '@quartet/model'
import { labelsKey, METRIC_NAME } from '@quartet/model'
import { EvaluationError } from './errors.ts'

/** Marks in {@link StepSeries.present}. */
export const ABSENT = 0
export const FLOAT = 1
export const HISTOGRAM = 2

/**
 * One series over a whole step grid: `values[step]` is meaningful where `present[step]` is not {@link ABSENT}. A real NaN is a
 * present value. A series passed to a sink belongs to the sink until it returns; whoever wants it longer takes {@link ownSeries}.
 */
export interface StepSeries {
  labels: Labels
  values: Float64Array
  present: Uint8Array
  /** The histograms of steps whose mark is {@link HISTOGRAM}; `undefined` as long as there is none. */
  histograms: Histograms
  /** The metric name is to be dropped at the very end (promql-delayed-name-removal). */
  dropName: boolean
}

export type Histograms = (NativeHistogram | undefined)[] | undefined

export type SeriesSink = (series: StepSeries) => void

/** See QueryBudget.checkpoint. */
export type Checkpoint = () => Promise<void> | undefined

/**
 * Hands on series that were held. What a sink does with one of them may take long (a window function over every step), so the
 * event loop may have its turn after each.
 */
export async function drain(held: Iterable<StepSeries>, sink: SeriesSink, checkpoint: Checkpoint): Promise<void> {
  for (const series of held) {
    sink(series)
    const pause = checkpoint()
    if (pause !== undefined) await pause
  }
}

export function newSeries(labels: Labels, count: number): StepSeries {
  return {
    labels,
    values: new Float64Array(count),
    present: new Uint8Array(count),
    histograms: undefined,
    dropName: false,
  }
}

/** A copy whose columns are the caller's own. */
export function ownSeries(series: StepSeries): StepSeries {
  return {
    labels: series.labels,
    values: series.values.slice(),
    present: series.present.slice(),
    histograms: series.histograms?.slice(),
    dropName: series.dropName,
  }
}

/** Gives `series` a histogram at a step. */
export function setHistogram(
  series: { present: Uint8Array; histograms: Histograms },
  step: number,
  histogram: NativeHistogram,
): void {
  series.histograms ??= new Array<undefined>(series.present.length).fill(undefined)
  series.histograms[step] = histogram
  series.present[step] = HISTOGRAM
}

/** Copies one point, whichever it is, to a step where there is none. */
export function copyPoint(target: StepSeries, source: StepSeries, step: number, sourceStep = step): void {
  target.present[step] = source.present[sourceStep]
  if (source.present[sourceStep] === HISTOGRAM) setHistogram(target, step, source.histograms![sourceStep]!)
  else target.values[step] = source.values[sourceStep]
}

/** Leaves out the histograms, for what only works on floats. */
export function dropHistograms(series: StepSeries): void {
  if (series.histograms === undefined) return
  const { present } = series
  for (let step = 0; step < present.length; step++) if (present[step] === HISTOGRAM) present[step] = ABSENT
  series.histograms = undefined
}

export function countPresent(present: Uint8Array): number {
  let count = 0
  for (let step = 0; step < present.length; step++) if (present[step] !== ABSENT) count++
  return count
}

export function hasAny(present: Uint8Array): boolean {
  for (let step = 0; step < present.length; step++) if (present[step] !== ABSENT) return true
  return false
}

/** Labels that describe the metric and go away together with its name once they are in use (type-and-unit-labels). */
const METADATA_LABELS = new Set([METRIC_NAME, '__type__', '__unit__'])

export function withoutName(labels: Labels): Labels {
  if (!labels.some(([name]) => METADATA_LABELS.has(name))) return labels
  return labels.filter(([name]) => !METADATA_LABELS.has(name))
}

/** Refuses a second series with the same labels, as upstream does wherever labels were changed. */
export class UniqueLabels {
  readonly #seen = new Set<string>()

  check(labels: Labels): void {
    const size = this.#seen.size
    this.#seen.add(labelsKey(labels))
    if (this.#seen.size === size) throw sameLabelset()
  }
}

export function sameLabelset(): EvaluationError {
  return new EvaluationError('vector cannot contain metrics with the same labelset')
}

/**
 * Drops the names that were to be dropped and joins series that have become equal.
 * @throws EvaluationError when two of them have a point at the same step
 */
export function removeDelayedNames(series: readonly StepSeries[]): StepSeries[] {
  if (!series.some((one) => one.dropName)) return [...series]
  const byKey = new Map<string, StepSeries>()
  for (const one of series) {
    const labels = one.dropName ? withoutName(one.labels) : one.labels
    const key = labelsKey(labels)
    const existing = byKey.get(key)
    if (existing === undefined) byKey.set(key, { ...one, labels, dropName: false })
    else mergeInto(existing, one)
  }
  return [...byKey.values()]
}

/**
 * Joins series that have become equal because their labels were changed: they are one, as long as no step has both.
 * Holds all series, so it is only used where two can become equal at all.
 */
export class SeriesMerger {
  readonly #byKey = new Map<string, StepSeries>()

  /** @throws EvaluationError when an equal series has a point at the same step */
  add(series: StepSeries): void {
    if (!hasAny(series.present)) return
    // A name that is dropped later still tells series apart now.
    const key = (series.dropName ? 'dropped ' : '') + labelsKey(series.labels)
    const existing = this.#byKey.get(key)
    if (existing === undefined) this.#byKey.set(key, ownSeries(series))
    else mergeInto(existing, series)
  }

  get all(): Iterable<StepSeries> {
    return this.#byKey.values()
  }
}

function mergeInto(target: StepSeries, source: StepSeries): void {
  for (let step = 0; step < source.present.length; step++) {
    if (source.present[step] === ABSENT) continue
    if (target.present[step] !== ABSENT) throw sameLabelset()
    copyPoint(target, source, step)
  }
}

/** A series of one step at each of `count` steps. */
export function repeatStep(series: StepSeries, count: number): StepSeries {
  const result = newSeries(series.labels, count)
  result.values.fill(series.values[0])
  result.present.fill(series.present[0])
  if (series.histograms !== undefined)
    result.histograms = new Array<NativeHistogram | undefined>(count).fill(series.histograms[0])
  result.dropName = series.dropName
  return result
}
