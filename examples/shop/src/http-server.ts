import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { context, metrics, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Attributes, Span } from '@opentelemetry/api'
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
  METRIC_HTTP_SERVER_REQUEST_DURATION,
} from '@opentelemetry/semantic-conventions'
import { exemplars } from './exemplars.ts'
import type { Journal } from './journal.ts'

export interface Route {
  readonly method: 'GET' | 'POST'
  /** With `{name}` for one path segment, as `http.route` has it. */
  readonly path: string
  handle(request: { params: Readonly<Record<string, string>>; body: unknown }): Promise<Answer>
}

export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** Bucket bounds in seconds that the semantic conventions advise for HTTP durations. */
export const DURATION_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** A JSON server whose every request is a SERVER span, a point in `http.server.request.duration` and a log record. */
export function serveRoutes(routes: readonly Route[], telemetry: { scope: string; journal: Journal }): Server {
  const tracer = trace.getTracer(telemetry.scope)
  const meter = metrics.getMeter(telemetry.scope)
  const duration = meter.createHistogram(METRIC_HTTP_SERVER_REQUEST_DURATION, {
    description: 'Duration of HTTP server requests.',
    unit: 's',
    advice: { explicitBucketBoundaries: DURATION_BOUNDS },
  })
  const active = meter.createUpDownCounter('http.server.active_requests', {
    description: 'Number of active HTTP server requests.',
    unit: '{request}',
  })

  const server = createServer((request, response) => {
    const startedMs = performance.now()
    const method = request.method ?? 'GET'
    const path = (request.url ?? '/').split('?')[0]
    const found = findRoute(routes, method, path)
    const route = found?.route.path
    const scheme = { [ATTR_HTTP_REQUEST_METHOD]: method, [ATTR_URL_SCHEME]: 'http' }
    const shared: Attributes = route === undefined ? scheme : { ...scheme, [ATTR_HTTP_ROUTE]: route }
    const parent = propagation.extract(context.active(), request.headers)
    const attributes = { ...shared, [ATTR_URL_PATH]: path, ...serverAddress(request) }
    const name = route === undefined ? method : `${method} ${route}`
    const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent)
    const spanContext = trace.setSpan(parent, span)
    active.add(1, scheme)

    const finish = (answer: Answer, errorType: string | undefined): void => {
      const result: Attributes = { [ATTR_HTTP_RESPONSE_STATUS_CODE]: answer.status }
      if (errorType !== undefined) result[ATTR_ERROR_TYPE] = errorType
      span.setAttributes(result)
      if (answer.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
      const seconds = (performance.now() - startedMs) / 1000
      duration.record(seconds, { ...shared, ...result }, spanContext)
      exemplars.offer(METRIC_HTTP_SERVER_REQUEST_DURATION, { ...shared, ...result }, seconds, span.spanContext())
      active.add(-1, scheme)
      // Lets the load loop name traces that are worth opening.
      response.setHeader('x-trace-id', span.spanContext().traceId)
      sendJson(response, answer)
      span.end()
    }

    const run = async (): Promise<void> => {
      try {
        const answer = found
          ? await found.route.handle({ params: found.params, body: await readJson(request) })
          : { status: 404, body: { message: 'not found' } }
        logRequest(telemetry.journal, `${method} ${path}`, answer.status, startedMs)
        finish(answer, answer.status >= 500 ? String(answer.status) : undefined)
      } catch (error) {
        const type = recordFailure(span, error)
        telemetry.journal.error(`${method} ${path} failed: ${messageOf(error)}`, error)
        finish({ status: 500, body: { message: 'internal error' } }, type)
      }
    }
    void context.with(spanContext, run)
  })
  // Callers keep connections; a closing service waits for them no longer than this.
  server.keepAliveTimeout = 500
  return server
}

/** Marks a span as failed; returns the value of `error.type`. */
export function recordFailure(span: Span, error: unknown): string {
  const type = error instanceof Error ? error.name : 'Error'
  span.recordException(error instanceof Error ? error : String(error))
  span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) })
  span.setAttribute(ATTR_ERROR_TYPE, type)
  return type
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function logRequest(journal: Journal, what: string, status: number, startedMs: number): void {
  const durationMs = Math.round(performance.now() - startedMs)
  const attributes = { [ATTR_HTTP_RESPONSE_STATUS_CODE]: status, duration_ms: durationMs }
  const text = `${what} ${status} in ${durationMs} ms`
  if (status >= 400 || durationMs > 1000) journal.warn(text, attributes)
  else journal.info(text, attributes)
}

function serverAddress(request: IncomingMessage): Attributes {
  const [host, port] = (request.headers.host ?? '').split(':')
  return port === undefined
    ? { [ATTR_SERVER_ADDRESS]: host }
    : { [ATTR_SERVER_ADDRESS]: host, [ATTR_SERVER_PORT]: Number(port) }
}

function findRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { route: Route; params: Record<string, string> } | undefined {
  const segments = path.split('/')
  for (const route of routes) {
    const params = route.method === method ? matchPath(route.path.split('/'), segments) : undefined
    if (params !== undefined) return { route, params }
  }
  return undefined
}

function matchPath(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of pattern.entries()) {
    if (part.startsWith('{')) params[part.slice(1, -1)] = decodeURIComponent(segments[index])
    else if (part !== segments[index]) return undefined
  }
  return params
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
  return parts.length === 0 ? undefined : JSON.parse(Buffer.concat(parts).toString())
}

function sendJson(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(answer.body))
}
