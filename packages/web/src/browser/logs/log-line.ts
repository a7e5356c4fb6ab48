import type { DataFrame, Labels } from '@grafana/data'
import { levelOf, type LogLevel } from './level.ts'

export interface LogLine {
  readonly id: string
  readonly timeMs: number
  readonly timeNs: string
  readonly text: string
  readonly labels: Labels
  /** I indexed, S structured metadata, P parsed; empty when the store did not say. */
  readonly labelKinds: Readonly<Record<string, string>>
  readonly level: LogLevel
  readonly traceId: string | undefined
}

/**
 * Reads log frames of any of Grafana's forms: a `labels` column (Loki), a `body` column (data plane), or labels on the
 * line's field. Order is kept.
 */
export function logLinesOf(frames: readonly DataFrame[]): LogLine[] {
  return frames.flatMap((frame, index) => linesOfFrame(frame, index))
}

function linesOfFrame(frame: DataFrame, frameIndex: number): LogLine[] {
  const find = (...names: string[]) => frame.fields.find(({ name }) => names.includes(name))
  const time = find('Time', 'timestamp', 'ts') ?? frame.fields.find(({ type }) => type === ('time' as typeof type))
  const body = find('Line', 'body', 'line') ?? frame.fields.find(({ type }) => type === ('string' as typeof type))
  if (!time || !body) return []
  const [labels, kinds, ns, id] = [find('labels'), find('labelTypes'), find('tsNs'), find('id')]
  return Array.from({ length: frame.length }, (_, row) => {
    const rowLabels = ((labels?.values[row] as Labels | undefined) ?? body.labels ?? {}) as Labels
    const text = String(body.values[row] ?? '')
    const timeMs = Number(time.values[row])
    return {
      id: String(id?.values[row] ?? `${frameIndex}-${row}`),
      timeMs,
      timeNs: String(ns?.values[row] ?? `${timeMs}000000`),
      text,
      labels: rowLabels,
      labelKinds: (kinds?.values[row] ?? {}) as Record<string, string>,
      level: levelOf(rowLabels, text),
      traceId: traceIdIn(rowLabels, text),
    }
  })
}

const traceLabels = ['trace_id', 'traceID', 'traceId', 'TraceID', 'traceid', 'trace.id']
const traceInText = /\b(?:trace_?id|traceID)"?\s*[=:]\s*"?([0-9a-f]{16,32})\b/i

function traceIdIn(labels: Labels, text: string): string | undefined {
  for (const name of traceLabels) {
    const value = labels[name]
    if (value && /^[0-9a-fA-F]{16,32}$/.test(value) && !/^0+$/.test(value)) return value.toLowerCase()
  }
  return traceInText.exec(text)?.[1]?.toLowerCase()
}
