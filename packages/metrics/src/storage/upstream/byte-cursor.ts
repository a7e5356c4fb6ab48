import { decodeUtf8 } from '@quartet/model'
import { UpstreamFormatError } from './format-error.ts'

const TWO_32 = 2 ** 32

/** Reads the big-endian numbers and Go varints of upstream's files. Reading past the end throws {@link UpstreamFormatError}. */
export class ByteCursor {
  at: number
  readonly end: number
  readonly #bytes: Uint8Array
  readonly #view: DataView

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.at = start
    this.end = end
  }

  get isAtEnd(): boolean {
    return this.at >= this.end
  }

  uint8(): number {
    return this.#bytes[this.#advance(1)]
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4))
  }

  /** Exact up to 2^53. */
  uint64(): number {
    const at = this.#advance(8)
    return this.#view.getUint32(at) * TWO_32 + this.#view.getUint32(at + 4)
  }

  int64(): number {
    const at = this.#advance(8)
    return this.#view.getInt32(at) * TWO_32 + this.#view.getUint32(at + 4)
  }

  float64(): number {
    return this.#view.getFloat64(this.#advance(8))
  }

  uvarint(): number {
    let value = 0
    for (let scale = 1, count = 0; count < 10; count++, scale *= 128) {
      const byte = this.uint8()
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    throw new UpstreamFormatError(`varint of more than 10 bytes at byte ${this.at}`)
  }

  varint(): number {
    const value = this.uvarint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** Text behind its length. */
  text(): string {
    const size = this.uvarint()
    const start = this.#advance(size)
    return decodeUtf8(this.#bytes, start, start + size)
  }

  skip(size: number): void {
    this.#advance(size)
  }

  #advance(size: number): number {
    const start = this.at
    if (!(start + size <= this.end)) throw new UpstreamFormatError(`unexpected end at byte ${this.end}`)
    this.at = start + size
    return start
  }
}
