/** What a query variable over Loki may ask for. */
export type LokiVariableQuery =
  | { readonly kind: 'label_names' }
  | { readonly kind: 'label_values'; readonly label: string; readonly stream: string | undefined }

/**
 * Text (`label_values({app="x"}, pod)`, `label_names()`) or Grafana 9's object `{ type, label, stream }`, where type 0
 * asks for names and 1 for values.
 * @throws Error when it is neither
 */
export function parseLokiVariableQuery(stored: unknown): LokiVariableQuery {
  if (typeof stored === 'object' && stored !== null) {
    const { type, label, stream } = stored as { type?: number; label?: string; stream?: string }
    if (type === 0) return { kind: 'label_names' }
    return { kind: 'label_values', label: label ?? '', stream: stream === '' ? undefined : stream }
  }
  const text = String(stored).trim()
  if (/^label_names\(\s*\)$/.test(text)) return { kind: 'label_names' }
  const values = /^label_values\((?:(.+),\s*)?([^,]+?)\s*\)$/s.exec(text)
  if (!values) throw new Error(`A Loki variable asks for label_names() or label_values(…), not "${text}"`)
  return { kind: 'label_values', label: (values[2] as string).trim(), stream: values[1]?.trim() }
}
