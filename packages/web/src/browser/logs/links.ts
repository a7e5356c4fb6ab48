import { exploreUrl, logDataSource, traceDataSource } from '../explore/url.ts'
import type { LogLine } from './log-line.ts'

const minuteMs = 60_000

/** Where a line's trace is shown; nothing without a trace store or a trace id. */
export function traceUrlOf(line: LogLine): string | undefined {
  const traces = traceDataSource()
  if (!traces || line.traceId === undefined) return undefined
  return exploreUrl({
    datasource: traces.uid,
    queries: [{ refId: 'A', query: line.traceId, queryType: 'traceql' }],
    range: around(line.timeMs),
  })
}

/** The lines of the same stream shortly before and after. */
export function contextUrlOf(line: LogLine): string | undefined {
  const logs = logDataSource()
  const indexed = Object.entries(line.labels).filter(([name]) => line.labelKinds[name] === 'I')
  if (!logs || indexed.length === 0) return undefined
  const selector = indexed.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')
  return exploreUrl({
    datasource: logs.uid,
    queries: [{ refId: 'A', expr: `{${selector}}`, queryType: 'range' }],
    range: { from: String(line.timeMs - 5 * minuteMs), to: String(line.timeMs + 5 * minuteMs) },
  })
}

function around(timeMs: number): { from: string; to: string } {
  return { from: String(timeMs - 30 * minuteMs), to: String(timeMs + 30 * minuteMs) }
}
