import { goLayout, namedGoLayout, parseGoTime } from '@quartet/query'

const UNIX_NS: Readonly<Record<string, bigint>> = { UnixMs: 1_000_000n, UnixUs: 1_000n, UnixNs: 1n }

/** Whether a layout has parts of a time, each once. */
export function isUsableLayout(layout: string): boolean {
  if (layout === 'Unix' || Object.hasOwn(UNIX_NS, layout)) return true
  const parts = goLayout(namedGoLayout(layout)).parts.map(({ part }) => part)
  return parts.length > 0 && new Set(parts).size === parts.length
}

/**
 * Reads a time by a layout of Go's time package, one of its names, or Unix, UnixMs, UnixUs, UnixNs. Times without a zone are UTC.
 * @returns nanoseconds since 1970, or nothing when the text does not fit
 */
export function parseTime(layout: string, text: string): bigint | undefined {
  if (layout === 'Unix') return parseSeconds(text)
  const unit = Object.hasOwn(UNIX_NS, layout) ? UNIX_NS[layout] : undefined
  if (unit !== undefined) return /^-?\d+$/.test(text) ? BigInt(text) * unit : undefined
  return parseGoTime(namedGoLayout(layout), text)?.ns
}

function parseSeconds(text: string): bigint | undefined {
  const found = /^(-?\d+)(?:\.(\d*))?$/.exec(text)
  return found ? BigInt(found[1]) * 1_000_000_000n + BigInt((found[2] ?? '').slice(0, 9).padEnd(9, '0')) : undefined
}
