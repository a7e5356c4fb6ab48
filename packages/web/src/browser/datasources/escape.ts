/** Escapes a value that stands inside double quotes of a PromQL, LogQL or TraceQL string. */
export function escapeString(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

/** Escapes a value that stands inside a regular expression within such a string. */
export function escapeRegex(value: string): string {
  return value.replace(/[$^*{}[\]'+?.()|\\]/g, '\\\\$&')
}

/**
 * How variables are written into a selector: a single value as it is (escaped for its quotes), several as a group of
 * alternatives for `=~`. Grafana's rule, dashboards rely on it.
 */
export function formatForSelector(value: unknown, variable?: { multi?: boolean; includeAll?: boolean }): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') {
    return variable?.multi || variable?.includeAll ? escapeRegex(value) : escapeString(value)
  }
  if (!Array.isArray(value)) return String(value)
  const alternatives = value.map((item) => escapeRegex(String(item)))
  return alternatives.length === 1 ? (alternatives[0] as string) : `(${alternatives.join('|')})`
}
