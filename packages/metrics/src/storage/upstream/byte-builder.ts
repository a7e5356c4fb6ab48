const TWO_32 = 2 ** 32

/** Writes the big-endian numbers and Go varints of upstream's files into one growing buffer. */
export class ByteBuilder {
  #bytes = Buffer.allocUnsafe(4096)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Valid until the next write. */
  view(start = 0, end: number = this.#length): Uint8Array {
    return this.#bytes.subarray(start, end)
  }

  reset(): this {
    this.#length = 0
    return this
  }

  uint8(value: number): this {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
    return this
  }

  uint32(value: number): this {
    this.#reserve(4)
    this.#length = this.#bytes.writeUInt32BE(value, this.#length)
    return this
  }

  uint64(value: number): this {
    return this.uint32(Math.floor(value / TWO_32)).uint32(value % TWO_32)
  }

  uvarint(value: number): this {
    this.#reserve(10)
    let rest = value
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#length++] = rest
    return this
  }

  varint(value: number): this {
    return this.uvarint(value >= 0 ? value * 2 : -value * 2 - 1)
  }

  text(value: string): this {
    const size = Buffer.byteLength(value)
    this.uvarint(size).#reserve(size)
    this.#length += this.#bytes.write(value, this.#length)
    return this
  }

  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }

  patch32(at: number, value: number): void {
    this.#bytes.writeUInt32BE(value, at)
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#length + size))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
