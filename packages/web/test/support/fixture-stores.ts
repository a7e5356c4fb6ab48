/** Answers in the shapes of Prometheus, Loki and Tempo, computed from the request so that every test knows them. */

type Answer = { readonly status: number; readonly body: unknown }

const traceId = '0af7651916cd43dd8448eb211c80319c'
const secondsPerDay = 86_400

export const fixtureTraceId = traceId

export function answerPrometheus(path: string, parameters: URLSearchParams): Answer {
  const query = parameters.get('query') ?? ''
  if (query === 'nothing') return success({ resultType: path.endsWith('_range') ? 'matrix' : 'vector', result: [] })
  if (path.endsWith('/api/v1/query_range')) {
    if (query.includes('broken')) return failure('invalid parameter "query": 1:7: parse error: unexpected end of input')
    return success({ resultType: 'matrix', result: matrix(query, parameters) })
  }
  if (path.endsWith('/api/v1/query')) {
    if (query.includes('broken')) return failure('invalid parameter "query": 1:7: parse error: unexpected end of input')
    const time = Number(parameters.get('time') ?? 1_700_000_000)
    const result = services.map((job, index) => ({
      metric: { job, instance: `${job}:8080` },
      value: [time, String(10 * (index + 1))],
    }))
    return success({ resultType: 'vector', result })
  }
  if (path.endsWith('/api/v1/query_exemplars')) return success(exemplars(parameters))
  if (path.endsWith('/api/v1/label/job/values')) return success(services)
  if (path.endsWith('/api/v1/label/__name__/values'))
    return success(['up', 'http_server_request_duration_seconds_count'])
  if (path.includes('/api/v1/label/')) return success(['a', 'b'])
  if (path.endsWith('/api/v1/labels')) return success(['__name__', 'instance', 'job'])
  if (path.endsWith('/api/v1/metadata')) return success({ up: [{ type: 'gauge', help: 'Is the target up', unit: '' }] })
  if (path.endsWith('/api/v1/series')) return success([{ __name__: 'up', job: 'checkout' }])
  return { status: 404, body: { status: 'error', errorType: 'not_found', error: `no fixture for ${path}` } }
}

const services = ['checkout', 'cart', 'payment']

function matrix(query: string, parameters: URLSearchParams): unknown[] {
  const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(parameters.get(name))) as [
    number,
    number,
    number,
  ]
  if (query === 'deployments')
    return [{ metric: {}, values: [[start + Math.round((end - start) / step / 2) * step, '1']] }]
  const wanted = services.filter((job) => !/job=~?"/.test(query) || query.includes(job))
  const scale = query.includes('duration') || query.includes('quantile') ? 0.02 : 12
  return wanted.map((job, index) => {
    const values: [number, string][] = []
    for (let time = start; time <= end; time += step) {
      const wave = Math.sin((time / 600) * (1 + index * 0.3)) + Math.sin(time / 97) * 0.2
      values.push([time, String(scale * (index + 2 + wave))])
    }
    return { metric: { job }, values }
  })
}

function exemplars(parameters: URLSearchParams): unknown[] {
  const [start, end] = ['start', 'end'].map((name) => Number(parameters.get(name))) as [number, number]
  const points = [0.2, 0.45, 0.8].map((part, index) => ({
    labels: { trace_id: traceId, span_id: 'b7ad6b7169203331' },
    value: String(20 + index * 12),
    timestamp: start + (end - start) * part,
  }))
  return [{ seriesLabels: { __name__: 'x_bucket', job: 'checkout' }, exemplars: points }]
}

const success = (data: unknown): Answer => ({ status: 200, body: { status: 'success', data } })
const failure = (error: string): Answer => ({ status: 400, body: { status: 'error', errorType: 'bad_data', error } })

const levels = ['INFO', 'INFO', 'INFO', 'WARN', 'INFO', 'ERROR', 'DEBUG']
const messages: Readonly<Record<string, string>> = {
  INFO: 'order placed order_id=4711 items=3 total=129.90 currency=EUR',
  WARN: 'payment provider slow, retrying attempt=2 elapsed=1.4s',
  ERROR: 'payment refused: card expired order_id=4712',
  DEBUG: '{"msg":"cache lookup","key":"cart:98","hit":false,"took_ms":3}',
}

export function answerLoki(path: string, parameters: URLSearchParams): Answer {
  const query = parameters.get('query') ?? ''
  if (path.endsWith('/labels')) return success(['service_name', 'level'])
  if (path.endsWith('/values')) return success(services)
  if (!/\/query(_range)?$/.test(path)) return { status: 404, body: `no fixture for ${path}` }
  const [startNs, endNs] = ['start', 'end'].map((name) => BigInt(parameters.get(name) ?? '0')) as [bigint, bigint]
  if (/rate|count_over_time/.test(query)) {
    const prometheus = new URLSearchParams({
      start: String(startNs / 1_000_000_000n),
      end: String(endNs / 1_000_000_000n),
      step: parameters.get('step') ?? '60',
    })
    return success({ resultType: 'matrix', result: matrix(query, prometheus) })
  }
  const limit = Math.min(300, Number(parameters.get('limit') ?? 100))
  const stepNs = (endNs - startNs) / BigInt(limit)
  const entries = Array.from({ length: limit }, (_, index) => {
    const level = levels[index % levels.length] as string
    const metadata = index % 4 === 0 ? { trace_id: traceId, span_id: 'b7ad6b7169203331' } : {}
    const timeNs = String(endNs - stepNs * BigInt(index))
    return [timeNs, messages[level], { structuredMetadata: { ...metadata, severity_text: level } }]
  })
  return success({ resultType: 'streams', result: [{ stream: { service_name: 'checkout' }, values: entries }] })
}

