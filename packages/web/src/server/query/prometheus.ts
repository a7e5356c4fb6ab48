import type { DataFrameDto } from '../../common/api.ts'
import { askStore, QueryError, textOf } from './data-query.ts'
import type { QueryContext } from './data-query.ts'
import { interpolate, stepMs } from './interval.ts'
import { seriesFrames } from './series-frames.ts'
import type { Labels, SeriesResult } from './series-frames.ts'

/** PromQL: `range` (the default), `instant`, or both; `exemplar` adds a frame of exemplars. */
export async function queryPrometheus(context: QueryContext): Promise<DataFrameDto[]> {
  const { query, range } = context
  const step = stepMs(context)
  const expression = interpolate(textOf(query, 'expr'), context, step)
  if (expression.trim() === '') return []
  const isInstant = query['instant'] === true
  const isRange = query['range'] === true || !isInstant
  const legend = textOf(query, 'legendFormat')
  const frames: DataFrameDto[] = []
  if (isRange) {
    // Aligned to the step, so that the same panel gets the same points when it refreshes.
    const start = Math.floor(range.fromMs / step) * step
    const end = Math.floor(range.toMs / step) * step
    const parameters = new URLSearchParams({
      query: expression,
      start: String(start / 1000),
      end: String(end / 1000),
      step: String(step / 1000),
    })
    const { data } = await askStore<{ data: SeriesResult }>(context, '/api/v1/query_range', parameters)
    const executed = `Expr: ${expression}\nStep: ${step / 1000}s`
    frames.push(...seriesFrames(data, { refId: query.refId, legend, stepMs: step, executed }))
  }
  if (isInstant) {
    const parameters = new URLSearchParams({ query: expression, time: String(range.toMs / 1000) })
    const { data } = await askStore<{ data: SeriesResult }>(context, '/api/v1/query', parameters)
    frames.push(...seriesFrames(data, { refId: query.refId, legend, stepMs: step, executed: `Expr: ${expression}` }))
  }
  if (query['exemplar'] === true) frames.push(...(await exemplarFrames(context, expression)))
  return frames
}

interface ExemplarSeries {
  readonly seriesLabels: Labels
  readonly exemplars: readonly { labels: Labels; value: string; timestamp: number }[]
}

async function exemplarFrames(context: QueryContext, expression: string): Promise<DataFrameDto[]> {
  const { query, range } = context
  const parameters = new URLSearchParams({
    query: expression,
    start: String(range.fromMs / 1000),
    end: String(range.toMs / 1000),
  })
  let data: readonly ExemplarSeries[]
  try {
    data = (await askStore<{ data: readonly ExemplarSeries[] }>(context, '/api/v1/query_exemplars', parameters)).data
  } catch (error) {
    // Exemplars decorate the series; stores without them must not lose the graph.
    if (error instanceof QueryError) return []
    throw error
  }
  const rows = data.flatMap(({ seriesLabels, exemplars }) =>
    exemplars.map((exemplar) => ({ seriesLabels, ...exemplar })),
  )
  if (rows.length === 0) return []
  const names = [
    ...new Set(rows.flatMap(({ seriesLabels, labels }) => [...Object.keys(labels), ...Object.keys(seriesLabels)])),
  ]
  return [
    {
      schema: {
        refId: query.refId,
        name: 'exemplar',
        meta: { custom: { resultType: 'exemplar' }, dataTopic: 'annotations' },
        fields: [
          { name: 'Time', type: 'time' },
          { name: 'Value', type: 'number' },
          ...names.map((name) => ({ name, type: 'string' as const })),
        ],
      },
      data: {
        values: [
          rows.map(({ timestamp }) => Math.round(timestamp * 1000)),
          rows.map(({ value }) => Number(value)),
          ...names.map((name) => rows.map(({ labels, seriesLabels }) => labels[name] ?? seriesLabels[name] ?? '')),
        ],
      },
    },
  ]
}
