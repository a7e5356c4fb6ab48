const MAX_BLOCK = 1 << 16
const HASH_BITS = 14
const MIN_MATCH = 4

/** Compresses to the snappy block format, greedily and in blocks of 64 KiB. The result is owned by the caller. */
export function snappyEncode(bytes: Uint8Array): Uint8Array {
  const writer = new SnappyWriter(bytes)
  writer.size(bytes.length)
  for (let start = 0; start < bytes.length; start += MAX_BLOCK) {
    writer.block(start, Math.min(bytes.length, start + MAX_BLOCK))
  }
  return writer.finish()
}

class SnappyWriter {
  readonly #input: Uint8Array
  readonly #view: DataView
  readonly #output: Uint8Array
  readonly #table = new Int32Array(1 << HASH_BITS)
  #length = 0

  constructor(input: Uint8Array) {
    this.#input = input
    this.#view = new DataView(input.buffer, input.byteOffset, input.length)
    // Literals cost at most a sixth more, the format's own bound.
    this.#output = new Uint8Array(32 + input.length + Math.ceil(input.length / 6))
  }

  size(value: number): void {
    let rest = value
    while (rest >= 128) {
      this.#output[this.#length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#output[this.#length++] = rest
  }

  block(start: number, end: number): void {
    this.#table.fill(-1)
    let literal = start
    let at = start
    while (at + MIN_MATCH <= end) {
      const word = this.#view.getInt32(at, true)
      const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - HASH_BITS)
      const candidate = this.#table[slot]
      this.#table[slot] = at
      if (candidate < start || this.#view.getInt32(candidate, true) !== word) {
        at++
        continue
      }
      let length = MIN_MATCH
      while (at + length < end && this.#input[candidate + length] === this.#input[at + length]) length++
      this.#literal(literal, at)
      this.#copy(at - candidate, length)
      at += length
      literal = at
    }
    this.#literal(literal, end)
  }

  finish(): Uint8Array {
    return this.#output.subarray(0, this.#length)
  }

  #literal(start: number, end: number): void {
    if (start === end) return
    const size = end - start - 1
    if (size < 60) this.#output[this.#length++] = size << 2
    else if (size < 256) {
      this.#output[this.#length++] = 60 << 2
      this.#output[this.#length++] = size
    } else {
      this.#output[this.#length++] = 61 << 2
      this.#output[this.#length++] = size & 255
      this.#output[this.#length++] = size >>> 8
    }
    this.#output.set(this.#input.subarray(start, end), this.#length)
    this.#length += end - start
  }

  /** In pieces of 64 bytes at most, with a two-byte offset. */
  #copy(offset: number, length: number): void {
    for (let rest = length; rest > 0;) {
      const piece = Math.min(rest, 64)
      this.#output[this.#length++] = ((piece - 1) << 2) | 2
      this.#output[this.#length++] = offset & 255
      this.#output[this.#length++] = offset >>> 8
      rest -= piece
    }
  }
}
