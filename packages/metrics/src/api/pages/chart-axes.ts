const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const TIME_STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7, 14, 30, 90, 365, 1825].map((count) => count * DAY),
]

export interface Tick {
  readonly at: number
  readonly text: string
}

/** At most `most` round times of UTC. */
export function timeTicks(startMs: number, endMs: number, most: number): Tick[] {
  const step = TIME_STEPS.find((ms) => (endMs - startMs) / ms <= most) ?? endMs - startMs + 1
  const ticks: Tick[] = []
  for (let at = Math.ceil(startMs / step) * step; at <= endMs; at += step) {
    const text = new Date(at).toISOString()
    const time = text.slice(11, step < MINUTE ? 19 : 16)
    ticks.push({ at, text: step >= DAY ? text.slice(0, 10) : at % DAY === 0 ? text.slice(5, 10) : time })
  }
  return ticks
}

/** Values that differ less, relatively, cannot be told apart in a tick's text. */
const LEAST_SPREAD = 1e-9
/** Below it arithmetic loses digits. */
const LEAST_VALUE = 1e-290

/** Round values around all of `low` to `high`; the first and the last are the ends of the axis. */
export function valueTicks(low: number, high: number, about: number): Tick[] {
  const size = Math.max(Math.abs(low), Math.abs(high))
  const isFlat = high - low <= Math.max(size * LEAST_SPREAD, LEAST_VALUE)
  const spread = isFlat ? (size > LEAST_VALUE ? size * 0.2 : 1) : high - low
  const [from, to] = isFlat ? [low - spread / 2, high + spread / 2] : [low, high]
  const power = 10 ** Math.floor(Math.log10(spread / about))
  const step = power * ([1, 2, 5].find((factor) => spread / (power * factor) <= about) ?? 10)
  const first = Math.floor(from / step)
  const last = Math.ceil(to / step)
  const ticks: Tick[] = []
  const largest = Math.max(Math.abs(first), Math.abs(last)) * step
  for (let index = first; index <= last; index++) {
    ticks.push({ at: index * step, text: valueText(index * step, step, largest) })
  }
  return ticks
}

const UNITS: readonly (readonly [number, string])[] = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
  [1, ''],
  [1e-3, 'm'],
  [1e-6, 'µ'],
]

/** With as many digits as tell it from its neighbours `step` away; all values of an axis in the unit of the largest. */
function valueText(value: number, step: number, largest: number): string {
  if (value === 0) return '0'
  const digitsOf = (unit: number): number => Math.min(15, Math.max(0, -Math.floor(Math.log10(step / unit) + 1e-9)))
  if (largest >= 1e15 || largest < 1e-6) {
    return value.toExponential(digitsOf(10 ** Math.floor(Math.log10(Math.abs(value)) + 1e-9)))
  }
  const [unit, suffix] = UNITS.find(([least]) => largest >= least * (1 - 1e-9)) ?? [1, '']
  return `${(value / unit).toFixed(digitsOf(unit))}${suffix}`
}
