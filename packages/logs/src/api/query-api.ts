import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Labels } from '@quartet/model'
import { compareText, formatStreamLabels, labelsFromPairs, labelsKey } from '@quartet/model'
import { gzipIfAccepted, HttpError, requestSignal } from '@quartet/runtime'
import type { Clock, HttpServer, Logger } from '@quartet/runtime'
import type { Limits } from '../config/limits.ts'
import { createScanStats, Pipeline } from '../query/engine/pipeline.ts'
import { parseLogql, parseLogSelector, parseMatchers } from '../query/parser.ts'
import { printQuery } from '../query/printer.ts'
import { Queries } from '../query/queries.ts'
import type { QueryResult } from '../query/queries.ts'
import type { LogStore } from '../storage/log-store.ts'
import { toAnswer } from './errors.ts'
import { defaultStepNs, parseBounds, parseInstantParameters, parseLimit, parseRangeParameters } from './parameters.ts'
import { instantJson, labelsJson, matrixJson, statsJson, streamsJson } from './response.ts'

const METADATA_SINCE_NS = 6n * 3600n * 1_000_000_000n
const NANOS = 1_000_000_000n
const VERSION = '3.6.3'

export interface QueryApiOptions {
  readonly store: LogStore
  readonly limits: Limits
  readonly clock: Clock
  readonly logger: Logger
  readonly configText: () => string
  readonly authorize: (request: FastifyRequest['raw']) => void
}

type Handler = (values: URLSearchParams, request: FastifyRequest) => Promise<string> | string

