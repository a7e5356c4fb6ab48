import { HttpError, requestSignal } from '@quartet/runtime'
import type { FastifyInstance } from 'fastify'
import type { DataQueryDto, DataQueryResponseDto, DataQueryResultDto } from '../../common/api.ts'
import { QueryError } from '../query/data-query.ts'
import type { QueryRange } from '../query/data-query.ts'
import { QUERY_RUNNERS } from '../query/runners.ts'
import { StoreError } from '../query/store-client.ts'
import { parseTimeText } from '../query/time-range.ts'
import type { Services } from './services.ts'
import { requireUser } from './authentication.ts'

/** Queries that one request may hold. */
const MAX_QUERIES = 100

/** `POST /api/ds/query`: the queries of a panel, each answered with data frames or an error of its own. */
export function addQueryRoutes(api: FastifyInstance, services: Services): void {
  api.post('/api/ds/query', async (request, reply): Promise<DataQueryResponseDto> => {
    requireUser(request)
    const { from, to, queries } = (request.body ?? {}) as { from?: unknown; to?: unknown; queries?: unknown }
    if (!Array.isArray(queries) || queries.length === 0) throw new HttpError(400, 'no queries found')
    if (queries.length > MAX_QUERIES) throw new HttpError(400, `more than ${MAX_QUERIES} queries`)
    const nowMs = services.clock.nowMs()
    const shared = {
      fromMs: parseTimeText(from ?? 'now-1h', nowMs, false),
      toMs: parseTimeText(to ?? 'now', nowMs, true),
    }
    const signal = requestSignal(request)
    const results = await Promise.all(
      (queries as DataQueryDto[])
        .filter((query) => query['hide'] !== true)
        .map(async (query) => {
          const refId = typeof query.refId === 'string' && query.refId !== '' ? query.refId : 'A'
          const result = await runQuery(services, { ...query, refId }, rangeOf(query, shared, nowMs), signal)
          return [refId, result] as const
        }),
    )
    // As upstream: one failed query makes the whole answer 400, with the results of the others in it.
    if (results.some(([, { error }]) => error !== undefined)) void reply.code(400)
    return { results: Object.fromEntries(results) }
  })
}

async function runQuery(
  services: Services,
  query: DataQueryDto,
  range: QueryRange,
  signal: AbortSignal,
): Promise<DataQueryResultDto> {
  try {
    const source = services.dataSources.find(String(query.datasource?.uid ?? query['datasourceId'] ?? ''))
    if (!source) throw new QueryError(404, 'data source not found')
    const runner = QUERY_RUNNERS[source.type]
    if (!runner) throw new QueryError(400, `data sources of type ${source.type} are not supported`)
    if (range.toMs < range.fromMs) throw new QueryError(400, 'the time range ends before it begins')
    const frames = await runner({ source, stores: services.stores, query, range, signal })
    return { status: 200, frames }
  } catch (error) {
    if (error instanceof QueryError || error instanceof StoreError) {
      return { status: error.status, error: error.message, frames: [] }
    }
    services.logger.error({ err: error, refId: query.refId }, 'query failed')
    return { status: 500, error: 'Internal server error', frames: [] }
  }
}

/** A query may bring a range of its own. */
function rangeOf(query: DataQueryDto, shared: QueryRange, nowMs: number): QueryRange {
  const own = query['timeRange'] as { from?: unknown; to?: unknown } | undefined
  if (!own?.from || !own.to) return shared
  return { fromMs: parseTimeText(own.from, nowMs, false), toMs: parseTimeText(own.to, nowMs, true) }
}
