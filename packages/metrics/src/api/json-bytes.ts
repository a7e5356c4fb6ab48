import { writeShortest } from './shortest-decimal.ts'

const INITIAL_BYTES = 16 * 1024
const QUOTE = 34
/** Most that a sample value takes, quotes and bracket included. */
const VALUE_BYTES = 32

/** Text in front of every point of a grid, one after the other. */
export interface PointHeads {
  readonly bytes: Uint8Array
  /** Behind the last byte of each. */
  readonly ends: Uint32Array
}

export function pointHeads(texts: readonly string[]): PointHeads {
  const bytes = Buffer.from(texts.join(''), 'latin1')
  const ends = new Uint32Array(texts.length)
  let end = 0
  for (let index = 0; index < texts.length; index++) ends[index] = end += texts[index].length
  return { bytes, ends }
}

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
    const buffer = this.#buffer
    let at = this.#length
    // A call into the runtime costs more than a few bytes do.
    for (let index = 0; index < text.length; index++) buffer[at++] = text.charCodeAt(index)
    this.#length = at
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
    this.#reserve(text.length * 3 + 2)
    const buffer = this.#buffer
    let at = this.#length
    buffer[at++] = QUOTE
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      if (code < 32 || code > 126 || code === QUOTE || code === 92) return this.#slowString(text)
      buffer[at++] = code
    }
    buffer[at++] = QUOTE
    this.#length = at
    return this
  }

  #slowString(text: string): this {
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
    this.#reserve(VALUE_BYTES)
    this.#buffer[this.#length++] = QUOTE
    this.#length = writeSample(value, this.#buffer, this.#length)
    this.#buffer[this.#length++] = QUOTE
    return this
  }

  /**
   * `[1435781430.781,"0.5"],[…` of the points whose mark is `wanted`, without the brackets around them: the bulk of a large answer,
   * so that not a call is made per byte.
   * @param heads `,[1435781430.781,` of every point
   * @returns whether there was any
   */
  points(heads: PointHeads, values: Float64Array, present: Uint8Array, wanted: number): boolean {
    const { bytes, ends } = heads
    this.#reserve(bytes.length + values.length * VALUE_BYTES)
    const buffer = this.#buffer
    const start = this.#length
    let at = start
    let previous = NaN
    let previousAt = 0
    let previousEnd = 0
    for (let index = 0; index < values.length; index++) {
      if (present[index] !== wanted) continue
      let from = index === 0 ? 0 : ends[index - 1]
      if (at === start) from++
      for (const end = ends[index]; from < end; from++) buffer[at++] = bytes[from]
      const value = values[index]
      if (value === previous && value !== 0) {
        // Most gauges and many rates stay as they are for a while.
        for (let copy = previousAt; copy < previousEnd; copy++) buffer[at++] = buffer[copy]
        continue
      }
      previous = value
      previousAt = at
      buffer[at++] = QUOTE
      at = writeSample(value, buffer, at)
      buffer[at++] = QUOTE
      buffer[at++] = 93
      previousEnd = at
    }
    this.#length = at
    return at > start
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes))
    this.#buffer.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
  }
}

/** Writes what {@link formatSample} says, mostly without making a string of it; returns the end. */
function writeSample(value: number, buffer: Buffer, start: number): number {
  let at = start
  let rest = value
  if (rest < 0) {
    buffer[at++] = 45
    rest = -rest
  }
  if (rest < 1e9) {
    const whole = Math.floor(rest)
    if (whole === rest && (rest !== 0 || !Object.is(value, -0))) return writeDigits(whole, buffer, at)
    const thousandths = Math.round(rest * 1000)
    if (thousandths / 1000 === rest && thousandths < 2 ** 31 && rest !== 0) {
      at = writeDigits(Math.floor(thousandths / 1000), buffer, at)
      return writeFraction(thousandths - Math.floor(thousandths / 1000) * 1000, buffer, at)
    }
  } else if (rest < 1e15 && Math.floor(rest) === rest) {
    const high = Math.floor(rest / 1e8)
    at = writeDigits(high, buffer, at)
    return writePadded(rest - high * 1e8, buffer, at)
  }
  const end = writeShortest(rest, buffer, at)
  return end >= 0 ? end : start + buffer.write(formatSample(value), start, 'latin1')
}

/** @param value an integer below 1e9 */
function writeDigits(value: number, buffer: Buffer, start: number): number {
  let rest = value | 0
  let count = 1
  for (let limit = 10; rest >= limit && count < 9; limit *= 10) count++
  let at = start + count
  do {
    const quotient = (rest / 10) | 0
    buffer[--at] = 48 + rest - quotient * 10
    rest = quotient
  } while (rest > 0)
  return start + count
}

/** Eight digits. */
function writePadded(value: number, buffer: Buffer, start: number): number {
  let rest = value | 0
  for (let at = start + 7; at >= start; at--) {
    const quotient = (rest / 10) | 0
    buffer[at] = 48 + rest - quotient * 10
    rest = quotient
  }
  return start + 8
}

/** `.5`, `.25`, `.125` from thousandths, without trailing zeros. */
function writeFraction(thousandths: number, buffer: Buffer, start: number): number {
  const first = (thousandths / 100) | 0
  const second = ((thousandths / 10) | 0) % 10
  const third = thousandths % 10
  let at = start
  buffer[at++] = 46
  buffer[at++] = 48 + first
  if (second !== 0 || third !== 0) buffer[at++] = 48 + second
  if (third !== 0) buffer[at++] = 48 + third
  return at
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
