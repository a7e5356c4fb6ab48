import type { DataFrameDto } from '../../common/api.ts'
import { askStore, numberOf, QueryError, textOf } from './data-query.ts'
import type { QueryContext } from './data-query.ts'
import { traceFrame } from './trace-frame.ts'
import type { OtlpTrace } from './trace-frame.ts'

interface TraceHit {
  readonly traceID: string
  readonly rootServiceName?: string
  readonly rootTraceName?: string
  readonly startTimeUnixNano?: string
  readonly durationMs?: number
}

/** TraceQL: a trace id gives the frame of its spans, a search a table of traces. */
export async function queryTempo(context: QueryContext): Promise<DataFrameDto[]> {
  const { query, range } = context
  const text = textOf(query, 'query').trim()
  const type = textOf(query, 'queryType')
  if (type !== '' && type !== 'traceql' && type !== 'traceId') {
    throw new QueryError(400, `Tempo queries of type "${type}" are not supported by /api/ds/query`)
  }
  if (text === '') return []
  if (/^[0-9a-fA-F]{1,32}$/.test(text)) {
    const { trace } = await askStore<{ trace: OtlpTrace }>(context, `/api/v2/traces/${text}`)
    return [traceFrame(trace, query.refId)]
  }
  if (type === 'traceId') throw new QueryError(400, `"${text}" is not a trace id`)
  const parameters = new URLSearchParams({
    q: text,
    limit: String(numberOf(query, 'limit') ?? 20),
    spss: String(numberOf(query, 'spss') ?? 3),
    start: String(Math.floor(range.fromMs / 1000)),
    end: String(Math.ceil(range.toMs / 1000)),
  })
  const { traces } = await askStore<{ traces?: readonly TraceHit[] }>(context, '/api/search', parameters)
  return [searchFrame(traces ?? [], query.refId)]
}

function searchFrame(traces: readonly TraceHit[], refId: string): DataFrameDto {
  return {
    schema: {
      refId,
      name: 'Traces',
      meta: { preferredVisualisationType: 'table' },
      fields: [
        { name: 'traceID', type: 'string', config: { displayNameFromDS: 'Trace ID' } },
        { name: 'startTime', type: 'time', config: { displayNameFromDS: 'Start time' } },
        { name: 'traceService', type: 'string', config: { displayNameFromDS: 'Service' } },
        { name: 'traceName', type: 'string', config: { displayNameFromDS: 'Name' } },
        { name: 'traceDuration', type: 'number', config: { displayNameFromDS: 'Duration', unit: 'ms' } },
      ],
    },
    data: {
      values: [
        traces.map(({ traceID }) => traceID),
        traces.map(({ startTimeUnixNano }) => (startTimeUnixNano ? Number(startTimeUnixNano) / 1e6 : null)),
        traces.map(({ rootServiceName }) => rootServiceName ?? ''),
        traces.map(({ rootTraceName }) => rootTraceName ?? ''),
        traces.map(({ durationMs }) => durationMs ?? 0),
      ],
    },
  }
}
