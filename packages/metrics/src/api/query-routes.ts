import type { FastifyRequest } from 'fastify'
import { requestSignal } from '@quartet/runtime'
import type { Matcher } from '@quartet/query'
import { children } from '../query/syntax/ast.ts'
import type { Expr } from '../query/syntax/ast.ts'
import { ParseError } from '../query/syntax/parse-error.ts'
import { prettify } from '../query/syntax/prettify.ts'
import { encodeAst } from './ast-json.ts'
import type { ApiContext } from './context.ts'
import { ApiError, invalidParameter } from './errors.ts'
import { formatTimestamp, JsonBytes } from './json-bytes.ts'
import { MAX_TIME_MS, MIN_TIME_MS, Parameters } from './parameters.ts'
import { answerQuery } from './query-answer.ts'
import { encodeLabels } from './query-response.ts'
import type { Reply } from './reply.ts'

/** Past this a chart has more points than pixels, and upstream refuses. */
const MAX_POINTS = 11_000

export async function query(context: ApiContext, request: FastifyRequest): Promise<Reply> {
  return { body: await instantBody(context, Parameters.of(request), requestSignal(request)) }
}

/** The answer of `/api/v1/query` to these parameters. */
export async function instantBody(
  context: ApiContext,
  parameters: Parameters,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const limit = parameters.limit()
  const timeMs = parameters.timeOr('time', context.clock.nowMs())
  const timeoutMs = parameters.duration('timeout')
  const lookbackMs = lookbackOf(parameters)
  const expr = parseQuery(context, parameters)
  const asked = { text: parameters.get('query'), expr, limit, withStats: parameters.get('stats') !== '' }
  return answerQuery(context, { ...asked, at: { kind: 'instant', timeMs }, timeoutMs, lookbackMs, signal })
}

export async function queryRange(context: ApiContext, request: FastifyRequest): Promise<Reply> {
  return { body: await rangeBody(context, Parameters.of(request), requestSignal(request)) }
}

/** The answer of `/api/v1/query_range` to these parameters. */
export async function rangeBody(context: ApiContext, parameters: Parameters, signal: AbortSignal): Promise<Uint8Array> {
  const limit = parameters.limit()
  const startMs = parameters.time('start')
  const endMs = parameters.time('end')
  if (endMs < startMs) throw invalidParameter('end', 'end timestamp must not be before start time')
  const stepMs = parameters.requiredDuration('step')
  if (stepMs <= 0) {
    const rule = 'zero or negative query resolution step widths are not accepted. Try a positive integer'
    throw invalidParameter('step', rule)
  }
  if ((endMs - startMs) / stepMs > MAX_POINTS) {
    const rule = 'exceeded maximum resolution of 11,000 points per timeseries'
    throw new ApiError('bad_data', `${rule}. Try decreasing the query resolution (?step=XX)`)
  }
  const timeoutMs = parameters.duration('timeout')
  const lookbackMs = lookbackOf(parameters)
  const expr = parseQuery(context, parameters)
  const engine = context.engine()
  if (!engine.isRangeable(expr)) {
    const type = engine.typeOf(expr)
    throw invalidParameter(
      'query',
      `invalid expression type "${type}" for range query, must be Scalar or instant Vector`,
    )
  }
  const asked = { text: parameters.get('query'), expr, limit, withStats: parameters.get('stats') !== '' }
  const at = { kind: 'range', startMs, endMs, stepMs } as const
  return answerQuery(context, { ...asked, at, timeoutMs, lookbackMs, signal })
}

export function formatQuery(context: ApiContext, request: FastifyRequest): Reply {
  return { data: prettify(parseQuery(context, Parameters.of(request))) }
}

export function parseQueryRoute(context: ApiContext, request: FastifyRequest): Reply {
  return { data: encodeAst(parseQuery(context, Parameters.of(request))) }
}

export function queryExemplars(context: ApiContext, request: FastifyRequest): Reply {
  const parameters = Parameters.of(request)
  const startMs = parameters.timeOr('start', MIN_TIME_MS)
  const endMs = parameters.timeOr('end', MAX_TIME_MS)
  if (endMs < startMs) throw new ApiError('bad_data', 'end timestamp must not be before start timestamp')
  const matcherSets = selectorsOf(parseQuery(context, parameters))
  const found = matcherSets.length === 0 ? [] : context.exemplars({ matcherSets, minMs: startMs, maxMs: endMs })
  const json = new JsonBytes()
  json.ascii('{"status":"success","data":[')
  for (const [index, { labels, exemplars }] of found.entries()) {
    json.ascii(index === 0 ? '{"seriesLabels":{' : ',{"seriesLabels":{')
    encodeLabels(json, labels)
    json.ascii('},"exemplars":[')
    for (const [position, exemplar] of exemplars.entries()) {
      json.ascii(position === 0 ? '{"labels":{' : ',{"labels":{')
      encodeLabels(json, exemplar.labels)
      json.ascii('},"value":').sampleValue(exemplar.value)
      json.ascii(',"timestamp":').ascii(formatTimestamp(exemplar.timeMs)).ascii('}')
    }
    json.ascii(']}')
  }
  return { body: json.ascii(']}').finish() }
}

function parseQuery(context: ApiContext, parameters: Parameters): Expr {
  try {
    return context.engine().parse(parameters.get('query'))
  } catch (error) {
    if (error instanceof ParseError) throw invalidParameter('query', error)
    throw error
  }
}

function lookbackOf(parameters: Parameters): number | undefined {
  const text = parameters.get('lookback_delta')
  if (text === '') return undefined
  try {
    return parameters.requiredDuration('lookback_delta')
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const reason = error.message.replace('invalid parameter "lookback_delta": ', '')
    throw new ApiError('bad_data', `error parsing lookback delta duration: ${reason}`)
  }
}

function selectorsOf(expr: Expr): (readonly Matcher[])[] {
  if (expr.kind === 'vectorSelector') return [expr.matchers]
  return children(expr).flatMap(selectorsOf)
}