/** Loki's query API: everything that answers JSON. */
export function addQueryApi(server: HttpServer, options: QueryApiOptions): void {
  const { store, limits, clock } = options
  const queries = new Queries(store, limits, clock)
  const nowNs = (): bigint => clock.nowNs()
  const route = (url: string | readonly string[], handler: Handler): void => {
    for (const path of [url].flat()) {
      server.api.route({
        method: ['GET', 'POST'],
        url: path,
        handler: (request, reply) => answer(handler, request, reply, options),
      })
    }
  }
  route(['/loki/api/v1/query_range', '/api/prom/query'], async (values, request) => {
    const { query, ...range } = parseRangeParameters(values, nowNs())
    const categorize = wantsCategories(request)
    const result = await queries.run({ query, ...range, categorize, signal: requestSignal(request) })
    return rangeJson(result, categorize)
  })
  route('/loki/api/v1/query', async (values, request) => {
    const { query, timeNs, limit, direction } = parseInstantParameters(values, nowNs())
    const node = queries.parse(query)
    if (node.kind === 'selector')
      throw new HttpError(
        400,
        'log queries are not supported as an instant query type, please change your query to a range query type',
      )
    const result = await queries.run({
      query,
      startNs: timeNs,
      endNs: timeNs,
      stepNs: 0n,
      intervalNs: 0n,
      limit,
      direction,
      categorize: false,
      signal: requestSignal(request),
    })
    if (result.kind === 'streams') throw new HttpError(500, 'instant query returned streams')
    return instantJson(result.result, timeNs, stats(result))
  })
  route(['/loki/api/v1/labels', '/loki/api/v1/label', '/api/prom/label'], (values) => {
    const names = new Set<string>()
    for (const { labels } of metadataStreams(values)) for (const [name] of labels) names.add(name)
    return namesJson(names)
  })
  route(['/loki/api/v1/label/:name/values', '/api/prom/label/:name/values'], (values, request) => {
    const { name } = request.params as { name: string }
    const found = new Set<string>()
    for (const { labels } of metadataStreams(values))
      for (const [key, value] of labels) if (key === name) found.add(value)
    return namesJson(found)
  })
  route(['/loki/api/v1/series', '/api/prom/series'], (values) => {
    const window = metadataWindow(values)
    const selectors = [...values.getAll('match[]'), ...values.getAll('match')]
    const found = new Map<string, Labels>()
    for (const selector of selectors.length > 0 ? selectors : ['{}']) {
      const matchers = selector === '{}' ? [] : parseMatchers(selector)
      for (const stream of store.selectStreams(matchers, window)) found.set(stream.key, stream.labels)
    }
    const rows = [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, labels]) => labelsJson(labels))
    return `{"status":"success","data":[${rows.join(',')}]}`
  })
  route('/loki/api/v1/index/stats', async (values) => {
    const { startNs, endNs } = parseBounds(values, nowNs())
    const { matchers } = parseLogSelector(values.get('query') ?? '')
    const pages = await store.select(matchers, { startNs, endNs })
    let entries = 0
    let bytes = 0
    for (const page of pages) {
      const lines = await page.open({ text: false })
      entries += lines.count
      bytes += lines.count === 0 ? 0 : lines.lineEnds[lines.count - 1]
    }
    return JSON.stringify({
      streams: new Set(pages.map((page) => page.stream.key)).size,
      chunks: pages.length,
      bytes,
      entries,
    })
  })
  route('/loki/api/v1/index/volume', async (values) => {
    const { startNs, endNs } = parseBounds(values, nowNs())
    const volumes = await volume(values, startNs, endNs)
    const time = Number(endNs / 1_000_000n) / 1000
    const rows = volumes.map(({ labels, bytes }) => `{"metric":${labelsJson(labels)},"value":[${time},"${bytes}"]}`)
    return `{"status":"success","data":{"resultType":"vector","result":[${rows.join(',')}],"stats":${emptyStats()}}}`
  })
  route('/loki/api/v1/index/volume_range', async (values) => {
    const { startNs, endNs } = parseBounds(values, nowNs())
    const range = values.get('step')
      ? parseRangeParameters(withQuery(values), nowNs()).stepNs
      : defaultStepNs(startNs, endNs)
    const series = new Map<string, { labels: Labels; points: string[]; total: number }>()
    for (let from = startNs; from < endNs; from += range) {
      const to = from + range < endNs ? from + range : endNs
      for (const { labels, bytes } of await volume(values, from, to)) {
        const key = labelsKey(labels)
        let row = series.get(key)
        if (!row) series.set(key, (row = { labels, points: [], total: 0 }))
        row.points.push(`[${Number(from / 1_000_000n) / 1000},"${bytes}"]`)
        row.total += bytes
      }
    }
    const rows = [...series.values()]
      .sort((a, b) => b.total - a.total)
      .map(({ labels, points }) => `{"metric":${labelsJson(labels)},"values":[${points.join(',')}]}`)
    return `{"status":"success","data":{"resultType":"matrix","result":[${rows.join(',')}],"stats":${emptyStats()}}}`
  })
  route('/loki/api/v1/detected_labels', (values) => {
    const found = new Map<string, Set<string>>()
    for (const { labels } of metadataStreams(values)) {
      for (const [name, value] of labels) found.set(name, (found.get(name) ?? new Set()).add(value))
    }
    const detectedLabels = [...found]
      .sort(([a], [b]) => compareText(a, b))
      .map(([label, set]) => ({ label, cardinality: set.size }))
    return JSON.stringify({ detectedLabels })
  })
  route('/loki/api/v1/detected_fields', async (values, request) => {
    const fields = await detectFields(values, request)
    const rows = [...fields]
      .sort(([a], [b]) => compareText(a, b))
      .map(([label, field]) => ({
        label,
        type: field.type,
        cardinality: field.values.size,
        parsers: field.parser === undefined ? null : [field.parser],
      }))
    return JSON.stringify({ fields: rows, limit: parseLimit(values, 1000) })
  })
  route('/loki/api/v1/detected_field/:name/values', async (values, request) => {
    const { name } = request.params as { name: string }
    const field = (await detectFields(values, request)).get(name)
    return JSON.stringify({ values: [...(field?.values ?? [])].sort(compareText), limit: parseLimit(values, 1000) })
  })
  route(
    '/loki/api/v1/format_query',
    (values) => `{"status":"success","data":${JSON.stringify(printQuery(parseLogql(values.get('query') ?? '')))}}`,
  )
  route('/loki/api/v1/status/buildinfo', () =>
    JSON.stringify({
      version: VERSION,
      revision: 'quartet',
      branch: 'main',
      buildUser: 'quartet',
      buildDate: '',
      goVersion: process.version,
    }),
  )
  server.api.get('/config', (_request, reply) => reply.type('text/plain; charset=utf-8').send(options.configText()))
  server.api.get('/services', (_request, reply) =>
    reply.type('text/plain').send('distributor => Running\ningester => Running\nquerier => Running\n'),
  )
  server.api.route({
    method: ['GET', 'POST'],
    url: '/flush',
    handler: async (_request, reply) => {
      await store.flush()
      return reply.code(204).send()
    },
  })

  function metadataWindow(values: URLSearchParams): { startNs: bigint; endNs: bigint } {
    const now = nowNs()
    const { startNs, endNs } = parseBounds(values, now)
    return values.has('start') || values.has('since')
      ? { startNs, endNs }
      : { startNs: endNs - METADATA_SINCE_NS, endNs }
  }

  function metadataStreams(values: URLSearchParams): readonly { labels: Labels }[] {
    const query = values.get('query') ?? ''
    const matchers = query === '' || /^\s*\{\s*\}\s*$/.test(query) ? [] : parseMatchers(query)
    return store.selectStreams(matchers, metadataWindow(values))
  }

  async function volume(
    values: URLSearchParams,
    startNs: bigint,
    endNs: bigint,
  ): Promise<{ labels: Labels; bytes: number }[]> {
    if (!limits.volumeEnabled) throw new HttpError(404, 'Volume is not enabled for this tenant')
    const query = values.get('query') ?? ''
    const matchers = /^\s*\{\s*\}\s*$/.test(query) ? [] : parseLogSelector(query).matchers
    const targets = (values.get('targetLabels') ?? '').split(',').filter((name) => name !== '')
    const names = targets.length > 0 ? targets : matchers.map((matcher) => matcher.name)
    const isByLabel = values.get('aggregateBy') === 'labels'
    const totals = new Map<string, { labels: Labels; bytes: number }>()
    const pipeline = new Pipeline([], nowNs)
    for (const page of await store.select(matchers, { startNs, endNs })) {
      const lines = await page.open({ text: false })
      const scan = createScanStats()
      pipeline.scan(page, lines, { startNs, endNs: endNs - 1n }, false, scan, () => false)
      const wanted = names.length > 0 ? page.stream.labels.filter(([name]) => names.includes(name)) : page.stream.labels
      const groups = isByLabel ? wanted.map(([name]) => labelsFromPairs([[name, name]])) : [wanted]
      for (const labels of groups) {
        const key = labelsKey(labels)
        const total = totals.get(key)
        if (total) total.bytes += scan.bytes
        else
          totals.set(key, {
            labels: isByLabel ? labelsFromPairs([[labels[0][0], '']]).concat([[labels[0][0], '']]) : labels,
            bytes: scan.bytes,
          })
      }
    }
    return [...totals.values()]
      .filter(({ bytes }) => bytes > 0)
      .sort((a, b) => b.bytes - a.bytes || (formatStreamLabels(a.labels) < formatStreamLabels(b.labels) ? -1 : 1))
      .slice(0, parseLimit(values))
  }

  async function detectFields(values: URLSearchParams, request: FastifyRequest): Promise<Map<string, DetectedField>> {
    const { startNs, endNs } = parseBounds(values, nowNs())
    const query = values.get('query') ?? ''
    const lineLimit = Number(values.get('line_limit') ?? 100) || 100
    const found = new Map<string, DetectedField>()
    const base = {
      startNs,
      endNs,
      stepNs: NANOS,
      intervalNs: 0n,
      limit: lineLimit,
      direction: 'backward',
      categorize: true,
      signal: requestSignal(request),
    } as const
    for (const parser of ['json', 'logfmt'] as const) {
      const result = await queries.run({ ...base, query: `${query} | ${parser} | drop __error__, __error_details__` })
      if (result.kind !== 'streams') continue
      for (const { entries } of result.streams) {
        for (const entry of entries) {
          for (const [name, value] of entry.parsed) addField(found, name, value, parser)
          for (const [name, value] of entry.structuredMetadata) addField(found, name, value, undefined)
        }
      }
    }
    return found
  }
}

