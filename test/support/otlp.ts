import { randomBytes } from 'node:crypto'

/** OTLP/JSON bodies as the OpenTelemetry specification shows them, with ids of their own. */
export function traceRequest(options: { service: string; name?: string; durationMs?: number }): {
  traceId: string
  body: string
} {
  const traceId = randomBytes(16).toString('hex')
  const startNs = BigInt(Date.now()) * 1_000_000n
  const span = {
    traceId,
    spanId: randomBytes(8).toString('hex'),
    name: options.name ?? 'GET /',
    kind: 2,
    startTimeUnixNano: String(startNs),
    endTimeUnixNano: String(startNs + BigInt(options.durationMs ?? 5) * 1_000_000n),
    attributes: [{ key: 'http.route', value: { stringValue: '/' } }],
  }
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: options.service } }] }
  return { traceId, body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }) }
}

export const JSON_HEADERS = { 'content-type': 'application/json' }
