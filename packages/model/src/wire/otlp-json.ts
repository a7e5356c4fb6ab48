import { OTLP_REQUESTS } from './otlp-schema.ts'
import type { FieldSchema, MessageSchema, OtlpSignal } from './otlp-schema.ts'
import { WireError } from './proto-reader.ts'
import { ProtoWriter } from './proto-writer.ts'

/** Bad OTLP/JSON. The message begins with the JSON path of the offending value. */
export class OtlpJsonError extends WireError {
  readonly path: string
  constructor(path: string, message: string, offset: number) {
    super(`${path}: ${message}`, offset)
    this.name = 'OtlpJsonError'
    this.path = path
  }
}

/**
 * Transcodes an OTLP/JSON Export…ServiceRequest to protobuf, so that every store has one reader.
 *
 * Ids are hexadecimal in either case, other bytes base64; names are camelCase or snake_case; enums are numbers or names; 64-bit
 * integers are strings or numbers and stay exact; NaN and infinities are strings. `null` is an absent field. Unknown names are
 * ignored, as the OTLP specification asks of receivers.
 * @returns bytes owned by the caller
 * @throws OtlpJsonError with the JSON path when the text is not JSON or a value does not fit its field
 * Source: opentelemetry.io/docs/specs/otlp (JSON Protobuf Encoding), protobuf.dev/programming-guides/json.
 */
export function otlpJsonToProto(signal: OtlpSignal, json: Uint8Array | string): Uint8Array<ArrayBuffer> {
  const text = typeof json === 'string' ? json : utf8.decode(json)
  return new Transcoder(text).run(OTLP_REQUESTS[signal])
}

const utf8 = new TextDecoder()
const MAX_DEPTH = 64
const UINT64_LIMIT = 1n << 64n
const INT64_LIMIT = 1n << 63n

class Transcoder {
  readonly #text: string
  readonly #writer: ProtoWriter
  #at = 0
  /** Field names and array indexes down to the current value; for error messages. */
  readonly #path: (string | number)[] = []

  constructor(text: string) {
    this.#text = text
    this.#writer = new ProtoWriter(Math.max(256, text.length >> 1))
  }

