import { byteQuote } from './quote.ts'

/** Token kinds of both text formats, named as upstream's error messages name them. */
export const Token = {
  invalid: 'INVALID',
  end: 'EOF',
  linebreak: 'LINEBREAK',
  comment: 'COMMENT',
  blank: 'WHITESPACE',
  type: 'TYPE',
  help: 'HELP',
  unit: 'UNIT',
  eofWord: 'EOFWORD',
  text: 'TEXT',
  metricName: 'MNAME',
  quoted: 'QSTRING',
  braceOpen: 'BOPEN',
  braceClose: 'BCLOSE',
  labelName: 'LNAME',
  labelValue: 'LVALUE',
  comma: 'COMMA',
  equal: 'EQUAL',
  timestamp: 'TIMESTAMP',
  value: 'VALUE',
} as const
export type Token = (typeof Token)[keyof typeof Token]

export const NUL = 0x00
export const NEWLINE = 0x0a
export const SPACE = 0x20
export const TAB = 0x09
export const MINUS = 0x2d
export const QUOTE = 0x22
export const HASH = 0x23
export const BACKSLASH = 0x5c
export const BRACE_OPEN = 0x7b
export const BRACE_CLOSE = 0x7d
export const COMMA = 0x2c
export const EQUAL = 0x3d

const NAME_START = new Uint8Array(256)
const NAME_PART = new Uint8Array(256)
const LABEL_START = new Uint8Array(256)
const LABEL_PART = new Uint8Array(256)
for (let byte = 0; byte < 128; byte++) {
  const text = String.fromCharCode(byte)
  if (/[a-zA-Z_:]/.test(text)) NAME_START[byte] = 1
  if (/[a-zA-Z0-9_:]/.test(text)) NAME_PART[byte] = 1
  if (/[a-zA-Z_]/.test(text)) LABEL_START[byte] = 1
  if (/[a-zA-Z0-9_]/.test(text)) LABEL_PART[byte] = 1
}

export function isNameStart(byte: number): boolean {
  return NAME_START[byte] === 1
}

export function isLabelStart(byte: number): boolean {
  return LABEL_START[byte] === 1
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

export function endOfName(bytes: Uint8Array, from: number): number {
  let index = from
  while (NAME_PART[bytes[index]] === 1) index++
  return index
}

export function endOfLabelName(bytes: Uint8Array, from: number): number {
  let index = from
  while (LABEL_PART[bytes[index]] === 1) index++
  return index
}

/**
 * The end of a quoted text that starts at `from`, after its closing quote. When it does not close, the complement (`~`) of
 * where it was given up: upstream quotes the text up to there. A backslash hides the byte after it. `acrossLines`
 * says whether a raw line break may stand inside.
 */
export function endOfQuoted(bytes: Uint8Array, from: number, end: number, acrossLines: boolean): number {
  let index = from + 1
  for (; index < end; index++) {
    const byte = bytes[index]
    if (byte === QUOTE) return index + 1
    if (byte === BACKSLASH) {
      index++
      if (bytes[index] === NEWLINE) return ~index
    } else if (byte === NEWLINE && !acrossLines) return ~index
  }
  return ~Math.min(index, end)
}

/** Upstream's `expected …, got "…" ("TOKEN") while parsing: "…"`. */
export function unexpected(
  bytes: Uint8Array,
  at: { expected: string; token: Token; entryStart: number; tokenStart: number; position: number; end: number },
): string {
  const stop = Math.min(at.position + 1, at.end)
  const got = byteQuote(bytes, at.tokenStart, stop)
  return `${at.expected}, got ${got} ("${at.token}") while parsing: ${byteQuote(bytes, at.entryStart, stop)}`
}
