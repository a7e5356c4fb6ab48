import { labelsFromPairs } from '../labels.ts'
import type { Label, Labels } from '../labels.ts'

/** Labels text that is not `{name="value", …}`. The message is upstream's, with the position of the first wrong character. */
export class LabelsSyntaxError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LabelsSyntaxError'
  }
}

const NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y
const SPACE = /[ \t\r\n]*/y

/**
 * Parses a stream's labels as push requests spell them: `{app="shop", env="dev"}`, values in Go's quoting.
 * @throws LabelsSyntaxError
 */
export function parseStreamLabels(text: string): Labels {
  let at = 0
  const skip = (): void => {
    SPACE.lastIndex = at
    SPACE.exec(text)
    at = SPACE.lastIndex
  }
  const fail = (expected: string): never => {
    const found = at >= text.length ? '$end' : describeToken(text, at)
    const before = text.slice(0, at)
    const line = before.split('\n').length
    const column = at - before.lastIndexOf('\n')
    throw new LabelsSyntaxError(
      `parse error at line ${line}, col ${column}: syntax error: unexpected ${found}, expecting ${expected}`,
    )
  }
  const pairs: Label[] = []
  const seen = new Set<string>()
  skip()
  if (text[at] !== '{') fail('{')
  at++
  skip()
  while (text[at] !== '}') {
    NAME.lastIndex = at
    const name = NAME.exec(text)?.[0]
    if (name === undefined) return fail('IDENTIFIER or }')
    at += name.length
    skip()
    if (text[at] !== '=') fail('=')
    at++
    skip()
    const quote = text[at]
    if (quote !== '"' && quote !== '`') fail('STRING')
    const end = closingQuote(text, at, quote)
    if (end < 0) throw new LabelsSyntaxError(`parse error at line 1, col ${at + 1}: literal not terminated`)
    const value = unquoteLabelValue(text.slice(at, end + 1))
    if (value === undefined) throw new LabelsSyntaxError(`parse error at line 1, col ${at + 1}: invalid syntax`)
    if (seen.has(name)) throw new LabelsSyntaxError(`stream '${text}' has duplicate label name: '${name}'`)
    seen.add(name)
    pairs.push([name, value])
    at = end + 1
    skip()
    if (text[at] === ',') {
      at++
      skip()
    } else if (text[at] !== '}') fail('} or ,')
  }
  at++
  skip()
  if (at < text.length) fail('$end')
  return labelsFromPairs(pairs)
}

/** The canonical text of a label set: `{a="1", b="2"}`, values quoted as Go's strconv.Quote does. */
export function formatStreamLabels(labels: Labels): string {
  let text = '{'
  for (const [name, value] of labels) text += `${text.length > 1 ? ', ' : ''}${name}=${quoteLabelValue(value)}`
  return text + '}'
}

/** Go's strconv.Quote for valid text. */
export function quoteLabelValue(value: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what has to be escaped
  if (!/[\u0000-\u001f"\\\u007f-\uffff]/.test(value)) return `"${value}"`
  let text = '"'
  for (const character of value) {
    const code = character.codePointAt(0) ?? 0
    if (character === '"') text += '\\"'
    else if (character === '\\') text += '\\\\'
    else if (code === 10) text += '\\n'
    else if (code === 9) text += '\\t'
    else if (code === 13) text += '\\r'
    else if (code === 7) text += '\\a'
    else if (code === 8) text += '\\b'
    else if (code === 11) text += '\\v'
    else if (code === 12) text += '\\f'
    else if (code < 32 || code === 127) text += `\\x${code.toString(16).padStart(2, '0')}`
    else if (!PRINTABLE.test(character)) {
      text += code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
    } else text += character
  }
  return text + '"'
}

const PRINTABLE = /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u
const SIMPLE_ESCAPES: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
}
const ESCAPE = /\\(?:([abfnrtv\\'"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|[^]|$)/g

/** Undoes Go quoting (`"…"` with escapes or a back-quoted raw string); `undefined` when an escape is not one of Go's. */
export function unquoteLabelValue(quoted: string): string | undefined {
  const inner = quoted.slice(1, -1)
  if (quoted[0] === '`') return inner.replaceAll('\r', '')
  if (inner.includes('\n')) return undefined
  if (!inner.includes('\\')) return inner
  let isValid = true
  // Bytes given as \x.. or octal may be parts of one UTF-8 sequence, so runs of them are collected and decoded together.
  const parts: Buffer[] = []
  let last = 0
  for (const match of inner.matchAll(ESCAPE)) {
    parts.push(Buffer.from(inner.slice(last, match.index)))
    last = match.index + match[0].length
    const [, simple, hex, short, long, octal] = match
    if (simple !== undefined) parts.push(Buffer.from(SIMPLE_ESCAPES[simple]))
    else if (hex !== undefined) parts.push(Buffer.of(Number.parseInt(hex, 16)))
    else if (octal !== undefined && Number.parseInt(octal, 8) < 256) parts.push(Buffer.of(Number.parseInt(octal, 8)))
    else if (short !== undefined || long !== undefined) {
      const code = Number.parseInt(short ?? long, 16)
      if (code > 0x10ffff) isValid = false
      else parts.push(Buffer.from(String.fromCodePoint(code)))
    } else isValid = false
  }
  parts.push(Buffer.from(inner.slice(last)))
  return isValid ? Buffer.concat(parts).toString('utf8') : undefined
}

function closingQuote(text: string, start: number, quote: string): number {
  for (let index = start + 1; index < text.length; index++) {
    if (text[index] === quote) return index
    if (text[index] === '\\' && quote === '"') index++
    else if (text[index] === '\n' && quote === '"') return -1
  }
  return -1
}

function describeToken(text: string, at: number): string {
  NAME.lastIndex = at
  if (NAME.test(text)) return 'IDENTIFIER'
  if (text[at] === '"' || text[at] === '`') return 'STRING'
  return /[0-9]/.test(text[at]) ? 'NUMBER' : text[at]
}
