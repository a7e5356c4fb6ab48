/** One side of Explore, as its URL keeps it (Grafana's `panes` parameter, schemaVersion 1). */
export interface ExplorePane {
  readonly datasource: string
  readonly queries: readonly ExploreQuery[]
  readonly range: { readonly from: string; readonly to: string }
}

export type ExploreQuery = Readonly<Record<string, unknown>> & { readonly refId: string }
export type ExplorePanes = Readonly<Record<string, ExplorePane>>

export function encodePanes(panes: ExplorePanes): string {
  return JSON.stringify(panes)
}

/**
 * Reads `panes`, or the older `left`/`right`, which hold either an object or `[from, to, datasource, ...queries]`.
 * @returns nothing when the URL says nothing; at most two panes
 * @throws Error when the text is not what Explore writes
 */
export function decodePanes(search: URLSearchParams): ExplorePanes | undefined {
  const panes = search.get('panes')
  if (panes !== null) {
    const entries = Object.entries(asRecord(parseJson(panes))).slice(0, 2)
    return Object.fromEntries(entries.map(([id, pane]) => [id, decodePane(pane)]))
  }
  const left = search.get('left')
  if (left === null) return undefined
  const right = search.get('right')
  return {
    left: decodePane(parseJson(left)),
    ...(right === null ? {} : { right: decodePane(parseJson(right)) }),
  }
}

function decodePane(value: unknown): ExplorePane {
  if (Array.isArray(value)) {
    const [from, to, datasource, ...queries] = value as unknown[]
    return decodePane({ datasource, queries, range: { from, to } })
  }
  const { datasource, queries, range } = asRecord(value)
  const { from, to } = range === undefined ? { from: 'now-1h', to: 'now' } : asRecord(range)
  return {
    datasource: typeof datasource === 'string' ? datasource : '',
    queries: (Array.isArray(queries) ? queries : []).map((query, index) => ({
      ...asRecord(query),
      refId: String(asRecord(query)['refId'] ?? String.fromCharCode(65 + index)),
    })),
    range: { from: String(from), to: String(to) },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error('The link to Explore is damaged: it does not hold JSON', { cause })
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new Error('The link to Explore is damaged')
  return value as Record<string, unknown>
}
