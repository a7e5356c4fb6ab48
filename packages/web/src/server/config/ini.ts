import type { Diagnostic } from '@quartet/query'
import { lineColumn } from './source-place.ts'

export interface IniEntry {
  /** Lower case; empty before the first section. */
  readonly section: string
  readonly key: string
  readonly value: string
  /** Offset of the value, or of the key when the value is empty. */
  readonly offset: number
}

export interface IniFile {
  readonly entries: readonly IniEntry[]
  readonly diagnostics: readonly Diagnostic[]
  /** `file:line:col` of an offset. */
  place(offset: number): string
}

/**
 * Reads grafana.ini: `[section]`, `key = value`, whole-line comments with `;` or `#`, values in back-quotes, `"…"`, `"""…"""` or
 * `'…'`, a trailing `\` continuing on the next line, ` ;` and ` #` beginning a comment after a value, as upstream's reader does.
 * A line that is none of these is a diagnostic, and the rest is read on.
 */
export function parseIni(name: string, text: string): IniFile {
  const entries: IniEntry[] = []
  const diagnostics: Diagnostic[] = []
  let section = ''
  let position = text.startsWith('\ufeff') ? 1 : 0
  while (position < text.length) {
    const end = lineEnd(text, position)
    const line = text.slice(position, end)
    const start = position + (line.length - line.trimStart().length)
    const trimmed = line.trim()
    position = end + 1
    if (trimmed === '' || trimmed.startsWith(';') || trimmed.startsWith('#')) continue
    const report = (message: string, at = start): void => {
      diagnostics.push({ severity: 'error', message, range: { start: at, end } })
    }
    if (trimmed.startsWith('[')) {
      const close = trimmed.lastIndexOf(']')
      if (close < 0) report('unclosed section: "]" is missing')
      else if (trimmed.slice(1, close).trim() === '') report('empty section name')
      else section = trimmed.slice(1, close).trim().toLowerCase()
      continue
    }
    const separator = /[=:]/.exec(trimmed)
    if (!separator) {
      report(`key-value delimiter not found: ${trimmed}`)
      continue
    }
    const key = trimmed.slice(0, separator.index).trim()
    if (key === '') {
      report('empty key name')
      continue
    }
    const valueStart = start + separator.index + 1
    const read = readValue(text, valueStart, end)
    if (read.problem !== undefined) report(read.problem, read.offset)
    position = Math.max(position, read.next)
    entries.push({ section, key, value: read.value, offset: read.value === '' ? start : read.offset })
  }
  const place = (offset: number): string => {
    const { line, column } = lineColumn(text, offset)
    return `${name}:${line}:${column}`
  }
  return { entries, diagnostics, place }
}

interface ReadValue {
  readonly value: string
  readonly offset: number
  /** Where the next line begins. */
  readonly next: number
  readonly problem?: string
}

function readValue(text: string, from: number, end: number): ReadValue {
  let offset = from
  while (offset < end && /\s/.test(text[offset])) offset++
  const quote = ['"""', '`', '"', "'"].find((mark) => text.startsWith(mark, offset))
  if (quote === '"""' || quote === '`') {
    const close = text.indexOf(quote, offset + quote.length)
    if (close < 0) return { value: '', offset, next: end + 1, problem: `missing closing key quote: ${quote}` }
    return { value: text.slice(offset + quote.length, close), offset, next: lineEnd(text, close) + 1 }
  }
  const line = text.slice(offset, end)
  if (quote !== undefined) {
    const close = line.indexOf(quote, 1)
    const rest = close < 0 ? '' : line.slice(close + 1).trim()
    if (close > 0 && (rest === '' || /^[;#]/.test(rest))) {
      return { value: line.slice(1, close), offset, next: end + 1 }
    }
  }
  const bare = line.replace(/\s[;#].*$/s, '').trim()
  if (!bare.endsWith('\\') || end >= text.length) return { value: bare, offset, next: end + 1 }
  const following = readValue(text, end + 1, lineEnd(text, end + 1))
  return { ...following, value: bare.slice(0, -1) + following.value, offset }
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}
