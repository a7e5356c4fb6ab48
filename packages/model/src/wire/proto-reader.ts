/** Malformed wire data. `offset` is where in the message it was noticed. Ingestion answers it with the upstream's 4xx. */
export class WireError extends Error {
  readonly offset: number
  constructor(message: string, offset: number) {
    super(`${message} at byte ${offset}`)
    this.name = 'WireError'
    this.offset = offset
  }
}

export const WIRE_VARINT = 0
export const WIRE_FIXED64 = 1
export const WIRE_BYTES = 2
export const WIRE_FIXED32 = 5

const MAX_DEPTH = 64

/**
 * A cursor over one protobuf message that allocates nothing per field.
 *
 * `end` bounds the current message. To read a nested message, keep what {@link enter} returns and hand it to
 * {@link leave}. Bytes and strings are ranges of {@link bytes}: copy what must outlive the buffer.
 * Every read checks its bounds and throws {@link WireError}; random input never reads past the buffer.
 */
export class ProtoReader {
  bytes: Uint8Array = EMPTY
  #view: DataView = new DataView(EMPTY.buffer)
  position = 0
  end = 0
  /** Start of the last bytes field that {@link range} has read. Its end is {@link rangeEnd}. */
  rangeStart = 0
  rangeEnd = 0
  /** Wire type of the last {@link field}. */
  wireType = 0
  #depth = 0

  constructor(bytes?: Uint8Array, start = 0, end = bytes?.length ?? 0) {
    if (bytes) this.reset(bytes, start, end)
  }

  reset(bytes: Uint8Array, start = 0, end: number = bytes.length): this {
    if (bytes !== this.bytes) {
      this.bytes = bytes
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
    this.position = start
    this.end = end
    this.#depth = 0
    return this
  }

  /** Reads the next tag and returns its field number, or 0 at the end of the message. */
  field(): number {
    if (this.position >= this.end) return 0
    const tag = this.uint32()
    this.wireType = tag & 7
    const number = tag >>> 3
    if (number === 0) throw new WireError('field number 0', this.position)
    return number
  }

  /** An unsigned varint truncated to 32 bits, as protobuf prescribes for uint32, int32, enum and bool fields. */
  uint32(): number {
    const { bytes, end } = this
    let position = this.position
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (position >= end) throw new WireError('truncated varint', position)
      const byte = bytes[position++]
      if (shift < 32) value |= (byte & 127) << shift
      if (byte < 128) {
        this.position = position
        return value >>> 0
      }
    }
    throw new WireError('varint is longer than 10 bytes', position)
  }

  int32(): number {
    return this.uint32() | 0
  }

  bool(): boolean {
    const start = this.position
    const { bytes } = this
    this.uint32()
    for (let index = start; index < this.position; index++) if ((bytes[index] & 127) !== 0) return true
    return false
  }

