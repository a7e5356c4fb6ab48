import { EvaluationError } from '../errors.ts'
import { FLOAT } from '../steps.ts'
import type { RangeInput, RangeOutput } from './range-function.ts'

/** How a range selector treats the ends of its range (promql-extended-range-selectors). */
export type Extension = 'anchored' | 'smoothed'

/** Ascending times and what was there. */
interface Points {
  readonly timesMs: Float64Array
  readonly values: Float64Array
}

/** A window that reaches beyond its range, `first` to `last`, both inclusive. */
interface ExtendedWindow extends Points {
  readonly first: number
  readonly last: number
  readonly startMs: number
  readonly endMs: number
}

const ALLOWED: Readonly<Record<Extension, readonly string[]>> = {
  anchored: ['changes', 'delta', 'increase', 'rate', 'resets'],
  smoothed: ['delta', 'increase', 'rate'],
}

/**
 * A range function over windows that were selected with samples around the range: `anchored` begins with the sample at or before the
 * start of the range, `smoothed` interpolates at both ends.
 * @throws EvaluationError when the function cannot be used with the modifier
 */
export function extendedFunction(name: string, extension: Extension): (input: RangeInput, output: RangeOutput) => void {
  const allowed = ALLOWED[extension]
  if (!allowed.includes(name))
    throw new EvaluationError(`${extension} modifier can only be used with: ${allowed.join(', ')} - not with ${name}`)
  const apply = name === 'changes' || name === 'resets' ? countPairs(name) : changeOverRange(name, extension)
  return (input, output) => {
    const { timesMs, values, low, high, grid, rangeMs, shiftMs } = input
    for (let step = 0; step < grid.count; step++) {
      if (high[step] === low[step]) continue
      const endMs = grid.startMs + step * grid.stepMs - shiftMs
      const window = { timesMs, values, first: low[step], last: high[step] - 1, startMs: endMs - rangeMs, endMs }
      const result = apply(window)
      if (result === undefined) continue
      output.values[step] = name === 'rate' ? result / (rangeMs / 1000) : result
      output.present[step] = FLOAT
    }
  }
}

/** The points of a bare `metric[5m] anchored` or `smoothed`: those inside the range, and one at each of its ends. */
export function extendedPoints(window: ExtendedWindow, extension: Extension): Points | undefined {
  const isSmoothed = extension === 'smoothed'
  const ends = findEnds(window, isSmoothed)
  if (ends === undefined) return undefined
  const { timesMs, values, startMs, endMs } = window
  const [first, last] = strictlyInside(window, ends)
  const left = leftValue(window, ends.first, { isSmoothed, isCounter: false })
  const right = rightValue(window, ends.last, { isSmoothed, isCounter: false })
  return {
    timesMs: Float64Array.of(startMs, ...timesMs.subarray(first, last + 1), endMs),
    values: Float64Array.of(left, ...values.subarray(first, last + 1), right),
  }
}

function changeOverRange(name: string, extension: Extension): (window: ExtendedWindow) => number | undefined {
  const how = { isSmoothed: extension === 'smoothed', isCounter: name !== 'delta' }
  return (window) => {
    const ends = findEnds(window, how.isSmoothed)
    if (ends === undefined) return undefined
    const left = leftValue(window, ends.first, how)
    const right = rightValue(window, ends.last, how)
    if (!how.isCounter) return right - left
    // Interpolation has dealt with resets at the ends already.
    const [first, last] = strictlyInside(window, ends)
    let correction = 0
    let previous = left
    for (let index = first; index <= last; index++) {
      if (window.values[index] < previous) correction += previous
      previous = window.values[index]
    }
    if (right < previous) correction += previous
    return right - left + correction
  }
}

function countPairs(name: string): (window: ExtendedWindow) => number {
  return (window) => {
    const { values, last } = window
    let found = 0
    for (let index = anchor(window, last) + 1; index <= last; index++) {
      const [before, now] = [values[index - 1], values[index]]
      if (name === 'resets' ? now < before : now !== before && !(Number.isNaN(now) && Number.isNaN(before))) found++
    }
    return found
  }
}

/** The last sample at or before the start, the very last one aside; else the first. */
function anchor({ timesMs, first, startMs }: ExtendedWindow, last: number): number {
  let index = first
  while (index < last && timesMs[index] <= startMs) index++
  return Math.max(first, index - 1)
}

function findEnds(window: ExtendedWindow, isSmoothed: boolean): { first: number; last: number } | undefined {
  const { timesMs, startMs, endMs } = window
  let { last } = window
  const first = anchor(window, last)
  if (isSmoothed) {
    let index = window.first
    while (index < last && timesMs[index] < endMs) index++
    last = index
  }
  if (timesMs[last] <= startMs || (isSmoothed && timesMs[first] > endMs)) return undefined
  return { first, last }
}

function strictlyInside(
  { timesMs, startMs, endMs }: ExtendedWindow,
  ends: { first: number; last: number },
): [number, number] {
  return [
    timesMs[ends.first] <= startMs ? ends.first + 1 : ends.first,
    timesMs[ends.last] >= endMs ? ends.last - 1 : ends.last,
  ]
}

interface How {
  readonly isSmoothed: boolean
  readonly isCounter: boolean
}

function leftValue(window: ExtendedWindow, first: number, { isSmoothed, isCounter }: How): number {
  const { timesMs, values, startMs } = window
  if (!isSmoothed || timesMs[first] >= startMs) return values[first]
  const [before, after] = [values[first], values[first + 1]]
  // A counter that fell between the two began anew at zero.
  return interpolate(window, first, startMs, isCounter && after < before ? 0 : before, after)
}

function rightValue(window: ExtendedWindow, last: number, { isSmoothed, isCounter }: How): number {
  const { timesMs, values, endMs, first } = window
  if (!isSmoothed || last <= first || timesMs[last] <= endMs) return values[last]
  const [before, after] = [values[last - 1], values[last]]
  return interpolate(window, last - 1, endMs, before, isCounter && after < before ? after + before : after)
}

function interpolate({ timesMs }: Points, index: number, atMs: number, before: number, after: number): number {
  return before + ((after - before) * (atMs - timesMs[index])) / (timesMs[index + 1] - timesMs[index])
}

/** The value of `metric smoothed` at a time: between its neighbours, or that of the one before when there is none behind. */
export function smoothedValue({ timesMs, values, first, last, endMs }: ExtendedWindow): number | undefined {
  let index = last
  while (index >= first && timesMs[index] > endMs) index--
  if (index < first) return undefined
  if (index === last || timesMs[index] === endMs) return values[index]
  return interpolate({ timesMs, values }, index, endMs, values[index], values[index + 1])
}