interface DetectedField {
  readonly values: Set<string>
  readonly parser: string | undefined
  type: string
}

function addField(fields: Map<string, DetectedField>, name: string, value: string, parser: string | undefined): void {
  if (value === '') return
  let field = fields.get(name)
  if (!field) fields.set(name, (field = { values: new Set(), parser, type: fieldType(value) }))
  field.values.add(value)
}

function fieldType(value: string): string {
  if (/^-?[0-9]+$/.test(value)) return 'int'
  if (/^-?[0-9]*\.[0-9]+$/.test(value)) return 'float'
  if (value === 'true' || value === 'false') return 'boolean'
  if (/^-?(?:[0-9.]+(?:ns|us|µs|ms|s|m|h))+$/.test(value)) return 'duration'
  return /^[0-9.]+ ?[kmgtp]i?b$/i.test(value) ? 'bytes' : 'string'
}

function withQuery(values: URLSearchParams): URLSearchParams {
  return new URLSearchParams(values)
}

function stats(result: QueryResult): string {
  const returned =
    result.kind === 'streams'
      ? result.streams.reduce((sum, stream) => sum + stream.entries.length, 0)
      : typeof result.result === 'number'
        ? 1
        : result.result.length
  return statsJson(result.stats, { execSeconds: result.seconds, queueSeconds: 0, returned, isFromHead: true })
}