  /** A signed 64-bit varint (int64) as a double: exact within ±2^53, which holds every millisecond timestamp. */
  int64AsNumber(): number {
    const { bytes, end } = this
    let position = this.position
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (position >= end) throw new WireError('truncated varint', position)
      const byte = bytes[position++]
      if (shift < 28) low |= (byte & 127) << shift
      else if (shift === 28) {
        low |= (byte & 127) << 28
        high |= (byte & 127) >>> 4
      } else if (shift < 70) high |= (byte & 127) << (shift - 32)
      if (byte < 128) {
        this.position = position
        return (high | 0) * 4294967296 + (low >>> 0)
      }
    }
    throw new WireError('varint is longer than 10 bytes', position)
  }

  /** An unsigned 64-bit varint, exact. */
  uint64(): bigint {
    const { bytes, end } = this
    let position = this.position
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (position >= end) throw new WireError('truncated varint', position)
      const byte = bytes[position++]
      value |= BigInt(byte & 127) << shift
      if (byte < 128) {
        this.position = position
        return BigInt.asUintN(64, value)
      }
    }
    throw new WireError('varint is longer than 10 bytes', position)
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.uint64())
  }

  sint32(): number {
    const value = this.uint32()
    return (value >>> 1) ^ -(value & 1)
  }

  sint64(): bigint {
    const value = this.uint64()
    return (value >> 1n) ^ -(value & 1n)
  }

  fixed32(): number {
    const at = this.#take(4)
    return this.#view.getUint32(at, true)
  }

  fixed64(): bigint {
    const at = this.#take(8)
    return this.#view.getBigUint64(at, true)
  }

  sfixed64(): bigint {
    const at = this.#take(8)
    return this.#view.getBigInt64(at, true)
  }

  /** The low and high halves of a fixed64, without a bigint: `high * 2^32 + low`. */
  fixed64Low = 0
  fixed64High = 0
  fixed64Halves(): void {
    const at = this.#take(8)
    this.fixed64Low = this.#view.getUint32(at, true)
    this.fixed64High = this.#view.getUint32(at + 4, true)
  }

  double(): number {
    const at = this.#take(8)
    return this.#view.getFloat64(at, true)
  }

  float(): number {
    const at = this.#take(4)
    return this.#view.getFloat32(at, true)
  }

  /** Reads a length-delimited field's bounds into {@link rangeStart} and {@link rangeEnd} and moves past it. */
  range(): void {
    const length = this.uint32()
    const start = this.position
    if (length > this.end - start) throw new WireError(`length ${length} runs past the end`, start)
    this.rangeStart = start
    this.rangeEnd = start + length
    this.position = start + length
  }

  /** A view of a length-delimited field; valid as long as the underlying buffer. */
  subarray(): Uint8Array {
    this.range()
    return this.bytes.subarray(this.rangeStart, this.rangeEnd)
  }

  /** A string field. Invalid UTF-8 becomes U+FFFD; callers that must refuse it check with {@link isValidUtf8}. */
  string(): string {
    this.range()
    return decodeUtf8(this.bytes, this.rangeStart, this.rangeEnd)
  }

  /** Enters a nested message and returns the outer end, to be given to {@link leave}. */
  enter(): number {
    if (++this.#depth > MAX_DEPTH) throw new WireError(`nested deeper than ${MAX_DEPTH} messages`, this.position)
    const length = this.uint32()
    if (length > this.end - this.position) throw new WireError(`length ${length} runs past the end`, this.position)
    const outerEnd = this.end
    this.end = this.position + length
    return outerEnd
  }

  leave(outerEnd: number): void {
    this.position = this.end
    this.end = outerEnd
    this.#depth--
  }

  /** Throws unless the current field has the wire type that its schema prescribes. */
  expect(wireType: number, what: string): void {
    if (this.wireType !== wireType) {
      throw new WireError(`${what} has wire type ${this.wireType}, expected ${wireType}`, this.position)
    }
  }

  /** Skips the value of the current field, whatever its wire type. Groups (types 3 and 4) are refused. */
  skip(): void {
    switch (this.wireType) {
      case WIRE_VARINT:
        this.uint32()
        return
      case WIRE_FIXED64:
        this.#take(8)
        return
      case WIRE_BYTES:
        this.range()
        return
      case WIRE_FIXED32:
        this.#take(4)
        return
      default:
        throw new WireError(`wire type ${this.wireType} is not supported`, this.position)
    }
  }

  #take(size: number): number {
    const at = this.position
    if (size > this.end - at) throw new WireError(`truncated ${size}-byte value`, at)
    this.position = at + size
    return at
  }
}

const EMPTY = new Uint8Array(0)
const decoder = new TextDecoder('utf-8')
const strictDecoder = new TextDecoder('utf-8', { fatal: true })

/** Decodes a range of UTF-8; short ASCII, the usual case for labels, takes no trip into C++. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= 24) {
    let text = ''
    let index = start
    for (; index < end; index++) {
      const byte = bytes[index]
      if (byte > 127) break
      text += String.fromCharCode(byte)
    }
    if (index === end) return text
  }
  return decoder.decode(bytes.subarray(start, end))
}

export function isValidUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let index = start
  while (index < end && bytes[index] < 128) index++
  if (index === end) return true
  try {
    strictDecoder.decode(bytes.subarray(index, end))
    return true
  } catch {
    return false // the decoder's only failure is the answer to the question
  }
}
