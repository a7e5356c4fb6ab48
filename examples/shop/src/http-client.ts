import { request as sendRequest } from 'node:http'
import { context, metrics, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Attributes } from '@opentelemetry/api'
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_FULL,
  METRIC_HTTP_CLIENT_REQUEST_DURATION,
} from '@opentelemetry/semantic-conventions'
import { DURATION_BOUNDS, recordFailure } from './http-server.ts'
import type { Answer } from './http-server.ts'

export type CallService = (method: 'GET' | 'POST', url: string, body?: unknown) => Promise<Answer>

/** Calls another service: a CLIENT span whose context travels in `traceparent`, and `http.client.request.duration`. */
export function createHttpClient(scope: string): CallService {
  const tracer = trace.getTracer(scope)
  const duration = metrics.getMeter(scope).createHistogram(METRIC_HTTP_CLIENT_REQUEST_DURATION, {
    description: 'Duration of HTTP client requests.',
    unit: 's',
    advice: { explicitBucketBoundaries: DURATION_BOUNDS },
  })
  return async (method, url, body) => {
    const { hostname, port } = new URL(url)
    const shared: Attributes = {
      [ATTR_HTTP_REQUEST_METHOD]: method,
      [ATTR_SERVER_ADDRESS]: hostname,
      [ATTR_SERVER_PORT]: Number(port),
    }
    const attributes = { ...shared, [ATTR_URL_FULL]: url }
    const span = tracer.startSpan(method, { kind: SpanKind.CLIENT, attributes })
    const spanContext = trace.setSpan(context.active(), span)
    const headers: Record<string, string> = { 'content-type': 'application/json' }
    propagation.inject(spanContext, headers)
    const startedMs = performance.now()
    const result: Attributes = {}
    try {
      const answer = await exchange(method, url, headers, body)
      result[ATTR_HTTP_RESPONSE_STATUS_CODE] = answer.status
      if (answer.status >= 400) {
        result[ATTR_ERROR_TYPE] = String(answer.status)
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
      return answer
    } catch (error) {
      result[ATTR_ERROR_TYPE] = recordFailure(span, error)
      throw error
    } finally {
      span.setAttributes(result)
      span.end()
      duration.record((performance.now() - startedMs) / 1000, { ...shared, ...result }, spanContext)
    }
  }
}

function exchange(method: string, url: string, headers: Record<string, string>, body: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = sendRequest(url, { method, headers, timeout: 10_000 }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        try {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(parts).toString()) })
        } catch (error) {
          reject(error)
        }
      })
    })
    request.on('timeout', () => request.destroy(new Error(`no answer from ${url} within 10 s`)))
    request.on('error', reject)
    request.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
