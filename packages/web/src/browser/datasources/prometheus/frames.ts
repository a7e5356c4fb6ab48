import type { DataFrame, Labels, QueryResultMeta } from '@grafana/data'
import { column, frame } from '../frame.ts'
import { renderLegend, seriesName } from './legend.ts'
import type { PrometheusQuery } from './query.ts'
import { parseValue, type MatrixSeries, type PrometheusData, type PrometheusResponse, type Sample } from './response.ts'

export interface FrameContext {
  readonly target: Pick<PrometheusQuery, 'refId' | 'legendFormat' | 'format'>
  /** With its variables filled in. */
  readonly expr: string
  /** Range queries only: missing points become nulls on this grid, so that gaps are drawn as gaps. */
  readonly grid?: { readonly startMs: number; readonly endMs: number; readonly stepMs: number }
}

export function framesOf(response: PrometheusResponse, context: FrameContext): DataFrame[] {
  const { format } = context.target
  const frames = format === 'table' ? [tableFrame(response.data, context)] : seriesFrames(response.data, context)
  if (format === 'heatmap') bucketCounts(frames)
  const notices = [
    ...(response.warnings ?? []).map((text) => ({ severity: 'warning' as const, text })),
    ...(response.infos ?? []).map((text) => ({ severity: 'info' as const, text })),
  ]
  if (notices.length > 0 && frames[0]) frames[0].meta = { ...frames[0].meta, notices }
  return frames
}

function seriesFrames(data: PrometheusData, context: FrameContext): DataFrame[] {
  switch (data.resultType) {
    case 'matrix':
      return data.result.map((series) => matrixFrame(series, context))
    case 'vector':
      return data.result.map(({ metric, value, histogram }) =>
        seriesFrame(metric, value ? [value] : histogram ? [[histogram[0], histogram[1].count]] : [], context, 'vector'),
      )
    case 'scalar':
      return [seriesFrame({}, [data.result], context, 'scalar')]
    case 'string':
      return [
        frame({
          refId: context.target.refId,
          fields: [column('time', 'Time', [data.result[0] * 1000]), column('string', 'Value', [data.result[1]])],
        }),
      ]
  }
}

function matrixFrame(series: MatrixSeries, context: FrameContext): DataFrame {
  const samples: readonly Sample[] =
    series.values ?? (series.histograms ?? []).map(([seconds, { count }]) => [seconds, count])
  const built = seriesFrame(series.metric, samples, context, 'matrix')
  if (!context.grid) return built
  const [times, values] = onGrid(samples, context.grid)
  const [time, value] = built.fields
  if (time && value) {
    time.values = times
    time.config = { interval: context.grid.stepMs }
    value.values = values
  }
  return { ...built, length: times.length }
}

function seriesFrame(labels: Labels, samples: readonly Sample[], context: FrameContext, resultType: string): DataFrame {
  const { refId, legendFormat } = context.target
  const name = seriesName(labels, context.expr)
  const display =
    legendFormat && legendFormat !== '__auto'
      ? renderLegend(legendFormat, labels)
      : autoLegend(labels, name, legendFormat)
  const meta: QueryResultMeta = {
    type:
      resultType === 'matrix'
        ? ('timeseries-multi' as QueryResultMeta['type'])
        : ('numeric-multi' as QueryResultMeta['type']),
    custom: { resultType },
    executedQueryString: context.expr,
  } as QueryResultMeta
  return frame({
    refId,
    name: display,
    meta,
    fields: [
      column(
        'time',
        'Time',
        samples.map(([seconds]) => Math.round(seconds * 1000)),
      ),
      column(
        'number',
        'Value',
        samples.map(([, value]) => parseValue(value)),
        {
          labels,
          config: { displayNameFromDS: display },
        },
      ),
    ],
  })
}

/** Without a legend format the full name is shown; `__auto` shows the value alone when only one label tells. */
function autoLegend(labels: Labels, name: string, format: string | undefined): string {
  if (format !== '__auto') return name
  const { __name__: _, ...rest } = labels
  const values = Object.values(rest)
  return values.length === 1 ? (values[0] as string) : name
}

/** Puts samples on the query's step grid with nulls between. Both are ascending. */
function onGrid(
  samples: readonly Sample[],
  grid: { readonly startMs: number; readonly endMs: number; readonly stepMs: number },
): [times: number[], values: (number | null)[]] {
  const times: number[] = []
  const values: (number | null)[] = []
  let next = grid.startMs
  for (const [seconds, text] of samples) {
    const timeMs = Math.round(seconds * 1000)
    for (; next < timeMs; next += grid.stepMs) {
      times.push(next)
      values.push(null)
    }
    times.push(timeMs)
    values.push(parseValue(text))
    next = timeMs + grid.stepMs
  }
  for (; next <= grid.endMs; next += grid.stepMs) {
    times.push(next)
    values.push(null)
  }
  return [times, values]
}

/** One row per sample and one column per label, as tables want it. */
function tableFrame(data: PrometheusData, context: FrameContext): DataFrame {
  const { refId } = context.target
  const rows: { readonly labels: Labels; readonly sample: Sample }[] = []
  if (data.resultType === 'matrix') {
    for (const series of data.result)
      for (const sample of series.values ?? []) rows.push({ labels: series.metric, sample })
    rows.sort((a, b) => a.sample[0] - b.sample[0])
  } else if (data.resultType === 'vector') {
    for (const { metric, value } of data.result) if (value) rows.push({ labels: metric, sample: value })
  } else {
    rows.push({ labels: {}, sample: data.result })
  }
  const names = [...new Set(rows.flatMap(({ labels }) => Object.keys(labels)))].sort()
  return frame({
    refId,
    meta: { executedQueryString: context.expr, preferredVisualisationType: 'table' },
    fields: [
      column(
        'time',
        'Time',
        rows.map(({ sample }) => Math.round(sample[0] * 1000)),
      ),
      ...names.map((name) =>
        column(
          'string',
          name,
          rows.map(({ labels }) => labels[name] ?? ''),
          { config: { filterable: true } },
        ),
      ),
      // Grafana names the column after its query as soon as a panel has several, so that joins stay apart.
      column(
        'number',
        `Value #${refId}`,
        rows.map(({ sample }) => parseValue(sample[1])),
      ),
    ],
  })
}

/** Buckets of a classic histogram are cumulative; a heatmap wants each bucket by itself, in the order of its bounds. */
function bucketCounts(frames: DataFrame[]): void {
  const bound = (item: DataFrame): number => parseValue(item.fields[1]?.labels?.['le'] ?? 'NaN')
  frames.sort((a, b) => bound(a) - bound(b))
  for (let index = frames.length - 1; index > 0; index--) {
    const upper = frames[index]?.fields[1]
    const lower = frames[index - 1]?.fields[1]
    if (!upper || !lower) continue
    upper.values = upper.values.map((value: number | null, row) =>
      value === null ? null : Math.max(0, value - ((lower.values[row] as number | null) ?? 0)),
    )
  }
}
