import type { FastifyRequest } from 'fastify'
import type { Labels } from '@quartet/model'
import { compareLabels, labelsKey } from '@quartet/model'
import { quoteGo } from '@quartet/query'
import { requestSignal } from '@quartet/runtime'
import type { ApiContext } from './context.ts'
import type { LabelRequest } from '../query/source.ts'
import { ApiError, invalidParameter } from './errors.ts'
import { JsonBytes } from './json-bytes.ts'
import { MAX_TIME_MS, MIN_TIME_MS, Parameters } from './parameters.ts'
import { encodeLabels } from './query-response.ts'
import type { Reply } from './reply.ts'

const TRUNCATED = 'results truncated due to limit'

export async function labelNames(context: ApiContext, request: FastifyRequest): Promise<Reply> {
  const parameters = Parameters.of(request)
  const limit = parameters.limit()
  const names = await context.source.labelNames(labelRequest(parameters, request))
  return limited(names, limit)
}

export async function labelValues(context: ApiContext, request: FastifyRequest): Promise<Reply> {
  const parameters = Parameters.of(request)
  const limit = parameters.limit()
  const { name: escaped } = request.params as { name: string }
  const name = unescapeName(escaped)
  if (name === '') throw new ApiError('bad_data', `invalid label name: ${quoteGo(name)}`)
  const values = await context.source.labelValues(name, labelRequest(parameters, request))
  return limited(values, limit)
}

export async function series(context: ApiContext, request: FastifyRequest): Promise<Reply> {
  const parameters = Parameters.of(request)
  if (parameters.all('match[]').length === 0) throw new ApiError('bad_data', 'no match[] parameter provided')
  const limit = parameters.limit()
  const { minMs, maxMs, matcherSets, signal } = seriesRequest(parameters, request)
  const found = new Map<string, Labels>()
  for (const matchers of matcherSets) {
    const selection = await context.source.select({ matchers, minMs, maxMs, signal })
    for (const { labels } of selection.series) found.set(labelsKey(labels), labels)
    selection.release()
  }
  const all = [...found.values()].sort(compareLabels)
  const shown = limit > 0 ? all.slice(0, limit) : all
  const json = new JsonBytes()
  json.ascii('{"status":"success","data":[')
  for (const [index, labels] of shown.entries()) {
    json.ascii(index === 0 ? '{' : ',{')
    encodeLabels(json, labels)
    json.ascii('}')
  }
  json.ascii(']')
  if (shown.length < all.length) json.ascii(',"warnings":').value([TRUNCATED])
  return { body: json.ascii('}').finish() }
}

/** Unlike the label endpoints, this one names the parameter in front of what is wrong with it. */
function seriesRequest(parameters: Parameters, request: FastifyRequest): LabelRequest {
  try {
    return labelRequest(parameters, request)
  } catch (error) {
    if (error instanceof ApiError && !error.message.startsWith('invalid parameter')) {
      throw invalidParameter('match[]', error)
    }
    throw error
  }
}

function labelRequest(parameters: Parameters, request: FastifyRequest): LabelRequest {
  return {
    minMs: parameters.timeOr('start', MIN_TIME_MS),
    maxMs: parameters.timeOr('end', MAX_TIME_MS),
    matcherSets: parameters.matcherSets(),
    signal: requestSignal(request),
  }
}

function limited(values: readonly string[], limit: number): Reply {
  if (limit === 0 || values.length <= limit) return { data: values }
  return { data: values.slice(0, limit), warnings: [TRUNCATED] }
}

const ESCAPED_PREFIX = 'U__'

/** Undoes upstream's escaping of UTF-8 names in URLs: `U__http_2e_status` is `http.status`. Malformed ones stay as they are. */
export function unescapeName(name: string): string {
  if (!name.startsWith(ESCAPED_PREFIX)) return name
  const rest = name.slice(ESCAPED_PREFIX.length)
  if (!/^(?:[a-zA-Z0-9:]|__|_[0-9a-fA-F]{1,6}_)*$/.test(rest)) return name
  return rest.replace(/__|_([0-9a-fA-F]{1,6})_/g, (_, hex?: string) => {
    if (hex === undefined) return '_'
    const code = parseInt(hex, 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : _
  })
}
