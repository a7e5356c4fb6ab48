import { otlpProtoToJson, ProtoWriter } from '@quartet/model'
import type { SpanSegment } from '@quartet/model'
import { QueryBudget, QueryLimitError } from '@quartet/query'
import { HttpError, requestSignal } from '@quartet/runtime'
import type { HttpServer, Logger } from '@quartet/runtime'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { TraceQlError } from '../query/ast.ts'
import type { TraceQlQuery } from '../query/ast.ts'
import { checkTraceQl } from '../query/check.ts'
import { extractMatchers } from '../query/filter-extract.ts'
import { createIntervals } from '../query/intervals.ts'
import { evaluateMetrics } from '../query/metrics.ts'
import { parseTraceQl } from '../query/parser.ts'
import { searchTraces } from '../query/search.ts'
import { INTRINSIC_TAGS, parseTag, TAG_SCOPES, tagNames, tagValues } from '../query/tags.ts'
import type { TagScope, TagValue } from '../query/tags.ts'
import { lookUpTrace } from '../query/trace-lookup.ts'
import { legacyQuery } from './legacy-search.ts'
import { metricsToJson } from './metrics-json.ts'
import { parseMetricsRange } from './metrics-parameters.ts'
import { parseRange, parseSearchParameters } from './parameters.ts'
import { searchToJson } from './search-json.ts'
import { parseTraceId } from './trace-id.ts'

export interface TempoApiOptions {
  readonly read: <T>(run: (segments: readonly SpanSegment[]) => Promise<T>) => Promise<T>
  readonly blocks: () => { count: number; sizeBytes: number }
  readonly nowMs: () => number
  readonly defaultResultLimit: number
  readonly maxResultLimit: number
  readonly maxSpansPerSpanSet: number
  readonly configText: () => string
  readonly logger: Logger
}

const QUERY_TIMEOUT_MS = 30_000
/** Spans of one trace that are held while it is evaluated. */
const MAX_SPANS = 5_000_000
/** Series of one metrics query; more help nobody. */
const MAX_SERIES = 10_000
const MAX_TAG_VALUE_BYTES = 10_000_000
const PROTOBUF = 'application/protobuf'

/** Tempo's query API on port 3200. */
export function addTempoApi(server: HttpServer, options: TempoApiOptions): void {
  const { api } = server
  api.setErrorHandler((error, request, reply) => answerError(error, request, reply, options.logger))
  api.get('/api/echo', (_request, reply) => text(reply, 'echo'))
  api.get('/api/traces/:traceId', (request, reply) => traceById(request, reply, options, 1))
  api.get('/api/v2/traces/:traceId', (request, reply) => traceById(request, reply, options, 2))
  api.get('/api/search', (request, reply) => search(request, reply, options))
  api.get('/api/search/tags', (request, reply) => tags(request, reply, options))
  api.get('/api/v2/search/tags', (request, reply) => tagsByScope(request, reply, options))
  api.get('/api/search/tag/:tag/values', async (request, reply) => {
    const values = await valuesOf(request, options)
    return reply.send({ tagValues: [...new Set(values.map(({ value }) => value))].sort(), metrics: {} })
  })
  api.get('/api/v2/search/tag/:tag/values', async (request, reply) =>
    reply.send({ tagValues: await valuesOf(request, options), metrics: {} }),
  )
  api.get('/api/metrics/query_range', (request, reply) => metrics(request, reply, options, false))
  api.get('/api/metrics/query', (request, reply) => metrics(request, reply, options, true))
  addStatus(api, options)
}

function addStatus(api: HttpServer['api'], options: TempoApiOptions): void {
  api.get('/api/status/buildinfo', (_request, reply) =>
    reply.send({
      version: '2.9.0',
      revision: '',
      branch: '',
      buildUser: '',
      buildDate: '',
      goVersion: process.version,
    }),
  )
  api.get('/status/version', (_request, reply) => text(reply, 'tempo, version 2.9.0 (Quartet)\n'))
  api.get('/status/config', (_request, reply) => text(reply, `---\n${options.configText()}`))
  api.get('/status/services', (_request, reply) => text(reply, 'all: Running\n'))
  api.get('/status/endpoints', (_request, reply) => text(reply, api.printRoutes({ commonPrefix: false })))
  api.get('/status', (_request, reply) => text(reply, `tempo, version 2.9.0 (Quartet)\n---\n${options.configText()}`))
}

