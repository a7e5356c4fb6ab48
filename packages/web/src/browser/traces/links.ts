import { escapeString } from '../datasources/escape.ts'
import { exploreUrl, logDataSource, metricDataSource, traceDataSource } from '../explore/url.ts'
import type { TraceSpan } from './trace.ts'

const minuteMs = 60_000

/** The lines that a span's service wrote as part of the trace. Nothing without a log store. */
export function logsUrl(traceId: string, span: TraceSpan): string | undefined {
  const logs = logDataSource()
  if (!logs) return undefined
  const expr = `{service_name="${escapeString(span.service)}"} | trace_id="${traceId}"`
  return exploreUrl({
    datasource: logs.uid,
    queries: [{ refId: 'A', expr, queryType: 'range' }],
    range: around(span),
  })
}

/**
 * How often the span's service is called and answers, from whichever of the usual metrics there is: the span metrics of
 * a collector, or the HTTP and RPC server metrics of the OpenTelemetry SDKs. Nothing without a metric store.
 */
export function metricsUrl(span: TraceSpan): string | undefined {
  const metrics = metricDataSource()
  if (!metrics) return undefined
  return exploreUrl({
    datasource: metrics.uid,
    queries: [{ refId: 'A', expr: requestRate(span), legendFormat: '__auto', range: true, instant: false }],
    range: { from: String(span.startMs - 30 * minuteMs), to: String(span.startMs + 30 * minuteMs) },
  })
}

/** @returns PromQL: the first of the known metrics that the service has */
export function requestRate(span: Pick<TraceSpan, 'service' | 'name'>): string {
  const service = escapeString(span.service)
  const job = `job=~"(.+/)?${escapeString(escapeForRegex(span.service))}"`
  const rates = [
    `sum by (span_name) (rate(traces_span_metrics_calls_total{service_name="${service}", span_name="${escapeString(span.name)}"}[$__rate_interval]))`,
    `sum by (http_route) (rate(http_server_request_duration_seconds_count{${job}}[$__rate_interval]))`,
    `sum by (http_route) (rate(http_server_duration_milliseconds_count{${job}}[$__rate_interval]))`,
    `sum by (rpc_method) (rate(rpc_server_duration_milliseconds_count{${job}}[$__rate_interval]))`,
  ]
  return rates.join('\nor ')
}

/** Another trace that a span links to. */
export function linkedTraceUrl(traceId: string): string | undefined {
  const traces = traceDataSource()
  return (
    traces && exploreUrl({ datasource: traces.uid, queries: [{ refId: 'A', query: traceId, queryType: 'traceql' }] })
  )
}

function escapeForRegex(text: string): string {
  return text.replace(/[$^*{}[\]+?.()|\\]/g, '\\$&')
}

function around(span: TraceSpan): { from: string; to: string } {
  return {
    from: String(Math.floor(span.startMs - minuteMs)),
    to: String(Math.ceil(span.startMs + span.durationMs + 5 * minuteMs)),
  }
}
