import type { DataFrame, DataLink, Labels } from '@grafana/data'
import { column, frame } from '../frame.ts'
import { parseValue } from './response.ts'

export interface ExemplarResponse {
  readonly data: readonly {
    readonly seriesLabels: Labels
    readonly exemplars: readonly { readonly labels: Labels; readonly value: string; readonly timestamp: number }[]
  }[]
}

/** Labels under which instrumentation commonly keeps the trace an exemplar belongs to. */
const traceLabels = ['trace_id', 'traceID', 'traceId', 'TraceID']

/**
 * Exemplars as one annotation frame: the graph draws them as points; the trace id links to its trace.
 * @returns nothing when there are none
 */
export function exemplarFrames(
  response: ExemplarResponse,
  options: { readonly refId: string; readonly traceUrl: (traceId: string) => string | undefined },
): DataFrame[] {
  const points = response.data.flatMap(({ seriesLabels, exemplars }) =>
    exemplars.map((exemplar) => ({ ...exemplar, labels: { ...seriesLabels, ...exemplar.labels } })),
  )
  if (points.length === 0) return []
  points.sort((a, b) => a.timestamp - b.timestamp)
  const names = [...new Set(points.flatMap(({ labels }) => Object.keys(labels)))]
  return [
    frame({
      refId: options.refId,
      name: 'exemplar',
      meta: { dataTopic: 'annotations' as never, custom: { resultType: 'exemplar' } },
      fields: [
        column(
          'time',
          'Time',
          points.map(({ timestamp }) => Math.round(timestamp * 1000)),
        ),
        column(
          'number',
          'Value',
          points.map(({ value }) => parseValue(value)),
        ),
        ...names.map((name) =>
          column(
            'string',
            name,
            points.map(({ labels }) => labels[name] ?? ''),
            {
              config: traceLabels.includes(name) ? { links: [traceLink(options.traceUrl)] } : {},
            },
          ),
        ),
      ],
    }),
  ]
}

function traceLink(traceUrl: (traceId: string) => string | undefined): DataLink {
  return { title: 'Open the trace', url: traceUrl('${__value.raw}') ?? '' }
}