function text(reply: FastifyReply, body: string): FastifyReply {
  return reply.type('text/plain; charset=utf-8').send(body)
}

async function traceById(
  request: FastifyRequest,
  reply: FastifyReply,
  options: TempoApiOptions,
  version: 1 | 2,
): Promise<FastifyReply> {
  const id = parseTraceId((request.params as { traceId: string }).traceId)
  // Where the caller guesses the trace to lie; everything is looked at anyway, so it is only checked.
  parseRange(queryOf(request))
  const trace = await options.read((segments) => lookUpTrace(segments, id))
  if (trace === undefined) {
    return reply.code(404).type('text/plain; charset=utf-8').send('trace not found')
  }
  if ((request.headers.accept ?? '').includes(PROTOBUF)) {
    const body = version === 1 ? trace : new ProtoWriter(trace.length + 16).bytes(1, trace).toBytes()
    return reply.type(PROTOBUF).send(Buffer.from(body.buffer, body.byteOffset, body.byteLength))
  }
  const spans = otlpProtoToJson('traces', trace, { ids: 'base64', enums: 'name' })
  const body = version === 1 ? `{"batches":${spans}}` : `{"trace":{"resourceSpans":${spans}},"metrics":{}}`
  return reply.type('application/json').send(body)
}

async function search(request: FastifyRequest, reply: FastifyReply, options: TempoApiOptions): Promise<FastifyReply> {
  const parameters = parseSearchParameters(queryOf(request))
  const limit = parameters.limit ?? options.defaultResultLimit
  if (options.maxResultLimit > 0 && limit > options.maxResultLimit) {
    throw new HttpError(400, `limit ${limit} exceeds max limit ${options.maxResultLimit}`)
  }
  if (options.maxSpansPerSpanSet > 0 && parameters.spansPerSpanSet > options.maxSpansPerSpanSet) {
    const { spansPerSpanSet } = parameters
    throw new HttpError(400, `spans per span set exceeds ${options.maxSpansPerSpanSet}. received ${spansPerSpanSet}`)
  }
  const isTraceQl = parameters.query !== undefined && parameters.query !== ''
  const query = isTraceQl ? compile(parameters.query!) : legacyQuery(parameters)
  if (query.metrics !== undefined)
    throw new HttpError(400, 'invalid TraceQL query: metrics queries belong to /api/metrics')
  const result = await options.read((segments) =>
    searchTraces(segments, { query, limit, budget: budgetFor(request, options), ...nanoseconds(parameters) }),
  )
  const blocks = options.blocks()
  return reply.send(
    searchToJson(result, {
      spansPerSpanSet: parameters.spansPerSpanSet,
      withSpansets: isTraceQl,
      totalBlocks: blocks.count,
      totalBlockBytes: blocks.sizeBytes,
    }),
  )
}

async function metrics(
  request: FastifyRequest,
  reply: FastifyReply,
  options: TempoApiOptions,
  isInstant: boolean,
): Promise<FastifyReply> {
  const parameters = queryOf(request)
  const range = parseMetricsRange(parameters, options.nowMs())
  const query = compile(parameters.get('q') ?? parameters.get('query') ?? '')
  const aggregate = query.metrics
  if (aggregate === undefined) throw new HttpError(400, 'not a metrics query')
  if (aggregate.name === 'compare') throw new HttpError(400, 'compare() is not supported yet')
  const { endNs, startNs } = range
  const intervals = createIntervals(startNs, endNs, isInstant ? endNs - startNs : range.stepNs)
  const budget = budgetFor(request, options)
  const series = await options.read((segments) =>
    evaluateMetrics(segments, { query, aggregate, intervals, budget, maxSeries: MAX_SERIES }),
  )
  return reply.send(metricsToJson(series, intervals, isInstant))
}

