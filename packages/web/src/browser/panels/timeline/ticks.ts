const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** Distances that people read off a clock. */
const steps = [
  second,
  5 * second,
  10 * second,
  30 * second,
  minute,
  5 * minute,
  10 * minute,
  15 * minute,
  30 * minute,
  hour,
  2 * hour,
  3 * hour,
  6 * hour,
  12 * hour,
  day,
  2 * day,
  7 * day,
  14 * day,
  30 * day,
  90 * day,
  365 * day,
]

export interface Ticks {
  readonly timesMs: readonly number[]
  /** A format of `dateTimeFormat`. */
  readonly format: string
}

/**
 * @param offsetMs the time zone's distance to UTC, so that ticks fall on its full hours and days
 */
export function timeTicks(options: { fromMs: number; toMs: number; maximum: number; offsetMs: number }): Ticks {
  const { fromMs, toMs, maximum, offsetMs } = options
  const wanted = (toMs - fromMs) / Math.max(1, maximum)
  const step = steps.find((candidate) => candidate >= wanted) ?? Math.ceil(wanted / day) * day
  const timesMs: number[] = []
  const first = Math.ceil((fromMs + offsetMs) / step) * step - offsetMs
  for (let timeMs = first; timeMs <= toMs; timeMs += step) timesMs.push(timeMs)
  const format = step < minute ? 'HH:mm:ss' : step >= day ? 'MM/DD' : toMs - fromMs > day ? 'MM/DD HH:mm' : 'HH:mm'
  return { timesMs, format }
}
