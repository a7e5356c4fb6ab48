import type { DataFrame, Field } from '@grafana/data'

/** A stretch of one value. */
export interface Segment {
  readonly fromMs: number
  readonly toMs: number
  /** Row of the field's value. */
  readonly index: number
}

export interface TimelineRow {
  readonly frame: DataFrame
  readonly field: Field
  readonly segments: readonly Segment[]
}

interface Options {
  readonly fromMs: number
  readonly toMs: number
  /** Neighbours that look the same are one segment; `keyOf` says what looks the same. */
  readonly keyOf?: (field: Field, value: unknown) => unknown
  /** Gaps of nulls take the value before them: always, or when they are no longer than this. */
  readonly spanNulls?: (field: Field) => boolean | number
}

/** Every field beside the time becomes a row. What lies outside of the time shown is left out. */
export function timelineRows(frames: readonly DataFrame[], options: Options): TimelineRow[] {
  const rows: TimelineRow[] = []
  for (const frame of frames) {
    const time = frame.fields.find(({ type }) => (type as string) === 'time')
    if (!time) continue
    for (const field of frame.fields) {
      if (field === time || (field.type as string) === 'time' || isHidden(field)) continue
      const segments = segmentsOf(time.values as number[], field, options)
      if (frame.length > 0) rows.push({ frame, field, segments })
    }
  }
  return rows
}

/** A value holds until the next one; the last one to the end of the time shown. */
export function segmentsOf(times: readonly number[], field: Field, options: Options): Segment[] {
  const { fromMs, toMs, keyOf, spanNulls } = options
  const span = spanNulls?.(field) ?? false
  const segments: { fromMs: number; toMs: number; index: number }[] = []
  let lastKey: unknown = noKey
  let gapFromMs: number | undefined
  for (const [index, timeMs] of times.entries()) {
    const value: unknown = field.values[index]
    const endMs = times[index + 1] ?? toMs
    if (isEmpty(value)) {
      gapFromMs ??= timeMs
      continue
    }
    const previous = segments.at(-1)
    const isBridged =
      gapFromMs !== undefined && (span === true || (typeof span === 'number' && timeMs - gapFromMs < span))
    if (previous && isBridged) previous.toMs = timeMs
    const isAdjacent = previous !== undefined && previous.toMs === timeMs
    gapFromMs = undefined
    const key = keyOf ? keyOf(field, value) : index
    if (previous && isAdjacent && Object.is(key, lastKey)) previous.toMs = endMs
    else segments.push({ fromMs: timeMs, toMs: endMs, index })
    lastKey = key
  }
  return segments
    .filter((segment) => segment.toMs > fromMs && segment.fromMs < toMs)
    .map((segment) => ({
      index: segment.index,
      fromMs: Math.max(fromMs, segment.fromMs),
      toMs: Math.min(toMs, segment.toMs),
    }))
}

/** Equal to nothing that a value can be. */
const noKey = Symbol('no key')

/** Each value in a cell of its own width, centred on its time, as status history shows samples. */
export function cellsOf(times: readonly number[], field: Field, options: Pick<Options, 'fromMs' | 'toMs'>): Segment[] {
  const widthMs = smallestStep(times) ?? (options.toMs - options.fromMs) / 20
  return times
    .map((timeMs, index) => ({ index, fromMs: timeMs - widthMs / 2, toMs: timeMs + widthMs / 2 }))
    .filter(
      ({ index, fromMs, toMs }) => !isEmpty(field.values[index]) && toMs > options.fromMs && fromMs < options.toMs,
    )
    .map(({ index, fromMs, toMs }) => ({
      index,
      fromMs: Math.max(options.fromMs, fromMs),
      toMs: Math.min(options.toMs, toMs),
    }))
}

function smallestStep(times: readonly number[]): number | undefined {
  let smallest: number | undefined
  for (let index = 1; index < times.length; index++) {
    const step = (times[index] ?? 0) - (times[index - 1] ?? 0)
    if (step > 0 && (smallest === undefined || step < smallest)) smallest = step
  }
  return smallest
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || Number.isNaN(value)
}

function isHidden(field: Field): boolean {
  return (field.config.custom as { hideFrom?: { viz?: boolean } } | undefined)?.hideFrom?.viz === true
}
