import { CUSTOM_BUCKETS_SCHEMA, NO_BUCKETS, RESET_GAUGE, RESET_NO, RESET_UNKNOWN, RESET_YES } from '@quartet/model'
import type { HistogramBuckets, NativeHistogram, ResetHint } from '@quartet/model'
import { parseNumber } from '../../query/syntax/number.ts'

const HINTS: Readonly<Record<string, ResetHint>> = {
  unknown: RESET_UNKNOWN,
  reset: RESET_YES,
  not_reset: RESET_NO,
  gauge: RESET_GAUGE,
}

/** A histogram of a script, and whether it says anything about resets. */
export interface NotedHistogram {
  readonly histogram: NativeHistogram
  readonly hasHint: boolean
}

/** promqltest's `{{schema:1 count:5 sum:3 buckets:[1 2] offset:0}}`. @throws Error when it is malformed */
export function parseHistogram(text: string): NotedHistogram {
  const fields = new Map<string, string>()
  const inner = text.slice(2, -2)
  let rest = inner.trim()
  while (rest !== '') {
    const match = /^([a-z_]+):(\[[^\]]*\]|[^\s]+)\s*/.exec(rest)
    if (match === null) throw new Error(`bad histogram ${text}`)
    fields.set(match[1], match[2])
    rest = rest.slice(match[0].length)
  }
  const number = (name: string): number => signed(fields.get(name) ?? '0')
  const list = (name: string): number[] =>
    (fields.get(name) ?? '[]').slice(1, -1).trim().split(/\s+/).filter(Boolean).map(signed)
  const buckets = (counts: number[], offset: number): HistogramBuckets =>
    counts.length === 0
      ? NO_BUCKETS
      : { indices: Int32Array.from(counts, (_, index) => index + offset), counts: Float64Array.from(counts) }
  const schema = number('schema')
  const hint = fields.get('counter_reset_hint')
  const histogram = {
    schema,
    zeroThreshold: number('z_bucket_w'),
    zeroCount: number('z_bucket'),
    count: number('count'),
    sum: number('sum'),
    positive: buckets(list('buckets'), number('offset')),
    negative: buckets(list('n_buckets'), number('n_offset')),
    customBounds: schema === CUSTOM_BUCKETS_SCHEMA ? Float64Array.from(list('custom_values')) : undefined,
    resetHint: hint === undefined ? RESET_UNKNOWN : HINTS[hint],
    isFloat: true,
  }
  return { histogram, hasHint: hint !== undefined }
}

function signed(text: string): number {
  const value = parseNumber(text.replace(/^[+-]/, ''))
  if (value === undefined) throw new Error(`bad number ${text}`)
  return text.startsWith('-') ? -value : value
}