  run(schema: MessageSchema): Uint8Array<ArrayBuffer> {
    this.#message(schema)
    if (this.#next() !== END) this.#fail('unexpected text after the top-level value')
    return this.#writer.toBytes()
  }

  #message(schema: MessageSchema): void {
    if (this.#path.length > 2 * MAX_DEPTH) this.#fail(`nested deeper than ${MAX_DEPTH} messages`)
    if (this.#next() !== OPEN_BRACE) this.#fail(`expected an object (${schema.name})`)
    this.#at++
    if (this.#next() === CLOSE_BRACE) {
      this.#at++
      return
    }
    for (;;) {
      if (this.#next() !== QUOTE) this.#fail('expected a field name in quotes')
      const name = this.#string()
      if (this.#next() !== COLON) this.#fail(`expected ':' after ${JSON.stringify(name)}`)
      this.#at++
      const field = schema.byName.get(name)
      if (field === undefined) this.#skipValue(0)
      else {
        this.#path.push(name)
        this.#field(field)
        this.#path.pop()
      }
      if (!this.#more(CLOSE_BRACE)) return
    }
  }

  #field(field: FieldSchema): void {
    if (this.#literal('null')) return
    if (!field.isRepeated) return this.#single(field)
    if (this.#next() !== OPEN_BRACKET) this.#fail('expected an array')
    this.#at++
    if (this.#next() === CLOSE_BRACKET) {
      this.#at++
      return
    }
    for (let index = 0; ; index++) {
      this.#path.push(index)
      // Repeated numbers are written unpacked: every reader must accept both forms, and nothing needs buffering.
      this.#single(field)
      this.#path.pop()
      if (!this.#more(CLOSE_BRACKET)) return
    }
  }

  #single(field: FieldSchema): void {
    const writer = this.#writer
    switch (field.kind) {
      case 'message': {
        const start = writer.begin(field.number)
        this.#message(field.message!())
        writer.finish(start)
        return
      }
      case 'string':
        if (this.#next() !== QUOTE) this.#fail('expected a string')
        writer.string(field.number, this.#string())
        return
      case 'id':
        writer.bytes(field.number, this.#hex())
        return
      case 'bytes':
        writer.bytes(field.number, this.#base64())
        return
      case 'bool':
        writer.bool(field.number, this.#bool())
        return
      case 'double':
        writer.double(field.number, this.#double())
        return
      case 'enum':
        writer.int64(field.number, this.#enum(field))
        return
      case 'uint32':
        writer.uint(field.number, Number(this.#integer(0n, 1n << 32n)))
        return
      case 'sint32':
        writer.sint32(field.number, Number(this.#integer(-(1n << 31n), 1n << 31n)))
        return
      case 'fixed32':
        writer.fixed32(field.number, Number(this.#integer(0n, 1n << 32n)))
        return
      case 'fixed64':
        writer.fixed64(field.number, this.#integer(0n, UINT64_LIMIT))
        return
      case 'uint64':
        writer.tag(field.number, 0).varint64(this.#integer(0n, UINT64_LIMIT))
        return
      case 'sfixed64':
        writer.fixed64(field.number, this.#integer(-INT64_LIMIT, INT64_LIMIT))
        return
      case 'int64':
        writer.int64(field.number, this.#integer(-INT64_LIMIT, INT64_LIMIT))
        return
    }
  }

  #hex(): Uint8Array {
    if (this.#next() !== QUOTE) this.#fail('expected a hexadecimal string')
    const at = this.#at
    const text = this.#string()
    if (text.length % 2 !== 0 || !HEX.test(text)) {
      this.#at = at
      this.#fail(`${JSON.stringify(text)} is not a hexadecimal id`)
    }
    return Buffer.from(text, 'hex')
  }

  #base64(): Uint8Array {
    if (this.#next() !== QUOTE) this.#fail('expected a base64 string')
    const at = this.#at
    const text = this.#string()
    if (!BASE64.test(text)) {
      this.#at = at
      this.#fail('not base64')
    }
    return Buffer.from(text, 'base64')
  }

  #bool(): boolean {
    if (this.#literal('true')) return true
    if (this.#literal('false')) return false
    return this.#fail('expected true or false')
  }

  #double(): number {
    const at = this.#at
    const text = this.#next() === QUOTE ? this.#string() : this.#number()
    if (text === 'NaN') return NaN
    if (text === 'Infinity') return Infinity
    if (text === '-Infinity') return -Infinity
    if (NUMBER.test(text)) return Number(text)
    this.#at = at
    return this.#fail(`${JSON.stringify(text)} is not a number`)
  }

  #enum(field: FieldSchema): number {
    this.#next()
    const at = this.#at
    if (this.#text.charCodeAt(at) === QUOTE) {
      const value = field.values!.get(this.#string())
      if (value !== undefined) return value
      this.#at = at
    }
    return Number(this.#integer(-(1n << 31n), 1n << 31n))
  }

  /** Decimal digits, or a float form of an integer such as 1e3, in [low, high). */
  #integer(low: bigint, high: bigint): bigint {
    const isString = this.#next() === QUOTE
    const at = this.#at
    const text = isString ? this.#string() : this.#number()
    let value: bigint | undefined
    if (INTEGER.test(text)) value = BigInt(text)
    else if (NUMBER.test(text) && Number.isInteger(Number(text))) value = BigInt(Number(text))
    if (value !== undefined && value >= low && value < high) return value
    this.#at = at
    return this.#fail(`${JSON.stringify(text)} is not ${value === undefined ? 'an integer' : 'in range'}`)
  }

  /** The characters of a number token, unchecked. */
  #number(): string {
    const start = this.#at
    let at = start
    for (; ; at++) {
      const code = this.#text.charCodeAt(at)
      const isPart =
        (code >= 48 && code <= 57) || code === 45 || code === 43 || code === 46 || code === 101 || code === 69
      if (!isPart) break
    }
    if (at === start) this.#fail('expected a number')
    this.#at = at
    const text = this.#text.slice(start, at)
    if (!JSON_NUMBER.test(text)) {
      this.#at = start
      this.#fail(`${JSON.stringify(text)} is not a number`)
    }
    return text
  }

  /** At the opening quote; moves past the closing one. */
  #string(): string {
    const text = this.#text
    const start = ++this.#at
    for (let at = start; ; at++) {
      const code = text.charCodeAt(at)
      if (code === QUOTE) {
        this.#at = at + 1
        return text.slice(start, at)
      }
      if (code === BACKSLASH) return this.#escapedString(start)
      if (code < 32) {
        this.#at = at
        this.#fail('control character in a string')
      }
      if (Number.isNaN(code)) this.#fail('unterminated string')
    }
  }

  #escapedString(start: number): string {
    const text = this.#text
    let at = start
    for (; text.charCodeAt(at) !== QUOTE; at++) {
      if (text.charCodeAt(at) === BACKSLASH) at++
      if (at >= text.length) this.#fail('unterminated string')
    }
    this.#at = at + 1
    try {
      return JSON.parse(text.slice(start - 1, at + 1)) as string
    } catch {
      this.#at = start - 1
      return this.#fail('bad escape in a string') // JSON.parse has no other reason here, and its text would name a wrong offset
    }
  }

  #skipValue(depth: number): void {
    if (depth > MAX_DEPTH) this.#fail(`nested deeper than ${MAX_DEPTH} values`)
    const code = this.#next()
    if (code === QUOTE) this.#string()
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) this.#skipContainer(code, depth)
    else if (!this.#literal('true') && !this.#literal('false') && !this.#literal('null')) this.#number()
  }

  #skipContainer(open: number, depth: number): void {
    const close = open === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET
    this.#at++
    if (this.#next() === close) {
      this.#at++
      return
    }
    do {
      if (open === OPEN_BRACE) {
        if (this.#next() !== QUOTE) this.#fail('expected a field name in quotes')
        this.#string()
        if (this.#next() !== COLON) this.#fail("expected ':'")
        this.#at++
      }
      this.#skipValue(depth + 1)
    } while (this.#more(close))
  }

  /** After a value: true at a comma, false at the closing bracket; both are consumed. */
  #more(close: number): boolean {
    const code = this.#next()
    if (code !== COMMA && code !== close) this.#fail(`expected ',' or '${String.fromCharCode(close)}'`)
    this.#at++
    return code === COMMA
  }

  #literal(word: string): boolean {
    this.#next()
    if (!this.#text.startsWith(word, this.#at)) return false
    this.#at += word.length
    return true
  }

  /** Skips white space and returns the code unit there, or NaN's stand-in {@link END}. */
  #next(): number {
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#text.charCodeAt(this.#at)
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return code
    }
    return END
  }

  #fail(message: string): never {
    const path = this.#path.reduce<string>(
      (at, step) => at + (typeof step === 'number' ? `[${step}]` : `.${step}`),
      '$',
    )
    throw new OtlpJsonError(path, message, Buffer.byteLength(this.#text.slice(0, this.#at)))
  }
}

const END = -1
const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPEN_BRACKET = 91
const BACKSLASH = 92
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125

const HEX = /^[0-9a-fA-F]*$/
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/
const INTEGER = /^-?\d+$/
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/
const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/
