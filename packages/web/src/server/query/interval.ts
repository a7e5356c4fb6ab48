import { parseGrafanaDuration } from '../config/duration.ts'
import { numberOf, textOf } from './data-query.ts'
import type { QueryContext } from './data-query.ts'

/** Prometheus and Loki refuse more points than this per series. */
const MAX_POINTS = 11_000

/** The step of a range query: what the panel asks for, but never too fine for the store or the data. */
export function stepMs(context: QueryContext): number {
  const { query, source, range } = context
  const configured = textOf(query, 'interval') || String(source.jsonData['timeInterval'] ?? '')
  const smallestMs =
    parseGrafanaDuration(configured.replace(/^>/, '')) ?? (source.type === 'prometheus' ? 15_000 : 1000)
  const rangeMs = range.toMs - range.fromMs
  const safeMs = Math.ceil(rangeMs / MAX_POINTS / 1000) * 1000
  const wantedMs = (numberOf(query, 'intervalMs') ?? 15_000) * (numberOf(query, 'intervalFactor') ?? 1)
  return Math.max(wantedMs, smallestMs, safeMs)
}

/** Replaces `$__interval`, `$__range`, `$__rate_interval` and their kin, in both spellings. */
export function interpolate(expression: string, context: QueryContext, step: number): string {
  const rangeMs = context.range.toMs - context.range.fromMs
  const scrapeMs = parseGrafanaDuration(String(context.source.jsonData['timeInterval'] ?? '')) ?? 15_000
  const rateMs = Math.max(step + scrapeMs, 4 * scrapeMs)
  const values: Record<string, string> = {
    __interval_ms: String(step),
    __interval: duration(step),
    __rate_interval_ms: String(rateMs),
    __rate_interval: duration(rateMs),
    __range_ms: String(rangeMs),
    __range_s: String(Math.round(rangeMs / 1000)),
    __range: `${Math.round(rangeMs / 1000)}s`,
    __auto: duration(step),
  }
  return expression.replaceAll(/\$\{(__\w+)\}|\$(__\w+)/g, (whole, braced?: string, plain?: string) => {
    return values[braced ?? plain ?? ''] ?? whole
  })
}

function duration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`
}
