import type { DataFrameDto } from '../../common/api.ts'
import { createHash } from 'node:crypto'
import { askStore, numberOf, textOf } from './data-query.ts'
import type { QueryContext } from './data-query.ts'
import { interpolate, stepMs } from './interval.ts'
import { seriesFrames } from './series-frames.ts'
import type { Labels, SeriesResult } from './series-frames.ts'

type LokiResult = SeriesResult | { readonly resultType: 'streams'; readonly result: readonly LokiStream[] }

interface LokiStream {
  readonly stream: Labels
  /** Nanoseconds as text, line, and with structured metadata a third element. */
  readonly values: readonly (readonly [string, string, unknown?])[]
}

/** LogQL: log queries give one frame of lines, metric queries one frame per series. */
export async function queryLoki(context: QueryContext): Promise<DataFrameDto[]> {
  const { query, range, source } = context
  const step = stepMs(context)
  const expression = interpolate(textOf(query, 'expr'), context, step)
  if (expression.trim() === '') return []
  const isInstant = query['queryType'] === 'instant' || query['instant'] === true
  const limit = numberOf(query, 'maxLines') ?? (Number(source.jsonData['maxLines']) || 1000)
  const parameters = new URLSearchParams({
    query: expression,
    limit: String(limit),
    direction: textOf(query, 'direction') || 'backward',
  })
  if (isInstant) parameters.set('time', nanoseconds(range.toMs))
  else {
    parameters.set('start', nanoseconds(range.fromMs))
    parameters.set('end', nanoseconds(range.toMs))
    parameters.set('step', `${step / 1000}s`)
  }
  const path = isInstant ? '/loki/api/v1/query' : '/loki/api/v1/query_range'
  const { data } = await askStore<{ data: LokiResult }>(context, path, parameters)
  const executed = `Expr: ${expression}`
  if (data.resultType === 'streams') return [linesFrame(data.result, { refId: query.refId, executed, limit })]
  const legend = textOf(query, 'legendFormat')
  return seriesFrames(data, { refId: query.refId, legend, stepMs: step, executed })
}

/** Lines of all streams in one frame, newest first as Loki sorts them. */
function linesFrame(
  streams: readonly LokiStream[],
  style: { refId: string; executed: string; limit: number },
): DataFrameDto {
  const rows = streams.flatMap(({ stream, values }) =>
    values.map(([timeNs, line]) => ({ labels: stream, timeNs, line, id: lineId(stream, timeNs, line) })),
  )
  rows.sort((left, right) => compareNanoseconds(right.timeNs, left.timeNs))
  return {
    schema: {
      refId: style.refId,
      meta: {
        typeVersion: [0, 0],
        preferredVisualisationType: 'logs',
        custom: { frameType: 'LabeledTimeValues' },
        executedQueryString: style.executed,
        limit: style.limit,
      },
      fields: [
        { name: 'labels', type: 'other' },
        { name: 'Time', type: 'time' },
        { name: 'Line', type: 'string' },
        { name: 'tsNs', type: 'string' },
        { name: 'id', type: 'string' },
      ],
    },
    data: {
      values: [
        rows.map(({ labels }) => labels),
        rows.map(({ timeNs }) => Number(timeNs.slice(0, -6))),
        rows.map(({ line }) => line),
        rows.map(({ timeNs }) => timeNs),
        rows.map(({ id }) => id),
      ],
      nanos: [null, rows.map(({ timeNs }) => Number(timeNs.slice(-6))), null, null, null],
    },
  }
}

/** Decimal texts of positive numbers: the longer one is larger. */
function compareNanoseconds(left: string, right: string): number {
  if (left.length !== right.length) return left.length - right.length
  return left < right ? -1 : left > right ? 1 : 0
}

function lineId(labels: Labels, timeNs: string, line: string): string {
  const hash = createHash('sha1').update(JSON.stringify(labels)).update(line).digest('hex').slice(0, 8)
  return `${timeNs}_${hash}`
}

function nanoseconds(ms: number): string {
  return `${Math.round(ms)}000000`
}
