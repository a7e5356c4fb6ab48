const INITIAL_BYTES = 16 * 1024
const QUOTE = 34

/** JSON written straight as bytes: results are mostly numbers, and strings would cost a copy and a conversion each. */
export class JsonBytes {
  #buffer = Buffer.allocUnsafe(INITIAL_BYTES)
  #length = 0

  /** What was written; valid until the next write. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  get length(): number {
    return this.#length
  }

  /** Text of ASCII characters that need no escape. */
  ascii(text: string): this {
    this.#reserve(text.length)
    this.#length += this.#buffer.write(text, this.#length, 'latin1')
    return this
  }

  bytes(bytes: Uint8Array): this {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }

  /** A JSON string. */
  string(text: string): this {
    const escaped = quoteJson(text)
    this.#reserve(escaped.length * 3)
    this.#length += this.#buffer.write(escaped, this.#length)
    return this
  }

  /** Any plain value, as Go's encoding/json writes it (with `<`, `>` and `&` escaped). */
  value(value: unknown): this {
    const text = stringifyGo(value)
    this.#reserve(text.length * 3)
    this.#length += this.#buffer.write(text, this.#length)
    return this
  }

  /** A sample value in quotes, as the shortest decimal that reads back: `"0.5"`, `"1e+21"`, `"NaN"`. */
  sampleValue(value: number): this {
    this.#reserve(32)
    this.#buffer[this.#length++] = QUOTE
    this.#number(value)
    this.#buffer[this.#length++] = QUOTE
    return this
  }

  #number(value: number): void {
    let rest = value
    if (rest < 0) {
      this.#buffer[this.#length++] = 45
      rest = -rest
    }
    if (!(rest < 1e9) || Object.is(value, -0)) {
      if (value < 0) this.#length--
      this.#slowNumber(value)
      return
    }
    let whole = Math.floor(rest)
    if (whole === rest) {
      this.#digits(whole)
      return
    }
    const thousandths = Math.round(rest * 1000)
    if (thousandths / 1000 !== rest || thousandths >= 2 ** 31) {
      if (value < 0) this.#length--
      this.#slowNumber(value)
      return
    }
    whole = Math.floor(thousandths / 1000)
    this.#digits(whole)
    this.#fraction(thousandths - whole * 1000)
  }

  /** @param value an integer below 1e9 */
  #digits(value: number): void {
    let rest = value | 0
    let count = 1
    for (let limit = 10; rest >= limit && count < 9; limit *= 10) count++
    let at = this.#length + count
    this.#length = at
    do {
      const quotient = (rest / 10) | 0
      this.#buffer[--at] = 48 + rest - quotient * 10
      rest = quotient
    } while (rest > 0)
  }

  /** `.5`, `.25`, `.125` from thousandths, without trailing zeros. */
  #fraction(thousandths: number): void {
    const buffer = this.#buffer
    const first = (thousandths / 100) | 0
    const second = ((thousandths / 10) | 0) % 10
    const third = thousandths % 10
    buffer[this.#length++] = 46
    buffer[this.#length++] = 48 + first
    if (second !== 0 || third !== 0) buffer[this.#length++] = 48 + second
    if (third !== 0) buffer[this.#length++] = 48 + third
  }

  #slowNumber(value: number): void {
    this.#length += this.#buffer.write(formatSample(value), this.#length, 'latin1')
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes))
    this.#buffer.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
  }
}

/** Go's format for sample values: as JavaScript's shortest digits, but exponents have two digits. */
export function formatSample(value: number): string {
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  if (Object.is(value, -0)) return '-0'
  const text = String(value)
  return text.includes('e') ? text.replace(/e([+-])(\d)$/, 'e$10$2') : text
}

/** Seconds with milliseconds, as upstream writes timestamps: `1435781451.781`, `1435781451`, `0.010`. */
export function formatTimestamp(timeMs: number): string {
  const sign = timeMs < 0 ? '-' : ''
  const ms = Math.abs(timeMs)
  const fraction = ms % 1000
  const seconds = `${sign}${Math.floor(ms / 1000)}`
  return fraction === 0 ? seconds : `${seconds}.${String(fraction).padStart(3, '0')}`
}

// Control characters, quotes and backslashes: what jsoniter escapes.
// oxlint-disable-next-line no-control-regex
const NEEDS_ESCAPE = /[\0-\x1f"\\]/

function quoteJson(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return `"${text}"`
  // jsoniter has no short form for backspace and form feed. A backslash in front is consumed together with what it escapes.
  return JSON.stringify(text).replace(/\\./g, (escape) => LONG_ESCAPES[escape] ?? escape)
}

const LONG_ESCAPES: Readonly<Record<string, string>> = { '\\b': '\\u0008', '\\f': '\\u000c' }

/** JSON.stringify with Go's escapes for HTML. */
export function stringifyGo(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
