import type { DataFrame, PanelData } from '@grafana/data'

/** The answer to a pane's queries, sorted by how it is shown. */
export interface Results {
  readonly graph: readonly DataFrame[]
  readonly tables: readonly DataFrame[]
  readonly logs: readonly DataFrame[]
  readonly traces: readonly DataFrame[]
  /** Nodes and edges of graphs. */
  readonly nodes: readonly DataFrame[]
}

export function sortResults(data: Pick<PanelData, 'series'>): Results {
  const results: { [K in keyof Results]: DataFrame[] } = { graph: [], tables: [], logs: [], traces: [], nodes: [] }
  for (const frame of data.series) {
    if (frame.length === 0 && frame.fields.length === 0) continue
    results[placeOf(frame)].push(frame)
  }
  return results
}

function placeOf(frame: DataFrame): keyof Results {
  switch (frame.meta?.preferredVisualisationType) {
    case 'logs':
      return 'logs'
    case 'trace':
      return 'traces'
    case 'nodeGraph':
      return 'nodes'
    case 'table':
      return 'tables'
    default:
      return frame.fields.some(({ type }) => (type as string) === 'time') ? 'graph' : 'tables'
  }
}

/** Counts lines per level and time bucket. Columns: time and one number per level that occurs. */
export function logVolume(
  lines: readonly { readonly timeMs: number; readonly level: string }[],
  range: { readonly fromMs: number; readonly toMs: number; readonly buckets: number },
): { readonly times: number[]; readonly counts: ReadonlyMap<string, number[]> } {
  const { fromMs, toMs, buckets } = range
  const width = Math.max(1, (toMs - fromMs) / buckets)
  const counts = new Map<string, number[]>()
  for (const { timeMs, level } of lines) {
    const bucket = Math.min(buckets - 1, Math.max(0, Math.floor((timeMs - fromMs) / width)))
    let column = counts.get(level)
    if (!column) counts.set(level, (column = Array.from({ length: buckets }, () => 0)))
    column[bucket] = (column[bucket] as number) + 1
  }
  return { times: Array.from({ length: buckets }, (_, index) => fromMs + index * width), counts }
}
