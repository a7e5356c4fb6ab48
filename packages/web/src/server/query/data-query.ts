import type { DataFrameDto, DataQueryDto } from '../../common/api.ts'
import type { DataSource } from '../provisioning/data-sources.ts'
import type { StoreClient } from './store-client.ts'

/** A query that cannot be answered. `status` is what the result of its refId carries. */
export class QueryError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'QueryError'
    this.status = status
  }
}

export interface QueryContext {
  readonly source: DataSource
  readonly stores: StoreClient
  readonly query: DataQueryDto
  readonly range: QueryRange
  readonly signal: AbortSignal
}

export interface QueryRange {
  readonly fromMs: number
  readonly toMs: number
}

/** Answers the queries of one type of data source. */
export type QueryRunner = (context: QueryContext) => Promise<DataFrameDto[]>

/** A text of the query, `''` when it has none. */
export function textOf(query: DataQueryDto, property: string): string {
  const value = query[property]
  return typeof value === 'string' ? value : ''
}

export function numberOf(query: DataQueryDto, property: string): number | undefined {
  const value = Number(query[property])
  return Number.isFinite(value) && value > 0 ? value : undefined
}

/**
 * Asks a store and parses its JSON.
 * @throws QueryError with the store's own text when it refuses; StoreError when it is away
 */
export async function askStore<T>(context: QueryContext, path: string, parameters?: URLSearchParams): Promise<T> {
  const { stores, source, signal } = context
  const isPost = source.type === 'prometheus' && source.jsonData['httpMethod'] !== 'GET' && parameters !== undefined
  const { status, text } = await stores.read(source, {
    method: isPost ? 'POST' : 'GET',
    path: isPost || parameters === undefined ? path : `${path}?${parameters}`,
    headers: {
      accept: 'application/json',
      ...(isPost && { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    ...(isPost && { body: parameters.toString() }),
    signal,
  })
  if (status !== 200) throw new QueryError(status, storeMessage(text) || `${source.name} answered ${status}`)
  try {
    return JSON.parse(text) as T
  } catch {
    throw new QueryError(502, `${source.name} answered with something that is not JSON`)
  }
}

/** Prometheus wraps its errors in JSON, Loki and Tempo send text. */
function storeMessage(text: string): string {
  try {
    const { error, message } = JSON.parse(text) as { error?: unknown; message?: unknown }
    return String(error ?? message ?? text)
  } catch {
    return text.trim().slice(0, 1000)
  }
}
