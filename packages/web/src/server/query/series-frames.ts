import type { DataFrameDto } from '../../common/api.ts'

/** What Prometheus and Loki answer to a metric query. */
export type SeriesResult =
  | { readonly resultType: 'matrix'; readonly result: readonly { metric: Labels; values: [number, string][] }[] }
  | { readonly resultType: 'vector'; readonly result: readonly { metric: Labels; value: [number, string] }[] }
  | { readonly resultType: 'scalar' | 'string'; readonly result: [number, string] }

export type Labels = Readonly<Record<string, string>>

export interface SeriesStyle {
  readonly refId: string
  readonly legend: string
  readonly stepMs: number
  readonly executed: string
}

/** One frame per series: a time field and a number field that carries the labels. */
export function seriesFrames(result: SeriesResult, style: SeriesStyle): DataFrameDto[] {
  switch (result.resultType) {
    case 'matrix':
      return result.result.map(({ metric, values }) => frameOf(metric, values, 'matrix', style))
    case 'vector':
      return result.result.map(({ metric, value }) => frameOf(metric, [value], 'vector', style))
    case 'scalar':
      return [frameOf({}, [result.result], 'scalar', style)]
    case 'string':
      return [textFrame(result.result, style)]
  }
}

function frameOf(
  labels: Labels,
  values: readonly [number, string][],
  resultType: string,
  style: SeriesStyle,
): DataFrameDto {
  const name = legendOf(labels, style.legend)
  return {
    schema: {
      refId: style.refId,
      name,
      meta: {
        type: resultType === 'matrix' ? 'timeseries-multi' : 'numeric-multi',
        typeVersion: [0, 1],
        custom: { resultType },
        executedQueryString: style.executed,
      },
      fields: [
        { name: 'Time', type: 'time', config: { interval: style.stepMs } },
        { name: 'Value', type: 'number', labels, config: { displayNameFromDS: name } },
      ],
    },
    data: {
      values: [values.map(([seconds]) => Math.round(seconds * 1000)), values.map(([, text]) => parseValue(text))],
    },
  }
}

function textFrame([seconds, text]: [number, string], style: SeriesStyle): DataFrameDto {
  return {
    schema: {
      refId: style.refId,
      meta: { custom: { resultType: 'string' }, executedQueryString: style.executed },
      fields: [
        { name: 'Time', type: 'time' },
        { name: 'Value', type: 'string' },
      ],
    },
    data: { values: [[Math.round(seconds * 1000)], [text]] },
  }
}

/** JSON has no NaN and no infinities; upstream's frames carry them as null beside `entities`, here they are null. */
function parseValue(text: string): number | null {
  const value = Number(text)
  return Number.isFinite(value) ? value : null
}

/** `legendFormat` with `{{label}}`, or the series as PromQL writes it. */
export function legendOf(labels: Labels, format: string): string {
  if (format !== '' && format !== '__auto') {
    return format.replaceAll(/\{\{\s*(.+?)\s*\}\}/g, (_whole, name: string) => labels[name] ?? '')
  }
  const { __name__: metric = '', ...rest } = labels
  const pairs = Object.entries(rest)
  if (format === '__auto' && metric === '' && pairs.length === 1) return pairs[0][1]
  if (pairs.length === 0) return metric || '{}'
  return `${metric}{${pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`
}
