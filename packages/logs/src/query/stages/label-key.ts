/** Turns a key of a log line into a label name: `cou-nter` is `cou_nter`, a leading digit gets `_`. */
export function sanitizeLabelKey(key: string, isPrefix: boolean): string {
  const trimmed = key.trim()
  if (trimmed === '') return ''
  const body = trimmed.replace(/[^a-zA-Z0-9_]/gu, '_')
  return isPrefix && /^[0-9]/.test(body) ? `_${body}` : body
}

/** Upstream writes a space for every replacement character that decoding left. */
export function withoutReplacementCharacters(value: string): string {
  return value.includes('\ufffd') ? value.replaceAll('\ufffd', ' ') : value
}