async function tags(request: FastifyRequest, reply: FastifyReply, options: TempoApiOptions): Promise<FastifyReply> {
  const scope = scopeOf(request)
  const names = await options.read((segments) =>
    Promise.resolve(tagNames(segments, nanoseconds(parseRange(queryOf(request))))),
  )
  const chosen =
    scope === 'intrinsic' ? INTRINSIC_TAGS : [...names].flatMap(([name, keys]) => (isIn(scope, name) ? keys : []))
  return reply.send({ tagNames: [...new Set(chosen)].sort(), metrics: {} })
}

async function tagsByScope(
  request: FastifyRequest,
  reply: FastifyReply,
  options: TempoApiOptions,
): Promise<FastifyReply> {
  const scope = scopeOf(request)
  const names = await options.read((segments) =>
    Promise.resolve(tagNames(segments, nanoseconds(parseRange(queryOf(request))))),
  )
  const scopes = [...names]
    .filter(([name]) => isIn(scope, name))
    .map(([name, keys]) => ({ name: name as string, tags: keys }))
  if (scope === 'none' || scope === 'intrinsic') scopes.push({ name: 'intrinsic', tags: [...INTRINSIC_TAGS] })
  return reply.send({ scopes, metrics: {} })
}

async function valuesOf(request: FastifyRequest, options: TempoApiOptions): Promise<TagValue[]> {
  const { tag } = request.params as { tag: string }
  const parameters = queryOf(request)
  const attribute = parseTag(tag)
  return options.read((segments) =>
    tagValues(segments, {
      attribute,
      matchers: extractMatchers(parameters.get('q') ?? ''),
      budget: budgetFor(request, options),
      maxBytes: MAX_TAG_VALUE_BYTES,
      ...nanoseconds(parseRange(parameters)),
    }),
  )
}

type ScopeParameter = TagScope | 'none' | 'intrinsic'

function scopeOf(request: FastifyRequest): ScopeParameter {
  const scope = queryOf(request).get('scope') || 'none'
  const isKnown = scope === 'none' || scope === 'intrinsic' || (TAG_SCOPES as readonly string[]).includes(scope)
  if (!isKnown) throw new HttpError(400, `invalid scope: ${scope}`)
  return scope as ScopeParameter
}

function isIn(wanted: ScopeParameter, scope: TagScope): boolean {
  return wanted === 'none' || wanted === scope
}

/** Parses and checks. @throws HttpError 400 */
function compile(query: string): TraceQlQuery {
  try {
    const parsed = parseTraceQl(query)
    checkTraceQl(parsed)
    return parsed
  } catch (error) {
    if (error instanceof TraceQlError)
      throw new HttpError(400, `invalid TraceQL query: ${error.message}`, { cause: error })
    throw error
  }
}

function queryOf(request: FastifyRequest): URLSearchParams {
  const at = request.url.indexOf('?')
  return new URLSearchParams(at < 0 ? '' : request.url.slice(at + 1))
}

function nanoseconds({ end, start }: { start: number; end: number }): {
  startNs: bigint | undefined
  endNs: bigint | undefined
} {
  const toNs = (seconds: number): bigint | undefined => (seconds === 0 ? undefined : BigInt(seconds) * 1_000_000_000n)
  return { startNs: toNs(start), endNs: toNs(end) }
}

function budgetFor(request: FastifyRequest, { nowMs }: TempoApiOptions): QueryBudget {
  return new QueryBudget({
    maxSamples: MAX_SPANS,
    deadlineMs: nowMs() + QUERY_TIMEOUT_MS,
    nowMs,
    signal: requestSignal(request),
  })
}

const LIMIT_STATUS: Record<QueryLimitError['limit'], number> = { samples: 400, timeout: 504, canceled: 499 }

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, logger: Logger): void {
  let status = 500
  if (error instanceof HttpError) ({ status } = error)
  else if (error instanceof TraceQlError) status = 400
  else if (error instanceof QueryLimitError) status = LIMIT_STATUS[error.limit]
  else logger.error({ err: error, path: request.url }, 'request failed')
  const message = status === 500 ? 'internal server error' : (error as Error).message
  void reply.code(status).type('text/plain; charset=utf-8').send(`${message}\n`)
}
