/** What a query variable over Prometheus may ask for; text forms as dashboards store them. */
export type VariableQuery =
  | { readonly kind: 'label_names'; readonly match: string | undefined }
  | { readonly kind: 'label_values'; readonly label: string; readonly match: string | undefined }
  | { readonly kind: 'metrics'; readonly pattern: string }
  | { readonly kind: 'query_result'; readonly expr: string }
  | { readonly kind: 'series'; readonly match: string }

export function parseVariableQuery(text: string): VariableQuery {
  const trimmed = text.trim()
  const names = /^label_names\((?:(.+))?\)\s*$/s.exec(trimmed)
  if (names) return { kind: 'label_names', match: names[1]?.trim() }
  const values = /^label_values\((?:(.+),\s*)?([^,]+?)\s*\)\s*$/s.exec(trimmed)
  if (values) return { kind: 'label_values', label: (values[2] as string).trim(), match: values[1]?.trim() }
  const metrics = /^metrics\((.+)\)\s*$/s.exec(trimmed)
  if (metrics) return { kind: 'metrics', pattern: (metrics[1] as string).trim() }
  const result = /^query_result\((.+)\)\s*$/s.exec(trimmed)
  if (result) return { kind: 'query_result', expr: (result[1] as string).trim() }
  return { kind: 'series', match: trimmed }
}

/** Variables are stored as text, or as an object with the text under `query` (Grafana 7 and newer). */
export function variableQueryText(stored: unknown): string {
  if (typeof stored === 'string') return stored
  if (typeof stored === 'object' && stored !== null && 'query' in stored) return variableQueryText(stored.query)
  return ''
}
