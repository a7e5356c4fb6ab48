import type { DataFrame, Labels, QueryResultMeta } from '@grafana/data'
import { column, frame } from '../frame.ts'
import type { LokiStream } from './response.ts'

export type LabelKind = 'I' | 'S' | 'P'

/**
 * One frame for all lines, newest first (or oldest first), whatever stream they are of: columns labels, Time (ms),
 * Line, tsNs (text), id, labelTypes (I indexed, S structured metadata, P parsed).
 */
export function logFrame(
  streams: readonly LokiStream[],
  options: { readonly refId: string; readonly expr: string; readonly direction: 'backward' | 'forward' },
): DataFrame {
  const rows = streams.flatMap(({ stream, values }, streamIndex) =>
    values.map(([timeNs, line, more], index) => ({
      timeNs,
      line,
      order: index,
      id: `${timeNs}_${streamIndex}_${index}_${options.refId}`,
      labels: { ...stream, ...more?.structuredMetadata, ...more?.parsed },
      kinds: labelKinds(stream, more?.structuredMetadata, more?.parsed),
    })),
  )
  const sign = options.direction === 'backward' ? -1 : 1
  rows.sort((a, b) => sign * compareNs(a.timeNs, b.timeNs))
  return frame({
    refId: options.refId,
    fields: [
      column(
        'other',
        'labels',
        rows.map(({ labels }) => labels),
      ),
      column(
        'time',
        'Time',
        rows.map(({ timeNs }) => Number(timeNs.slice(0, -6))),
      ),
      column(
        'string',
        'Line',
        rows.map(({ line }) => line),
      ),
      column(
        'string',
        'tsNs',
        rows.map(({ timeNs }) => timeNs),
      ),
      column(
        'string',
        'id',
        rows.map(({ id }) => id),
      ),
      column(
        'other',
        'labelTypes',
        rows.map(({ kinds }) => kinds),
      ),
    ],
    meta: {
      preferredVisualisationType: 'logs',
      executedQueryString: options.expr,
      custom: { frameType: 'LabeledTimeValues' },
    } as QueryResultMeta,
  })
}

function labelKinds(indexed: Labels, structured: Labels = {}, parsed: Labels = {}): Record<string, LabelKind> {
  const kinds: Record<string, LabelKind> = {}
  for (const name of Object.keys(indexed)) kinds[name] = 'I'
  for (const name of Object.keys(structured)) kinds[name] = 'S'
  for (const name of Object.keys(parsed)) kinds[name] = 'P'
  return kinds
}

/** Nanoseconds as decimal text: longer is later, and equal lengths compare as text. */
function compareNs(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : a > b ? 1 : 0
}
