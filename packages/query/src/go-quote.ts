/** Text that is not a Go string literal. */
export class QuoteError extends Error {
  /** UTF-16 offset into the literal at which reading stopped. */
  readonly offset: number
  constructor(message: string, offset: number) {
    super(message)
    this.name = 'QuoteError'
    this.offset = offset
  }
}

/**
 * The value of a whole Go string literal: `"…"`, `` `…` `` or `'…'` (which, as in PromQL and LogQL, may hold any number of characters).
 * Bytes given as `\xFF` or `\377` are joined and decoded as UTF-8; what is not UTF-8 becomes U+FFFD.
 * @throws QuoteError
 */
export function unquoteGo(literal: string): string {
  const quote = literal[0]
  if (literal.length < 2 || quote !== literal[literal.length - 1] || !'"\'`'.includes(quote)) {
    throw new QuoteError('invalid syntax', 0)
  }
  const body = literal.slice(1, -1)
  if (quote === '`') {
    if (body.includes('`')) throw new QuoteError('invalid syntax', body.indexOf('`') + 1)
    return body.replaceAll('\r', '')
  }
  if (body.includes('\n')) throw new QuoteError('invalid syntax', body.indexOf('\n') + 1)
  const bare = body.indexOf(quote)
  if (!body.includes('\\')) {
    if (bare >= 0) throw new QuoteError('invalid syntax', bare + 1)
    return body
  }
  return unescape(body, quote)
}

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
}

function unescape(body: string, quote: string): string {
  const pieces: Buffer[] = []
  let text = ''
  const putByte = (byte: number): void => {
    pieces.push(Buffer.from(text), Buffer.of(byte))
    text = ''
  }
  for (let offset = 0; offset < body.length;) {
    const char = body[offset]
    if (char === quote) throw new QuoteError('invalid syntax', offset + 1)
    if (char !== '\\') {
      text += char
      offset++
      continue
    }
    const escape = body[offset + 1]
    const digits = numericEscape(body, offset + 1)
    if (escape === quote || (escape !== undefined && Object.hasOwn(SIMPLE, escape))) {
      text += escape === quote ? quote : SIMPLE[escape]
      offset += 2
    } else if (digits === undefined) {
      throw new QuoteError('invalid syntax', offset + 1)
    } else {
      if (digits.isByte && digits.value >= 0x80) putByte(digits.value)
      else text += String.fromCodePoint(digits.value)
      offset += 1 + digits.length
    }
  }
  if (pieces.length === 0) return text
  return Buffer.concat([...pieces, Buffer.from(text)]).toString('utf8')
}

function numericEscape(
  body: string,
  offset: number,
): { readonly value: number; readonly length: number; readonly isByte: boolean } | undefined {
  const match = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))/.exec(
    body.slice(offset, offset + 9),
  )
  if (match === null) return undefined
  const isByte = match[1] !== undefined || match[4] !== undefined
  const value = match[4] === undefined ? parseInt(match[1] ?? match[2] ?? match[3], 16) : parseInt(match[4], 8)
  if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return undefined
  return { value, length: match[0].length, isByte }
}

const NAMED: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
}

/** Go's strconv.Quote: double quotes, printable Unicode as it is, the rest escaped. */
export function quoteGo(text: string): string {
  let result = '"'
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    if (Object.hasOwn(NAMED, char)) result += NAMED[char]
    else if (code >= 0x20 && code < 0x7f) result += char
    else if (code < 0x20 || code === 0x7f) result += '\\x' + code.toString(16).padStart(2, '0')
    else if (PRINTABLE.test(char)) result += char
    else if (code < 0x10000) result += '\\u' + code.toString(16).padStart(4, '0')
    else result += '\\U' + code.toString(16).padStart(8, '0')
  }
  return result + '"'
}

/** Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols. */
const PRINTABLE = /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u