function emptyStats(): string {
  return statsJson(createScanStats(), { execSeconds: 0, queueSeconds: 0, returned: 0, isFromHead: true })
}

function rangeJson(result: QueryResult, categorize: boolean): string {
  if (result.kind === 'streams') return streamsJson(result.streams, { categorize, stats: stats(result) })
  return matrixJson(result.result, result.grid, stats(result))
}

function namesJson(names: ReadonlySet<string>): string {
  const sorted = [...names].sort(compareText)
  return sorted.length === 0 ? '{"status":"success"}' : `{"status":"success","data":${JSON.stringify(sorted)}}`
}

function wantsCategories(request: FastifyRequest): boolean {
  return String(request.headers['x-loki-response-encoding-flags'] ?? '')
    .split(',')
    .some((flag) => flag.trim() === 'categorize-labels')
}

async function answer(
  handler: Handler,
  request: FastifyRequest,
  reply: FastifyReply,
  options: QueryApiOptions,
): Promise<FastifyReply> {
  try {
    options.authorize(request.raw)
    const values = new URLSearchParams(request.raw.url?.split('?')[1] ?? '')
    if (request.body instanceof URLSearchParams) for (const [name, value] of request.body) values.append(name, value)
    const body = Buffer.from(await handler(values, request))
    const packed = await gzipIfAccepted(request.headers['accept-encoding'], body)
    if (packed) reply.header('content-encoding', 'gzip')
    return await reply
      .header('vary', 'Accept-Encoding')
      .type('application/json; charset=UTF-8')
      .send(packed ?? body)
  } catch (error) {
    const known = toAnswer(error)
    if (!known) options.logger.error({ err: error, url: request.url }, 'query failed')
    return reply
      .code(known?.status ?? 500)
      .type('text/plain; charset=utf-8')
      .header('x-content-type-options', 'nosniff')
      .send(`${known?.message ?? 'internal server error'}\n`)
  }
}
