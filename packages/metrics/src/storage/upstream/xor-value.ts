import type { BitReader } from './bit-reader.ts'
import type { BitWriter } from './bit-writer.ts'

const NO_WINDOW = 255

/** One running value of upstream's XOR encoding (Gorilla, VLDB 2015, §4.1.2): bits of the last one and the window of those that changed. */
export class XorValue {
  high = 0
  low = 0
  #leading = NO_WINDOW
  #trailing = 0

  /** Starts over with a value. */
  set(high: number, low: number): this {
    this.high = high
    this.low = low
    this.#leading = NO_WINDOW
    this.#trailing = 0
    return this
  }

  /** Sets {@link high} and {@link low} to the next value. */
  read(bits: BitReader): void {
    if (bits.bit() === 0) return
    if (bits.bit() === 1) {
      this.#leading = bits.bits(5)
      const significant = bits.bits(6)
      // 64 does not fit into 6 bits and is written as 0.
      this.#trailing = 64 - this.#leading - (significant === 0 ? 64 : significant)
      // Damage only: a window beyond the value.
      if (this.#trailing < 0) this.#trailing = 0
    }
    const trailing = this.#trailing
    const window = this.#leading === NO_WINDOW ? 64 : this.#leading
    bits.read64(64 - window - trailing)
    const { high, low } = bits
    if (trailing === 0) {
      this.high ^= high
      this.low ^= low
    } else if (trailing < 32) {
      this.high ^= (high << trailing) | (low >>> (32 - trailing))
      this.low ^= low << trailing
    } else this.high ^= low << (trailing - 32)
  }

  write(bits: BitWriter, nextHigh: number, nextLow: number): void {
    const high = this.high ^ nextHigh
    const low = this.low ^ nextLow
    this.high = nextHigh
    this.low = nextLow
    if (high === 0 && low === 0) {
      bits.bits(0, 1)
      return
    }
    let leading = high === 0 ? 32 + Math.clz32(low) : Math.clz32(high)
    if (leading > 31) leading = 31
    const trailing = low === 0 ? 32 + trailingZeros(high) : trailingZeros(low)
    if (this.#leading !== NO_WINDOW && leading >= this.#leading && trailing >= this.#trailing) bits.bits(2, 2)
    else {
      this.#leading = leading
      this.#trailing = trailing
      bits.bits(3, 2).bits(leading, 5)
      bits.bits(64 - leading - trailing, 6)
    }
    const shift = this.#trailing
    const size = 64 - this.#leading - shift
    if (shift === 0) bits.bits64(high, low, size)
    else if (shift < 32) bits.bits64(high >>> shift, (low >>> shift) | (high << (32 - shift)), size)
    else bits.bits64(0, high >>> (shift - 32), size)
  }
}

function trailingZeros(value: number): number {
  return 31 - Math.clz32(value & -value)
}
