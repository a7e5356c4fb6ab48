import type { DataFrame } from '@grafana/data'

/** A frame as CSV (RFC 4180): a heading line, times as ISO 8601. */
export function frameToText(frame: DataFrame): string {
  const lines = [frame.fields.map(({ name, config }) => cell(config.displayNameFromDS ?? name)).join(',')]
  for (let row = 0; row < frame.length; row++) {
    lines.push(frame.fields.map(({ type, values }) => cell(plain(type, values[row]))).join(','))
  }
  return lines.join('\r\n') + '\r\n'
}

function plain(type: string, value: unknown): string {
  if (value === null || value === undefined) return ''
  if (type === 'time' && typeof value === 'number') return new Date(value).toISOString()
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
