import { SIZES } from './bit-reader.ts'

const TWO_32 = 2 ** 32

/** Writes bits, most significant first, into one growing buffer. The reverse of `BitReader`. */
export class BitWriter {
  #bytes = new Uint8Array(1024)
  /** In bits. */
  #at = 0

  reset(): this {
    this.#bytes.fill(0, 0, (this.#at + 7) >>> 3)
    this.#at = 0
    return this
  }

  get sizeBytes(): number {
    return (this.#at + 7) >>> 3
  }

  /** A copy, owned by the caller. */
  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.sizeBytes)
  }

  /** Overwrites the two bytes at `offset`, most significant first. */
  patch16(offset: number, value: number): void {
    this.#bytes[offset] = value >>> 8
    this.#bytes[offset + 1] = value & 255
  }

  patch8(offset: number, value: number): void {
    this.#bytes[offset] = value
  }

  /** The lowest `count` bits (0–32) of a number, which may be negative. */
  bits(value: number, count: number): this {
    let rest = count
    let at = this.#at
    if (at + count > 8 * this.#bytes.length) this.#grow()
    this.#at = at + count
    while (rest > 0) {
      const free = 8 - (at & 7)
      const taken = rest < free ? rest : free
      const part = (value >>> (rest - taken)) & ((1 << taken) - 1)
      this.#bytes[at >>> 3] |= part << (free - taken)
      at += taken
      rest -= taken
    }
    return this
  }

  /** The lowest `count` bits of 64. */
  bits64(high: number, low: number, count: number): this {
    if (count > 32) this.bits(high, count - 32)
    return this.bits(low, count > 32 ? 32 : count)
  }

  int64(value: number): this {
    return this.bits64(Math.floor(value / TWO_32) | 0, (value % TWO_32) | 0, 64)
  }

  varint(value: number): this {
    return this.uvarint(value >= 0 ? value * 2 : -value * 2 - 1)
  }

  uvarint(value: number): this {
    let rest = value
    while (rest >= 128) {
      this.bits((rest % 128) | 128, 8)
      rest = Math.floor(rest / 128)
    }
    return this.bits(rest, 8)
  }

  varbit(value: number): this {
    let kind = 0
    if (value !== 0) {
      kind = 1
      while (kind < 8 && !(value > -(2 ** (SIZES[kind] - 1)) && value <= 2 ** (SIZES[kind] - 1))) kind++
    }
    return this.#sized(kind, value)
  }

  /** @param value not negative */
  uvarbit(value: number): this {
    let kind = 0
    if (value !== 0) {
      kind = 1
      while (kind < 8 && value >= 2 ** SIZES[kind]) kind++
    }
    return this.#sized(kind, value)
  }

  #sized(kind: number, value: number): this {
    for (let ones = 0; ones < kind; ones++) this.bits(1, 1)
    if (kind < 8) this.bits(0, 1)
    if (kind === 8) return this.int64(value)
    return this.bits64(Math.floor(value / TWO_32) | 0, (value % TWO_32) | 0, SIZES[kind])
  }

  #grow(): void {
    const grown = new Uint8Array(2 * this.#bytes.length)
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}