export function answerTempo(path: string, parameters: URLSearchParams): Answer {
  const startSeconds = Number(parameters.get('start') ?? 0) || Math.floor(Date.now() / 1000) - secondsPerDay
  if (path.includes('/api/v2/traces/')) {
    if (!path.endsWith(traceId)) return { status: 404, body: 'trace not found' }
    return { status: 200, body: { trace: trace() } }
  }
  if (path.endsWith('/api/search')) return { status: 200, body: { traces: searchResults(startSeconds), metrics: {} } }
  if (path.endsWith('/api/v2/search/tags')) {
    return {
      status: 200,
      body: {
        scopes: [
          { name: 'resource', tags: ['service.name'] },
          { name: 'span', tags: ['http.route'] },
        ],
      },
    }
  }
  if (path.endsWith('/values'))
    return { status: 200, body: { tagValues: services.map((value) => ({ type: 'string', value })) } }
  return { status: 404, body: `no fixture for ${path}` }
}

function searchResults(startSeconds: number): unknown[] {
  return Array.from({ length: 12 }, (_, index) => ({
    traceID: index === 0 ? traceId : traceId.replace(/..$/, String(10 + index)),
    rootServiceName: services[index % 3],
    rootTraceName: index % 2 === 0 ? 'POST /api/checkout' : 'GET /api/cart',
    startTimeUnixNano: `${startSeconds + 60 * index}000000000`,
    durationMs: 40 + index * 37,
    spanSets: [{ matched: 1 + (index % 4), spans: [] }],
  }))
}

const traceStartNs = 1_763_870_000_000_000_000n

interface SpanFixture {
  readonly id: string
  readonly parent?: string
  readonly service: string
  readonly name: string
  readonly kind: string
  readonly fromMs: number
  readonly toMs: number
  readonly isError?: boolean
}

const spans: readonly SpanFixture[] = [
  { id: '01', service: 'frontend', name: 'POST /api/checkout', kind: 'SERVER', fromMs: 0, toMs: 412 },
  { id: '02', parent: '01', service: 'frontend', name: 'POST', kind: 'CLIENT', fromMs: 6, toMs: 405 },
  {
    id: '03',
    parent: '02',
    service: 'checkout',
    name: 'POST /checkout',
    kind: 'SERVER',
    fromMs: 12,
    toMs: 400,
    isError: true,
  },
  { id: '04', parent: '03', service: 'checkout', name: 'load cart', kind: 'INTERNAL', fromMs: 14, toMs: 88 },
  { id: '05', parent: '04', service: 'cart', name: 'GET /cart/:id', kind: 'SERVER', fromMs: 20, toMs: 84 },
  { id: '06', parent: '05', service: 'cart', name: 'redis GET', kind: 'CLIENT', fromMs: 25, toMs: 31 },
  { id: '07', parent: '05', service: 'cart', name: 'select items', kind: 'CLIENT', fromMs: 34, toMs: 79 },
  { id: '08', parent: '03', service: 'checkout', name: 'reserve stock', kind: 'INTERNAL', fromMs: 90, toMs: 150 },
  { id: '09', parent: '03', service: 'checkout', name: 'POST', kind: 'CLIENT', fromMs: 152, toMs: 390, isError: true },
  {
    id: '0a',
    parent: '09',
    service: 'payment',
    name: 'POST /charge',
    kind: 'SERVER',
    fromMs: 160,
    toMs: 384,
    isError: true,
  },
  {
    id: '0b',
    parent: '0a',
    service: 'payment',
    name: 'call provider',
    kind: 'CLIENT',
    fromMs: 170,
    toMs: 366,
    isError: true,
  },
]

function trace(): unknown {
  const resourceSpans = [...new Set(spans.map(({ service }) => service))].map((service) => ({
    resource: {
      attributes: [text('service.name', service), text('service.version', '1.4.2'), text('host.name', 'shop-1')],
    },
    scopeSpans: [
      {
        scope: { name: '@opentelemetry/instrumentation-http', version: '0.57.0' },
        spans: spans.filter((span) => span.service === service).map(otlpSpan),
      },
    ],
  }))
  return { resourceSpans }
}

function otlpSpan(span: SpanFixture): unknown {
  const at = (ms: number): string => String(traceStartNs + BigInt(Math.round(ms * 1e6)))
  const isError = span.isError === true
  return {
    traceId,
    spanId: `b7ad6b71692033${span.id}`,
    parentSpanId: span.parent === undefined ? '' : `b7ad6b71692033${span.parent}`,
    name: span.name,
    kind: `SPAN_KIND_${span.kind}`,
    startTimeUnixNano: at(span.fromMs),
    endTimeUnixNano: at(span.toMs),
    attributes: [
      text('http.request.method', 'POST'),
      text('http.route', '/checkout'),
      { key: 'http.response.status_code', value: { intValue: isError ? '500' : '200' } },
    ],
    events: isError
      ? [
          {
            timeUnixNano: at(span.toMs - 12),
            name: 'exception',
            attributes: [text('exception.message', 'card expired')],
          },
        ]
      : [],
    links: [],
    status: isError ? { code: 'STATUS_CODE_ERROR', message: 'card expired' } : {},
  }
}

function text(key: string, stringValue: string): unknown {
  return { key, value: { stringValue } }
}
