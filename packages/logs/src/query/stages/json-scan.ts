/** JSON text that cannot be read; the messages are those of the parser that upstream uses. */
export class JsonScanError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'JsonScanError'
  }
}

export type JsonKind = 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array'

export interface JsonValue {
  readonly kind: JsonKind
  /** Of the value's text; a string's without its quotes. */
  readonly start: number
  readonly end: number
  /** Behind the value. */
  readonly next: number
}

const BAD_OBJECT = "Value looks like object, but can't find closing '}' symbol"
const BAD_ARRAY = "Value looks like array, but can't find closing ']' symbol"
const BAD_STRING = "Value looks like string, but can't find closing '\"' symbol"
const BAD_JSON = 'Malformed JSON error'
const UNKNOWN_TYPE = 'Unknown value type'
const SCALAR_END = /[\s,}\]]|$/g

export function skipSpace(text: string, start: number): number {
  let at = start
  for (;;) {
    const code = text.charCodeAt(at)
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return at
    at++
  }
}

/**
 * Visits the members of the object that starts at `start` without building a tree. As lenient as upstream: a trailing comma and
 * text behind the object are no errors. Returning false from `visit` ends the scan.
 * @throws JsonScanError
 */
export function eachMember(
  text: string,
  start: number,
  visit: (key: string, value: JsonValue) => boolean | void,
): void {
  let at = skipSpace(text, start)
  if (text[at] !== '{') throw new JsonScanError(BAD_OBJECT)
  at = skipSpace(text, at + 1)
  for (;;) {
    if (text[at] === '}') return
    if (text[at] !== '"') throw new JsonScanError(BAD_OBJECT)
    const keyEnd = stringEnd(text, at + 1)
    const key = unescapeJson(text.slice(at + 1, keyEnd))
    at = skipSpace(text, keyEnd + 1)
    if (text[at] !== ':') throw new JsonScanError(BAD_JSON)
    const value = valueAt(text, skipSpace(text, at + 1))
    if (visit(key, value) === false) return
    at = skipSpace(text, value.next)
    if (text[at] === '}') return
    if (text[at] !== ',') throw new JsonScanError(BAD_OBJECT)
    at = skipSpace(text, at + 1)
    if (at >= text.length) throw new JsonScanError(BAD_OBJECT)
  }
}

/** @throws JsonScanError */
export function eachElement(
  text: string,
  start: number,
  visit: (index: number, value: JsonValue) => boolean | void,
): void {
  let at = skipSpace(text, start)
  if (text[at] !== '[') throw new JsonScanError(BAD_ARRAY)
  at = skipSpace(text, at + 1)
  for (let index = 0; text[at] !== ']'; index++) {
    const value = valueAt(text, at)
    if (visit(index, value) === false) return
    at = skipSpace(text, value.next)
    if (text[at] === ',') at = skipSpace(text, at + 1)
    else if (text[at] !== ']') throw new JsonScanError(BAD_ARRAY)
  }
}

export function valueAt(text: string, start: number): JsonValue {
  const first = text[start]
  if (first === '"') {
    const end = stringEnd(text, start + 1)
    return { kind: 'string', start: start + 1, end, next: end + 1 }
  }
  if (first === '{' || first === '[') {
    const end = blockEnd(text, start, first, first === '{' ? '}' : ']')
    return { kind: first === '{' ? 'object' : 'array', start, end, next: end }
  }
  SCALAR_END.lastIndex = start
  const end = SCALAR_END.exec(text)?.index ?? text.length
  const scalar = text.slice(start, end)
  const kind =
    scalar === 'null'
      ? 'null'
      : scalar === 'true' || scalar === 'false'
        ? 'boolean'
        : /^[-0-9]/.test(scalar)
          ? 'number'
          : undefined
  if (kind === undefined) throw new JsonScanError(scalar === '' ? BAD_JSON : UNKNOWN_TYPE)
  return { kind, start, end, next: end }
}

/** The value as a label: strings unescaped, everything else its own text, null nothing. */
export function valueText(text: string, value: JsonValue): string {
  if (value.kind === 'null') return ''
  const raw = text.slice(value.start, value.end)
  return value.kind === 'string' ? unescapeJson(raw) : raw
}

function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start)
  while (end >= 0 && isEscaped(text, end, start)) end = text.indexOf('"', end + 1)
  if (end < 0) throw new JsonScanError(BAD_STRING)
  return end
}

function isEscaped(text: string, at: number, start: number): boolean {
  let slashes = 0
  for (let index = at - 1; index >= start && text.charCodeAt(index) === 92; index--) slashes++
  return slashes % 2 === 1
}

function blockEnd(text: string, start: number, open: string, close: string): number {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const character = text[at]
    if (character === '"') {
      at = stringEnd(text, at + 1)
    } else if (character === open) depth++
    else if (character === close && --depth === 0) return at + 1
  }
  throw new JsonScanError(open === '{' ? BAD_OBJECT : BAD_ARRAY)
}

export function unescapeJson(raw: string): string {
  if (!raw.includes('\\')) return raw
  try {
    return JSON.parse(
      `"${raw.replace(/[\n\r\t]/g, (character) => (character === '\n' ? '\\n' : character === '\r' ? '\\r' : '\\t'))}"`,
    ) as string
  } catch {
    return '' // upstream writes nothing for a string that it cannot unescape
  }
}
