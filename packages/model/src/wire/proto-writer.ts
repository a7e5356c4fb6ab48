const INITIAL_SIZE = 1024

/**
 * Appends protobuf fields to one growing buffer. Nested messages are written in place: {@link begin} reserves the length,
 * {@link finish} fills it in, so nothing is encoded twice.
 */
export class ProtoWriter {
  #bytes: Uint8Array<ArrayBuffer>
  #view: DataView
  #length = 0

  constructor(initialSize: number = INITIAL_SIZE) {
    this.#bytes = new Uint8Array(initialSize)
    this.#view = new DataView(this.#bytes.buffer)
  }

  get length(): number {
    return this.#length
  }

  reset(): this {
    this.#length = 0
    return this
  }

  /** A view of what was written; valid until the next write or {@link reset}. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length)
  }

  /** A copy owned by the caller. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length)
  }

  varint(value: number): this {
    this.#reserve(10)
    const bytes = this.#bytes
    let at = this.#length
    let rest = value
    while (rest > 0x7fffffff) {
      bytes[at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    while (rest > 127) {
      bytes[at++] = (rest & 127) | 128
      rest >>>= 7
    }
    bytes[at++] = rest
    this.#length = at
    return this
  }

  varint64(value: bigint): this {
    this.#reserve(10)
    let rest = BigInt.asUintN(64, value)
    while (rest > 127n) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128
      rest >>= 7n
    }
    this.#bytes[this.#length++] = Number(rest)
    return this
  }

  tag(field: number, wireType: number): this {
    return this.varint((field << 3) | wireType)
  }

  /** uint32, uint64 below 2^53, enum and bool fields. */
  uint(field: number, value: number): this {
    return this.tag(field, 0).varint(value)
  }

  /** int64 fields: negative values take ten bytes, as the format prescribes. */
  int64(field: number, value: number | bigint): this {
    this.tag(field, 0)
    return typeof value === 'number' && value >= 0 ? this.varint(value) : this.varint64(BigInt(value))
  }

  sint32(field: number, value: number): this {
    return this.tag(field, 0).varint(((value << 1) ^ (value >> 31)) >>> 0)
  }

  sint64(field: number, value: bigint): this {
    return this.tag(field, 0).varint64((value << 1n) ^ (value >> 63n))
  }

  bool(field: number, value: boolean): this {
    return this.uint(field, value ? 1 : 0)
  }

  fixed32(field: number, value: number): this {
    this.tag(field, 5).#reserve(4)
    this.#view.setUint32(this.#length, value, true)
    this.#length += 4
    return this
  }

  fixed64(field: number, value: bigint): this {
    this.tag(field, 1).#reserve(8)
    this.#view.setBigUint64(this.#length, BigInt.asUintN(64, value), true)
    this.#length += 8
    return this
  }

  double(field: number, value: number): this {
    this.tag(field, 1).#reserve(8)
    this.#view.setFloat64(this.#length, value, true)
    this.#length += 8
    return this
  }

  /** A double without a tag, for packed fields. */
  rawDouble(value: number): this {
    this.#reserve(8)
    this.#view.setFloat64(this.#length, value, true)
    this.#length += 8
    return this
  }

  bytes(field: number, value: Uint8Array): this {
    this.tag(field, 2).varint(value.length)
    return this.raw(value)
  }

  string(field: number, value: string): this {
    const start = this.begin(field)
    this.#reserve(value.length * 3)
    this.#length += encoder.encodeInto(value, this.#bytes.subarray(this.#length)).written
    this.finish(start)
    return this
  }

  raw(value: Uint8Array): this {
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
    return this
  }

  /** Starts a nested message; hand the result to {@link finish}. */
  begin(field: number): number {
    this.tag(field, 2).#reserve(1)
    return this.#length++
  }

  finish(start: number): void {
    const size = this.#length - start - 1
    if (size < 128) {
      this.#bytes[start] = size
      return
    }
    const extra = size < 1 << 14 ? 1 : size < 1 << 21 ? 2 : size < 1 << 28 ? 3 : 4
    this.#reserve(extra)
    this.#bytes.copyWithin(start + 1 + extra, start + 1, this.#length)
    const end = this.#length + extra
    this.#length = start
    this.varint(size)
    this.#length = end
  }

  #reserve(size: number): void {
    const needed = this.#length + size
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

const encoder = new TextEncoder()
