import {
  FIELD_KEY,
  ProtoReader,
  readAnyValue,
  readKeyValue,
  VALUE_ARRAY,
  VALUE_BOOL,
  VALUE_DOUBLE,
  VALUE_INT,
  VALUE_KVLIST,
  VALUE_STRING,
  WireError,
} from '@quartet/model'
import type { AnyValue, AttributeColumns } from '@quartet/model'
import { plainFloat } from './plain-float.ts'

/** Looks for a fixed set of attributes by the bytes of their names, all in one pass. */
export class AttributeFinder {
  readonly keys: readonly string[]
  /** Per key, the first attribute found, or -1. */
  readonly found: Int32Array
  readonly #bytes: readonly Uint8Array[]
  /** Bit n: some key has n bytes (the last bit: or more). */
  readonly #lengths: number

  constructor(keys: readonly string[]) {
    this.keys = [...new Set(keys)]
    this.found = new Int32Array(this.keys.length).fill(-1)
    this.#bytes = this.keys.map((key) => new TextEncoder().encode(key))
    this.#lengths = this.#bytes.reduce((bits, { length }) => bits | (1 << Math.min(31, length)), 0)
  }

  indexOf(key: string): number {
    return this.keys.indexOf(key)
  }

  /** Fills {@link found} from the attributes [from, to) of this scope. Keys are ranges of `bytes`. */
  search(bytes: Uint8Array, attributes: AttributeColumns, range: { from: number; to: number; scope: number }): void {
    this.found.fill(-1)
    if (this.keys.length === 0) return
    const { keyEnd, keyStart, scope } = attributes
    for (let index = range.from; index < range.to; index++) {
      if (scope[index] !== range.scope || keyStart[index] === FIELD_KEY) continue
      const length = keyEnd[index] - keyStart[index]
      if ((this.#lengths & (1 << Math.min(31, length))) === 0) continue
      for (let key = 0; key < this.#bytes.length; key++) {
        if (this.found[key] < 0 && isAt(bytes, keyStart[index], length, this.#bytes[key])) this.found[key] = index
      }
    }
  }
}

function isAt(bytes: Uint8Array, start: number, length: number, key: Uint8Array): boolean {
  if (length !== key.length) return false
  for (let index = 0; index < length; index++) if (bytes[start + index] !== key[index]) return false
  return true
}

/** An attribute's value that is not a string, as Tempo writes it in a label. */
export function valueText(bytes: Uint8Array, attributes: AttributeColumns, index: number): string {
  switch (attributes.type[index]) {
    case VALUE_BOOL:
      return attributes.low[index] === 0 ? 'false' : 'true'
    case VALUE_INT:
      return intText(attributes.low[index], attributes.high[index])
    case VALUE_DOUBLE:
      return plainFloat(doubleOf(attributes.low[index], attributes.high[index]))
    case VALUE_STRING:
      return new TextDecoder().decode(bytes.subarray(attributes.valueStart[index], attributes.valueEnd[index]))
    case VALUE_ARRAY:
      return `[${listText(bytes, attributes, index, (reader) => anyText(readAnyValue(reader)))}]`
    case VALUE_KVLIST:
      return `{${listText(bytes, attributes, index, (reader) => {
        const { key, value } = readKeyValue(reader)
        return `${key}:${anyText(value)}`
      })}}`
    default:
      return ''
  }
}

/** The value of a double attribute; 0 for any other. */
export function doubleValue(attributes: AttributeColumns, index: number): number {
  return attributes.type[index] === VALUE_DOUBLE ? doubleOf(attributes.low[index], attributes.high[index]) : 0
}

const words = new Uint32Array(2)
const doubles = new Float64Array(words.buffer)

function doubleOf(low: number, high: number): number {
  words[0] = low
  words[1] = high
  return doubles[0]
}

function intText(low: number, high: number): string {
  const isSmall = high === 0 || (high === 0xffffffff && low >= 0x80000000)
  if (isSmall) return String(high === 0 ? low : low | 0)
  return String(BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low)))
}

/** Nested values were not looked into when the request was checked: what is damaged or nested too deeply has no text. */
function listText(
  bytes: Uint8Array,
  attributes: AttributeColumns,
  index: number,
  read: (reader: ProtoReader) => string,
): string {
  const reader = new ProtoReader(bytes, attributes.valueStart[index], attributes.valueEnd[index])
  let text = ''
  try {
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) text += read(reader)
      else reader.skip()
    }
  } catch (error) {
    if (!(error instanceof WireError) && !(error instanceof RangeError)) throw error
    return ''
  }
  return text
}

function anyText(value: AnyValue | undefined): string {
  switch (value?.kind) {
    case 'string':
      return value.value
    case 'bool':
    case 'int':
      return String(value.value)
    case 'double':
      return plainFloat(value.value)
    case 'array':
      return `[${value.value.map(anyText).join('')}]`
    case 'kvlist':
      return `{${value.value.map(({ key, value: inner }) => `${key}:${anyText(inner)}`).join('')}}`
    default:
      return ''
  }
}
