import { UpstreamFormatError } from './format-error.ts'

const TWO_32 = 2 ** 32

/** Reads bits, most significant first, as upstream's `bstream` writes them. Reading past the end throws {@link UpstreamFormatError}. */
export class BitReader {
  /** The upper and lower half of what {@link read64} has read. */
  high = 0
  low = 0
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0
  #end = 0

  /** Starts to read at a byte. */
  open(bytes: Uint8Array, start: number): this {
    this.#bytes = bytes
    this.#at = 8 * start
    this.#end = 8 * bytes.length
    return this
  }

  bit(): number {
    const at = this.#at
    if (at >= this.#end) throw new UpstreamFormatError('chunk ends within a sample')
    this.#at = at + 1
    return (this.#bytes[at >>> 3] >>> (7 - (at & 7))) & 1
  }

  /** @param count 0–32 @returns an unsigned number */
  bits(count: number): number {
    let rest = count
    let at = this.#at
    if (at + count > this.#end) throw new UpstreamFormatError('chunk ends within a sample')
    this.#at = at + count
    let value = 0
    while (rest > 0) {
      const free = 8 - (at & 7)
      const taken = rest < free ? rest : free
      const part = (this.#bytes[at >>> 3] >>> (free - taken)) & ((1 << taken) - 1)
      value = value * (1 << taken) + part
      at += taken
      rest -= taken
    }
    return value
  }

  /** Fills {@link high} and {@link low} with the lowest `count` bits of 64. */
  read64(count: number): void {
    this.high = count > 32 ? this.bits(count - 32) | 0 : 0
    this.low = this.bits(count > 32 ? 32 : count) | 0
  }

  /** Of 64 bits, which upstream takes for an int64. */
  int64(): number {
    this.read64(64)
    return this.high * TWO_32 + (this.low >>> 0)
  }

  uint64(): number {
    this.read64(64)
    return (this.high >>> 0) * TWO_32 + (this.low >>> 0)
  }

  /** Base-128 with sign in the lowest bit, as Go's `binary.ReadVarint`. */
  varint(): number {
    const value = this.uvarint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  uvarint(): number {
    let value = 0
    for (let shift = 1, count = 0; count < 10; count++, shift *= 128) {
      const byte = this.bits(8)
      value += (byte & 127) * shift
      if (byte < 128) return value
    }
    throw new UpstreamFormatError('varint of more than 10 bytes')
  }

  /** A signed number in one of upstream's nine sizes. */
  varbit(): number {
    const size = SIZES[this.#prefix()]
    if (size === 0) return 0
    if (size === 64) return this.int64()
    if (size > 32) return this.#wideSigned(size)
    const value = this.bits(size)
    return value > 2 ** (size - 1) ? value - 2 ** size : value
  }

  uvarbit(): number {
    const size = SIZES[this.#prefix()]
    if (size === 0) return 0
    return size === 64 ? this.uint64() : this.#wide(size)
  }

  /** By halves: 56 bits are more than a number holds exactly. */
  #wideSigned(size: number): number {
    const high = this.bits(size - 32)
    const low = this.bits(32)
    const half = 2 ** (size - 33)
    const isNegative = high > half || (high === half && low > 0)
    return (isNegative ? high - 2 * half : high) * TWO_32 + low
  }

  #wide(size: number): number {
    return size > 32 ? this.bits(size - 32) * TWO_32 + this.bits(32) : this.bits(size)
  }

  /** How many ones come first, 8 at most. */
  #prefix(): number {
    let ones = 0
    while (ones < 8 && this.bit() === 1) ones++
    return ones
  }
}

/** Bits behind so many ones and, but for the last, a zero. Source: tsdb/chunkenc/varbit.go. */
export const SIZES: readonly number[] = [0, 3, 6, 9, 12, 18, 25, 56, 64]
