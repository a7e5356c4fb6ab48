const SLAB_BYTES = 1 << 20

/** Appended byte strings in slabs of 1 MiB (larger ones get a slab of their own), so that growing copies nothing. */
export class ByteSlabs {
  readonly #slabs: Uint8Array[] = []
  #used = SLAB_BYTES
  sizeBytes = 0

  /** Copies a range and returns the slab it went to; {@link lastOffset} is where it begins there. */
  append(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start
    const current = this.#slabs.at(-1)
    if (current === undefined || this.#used + length > current.length) {
      this.#slabs.push(new Uint8Array(Math.max(length, SLAB_BYTES)))
      this.#used = 0
    }
    const slab = this.#slabs.length - 1
    this.#slabs[slab].set(bytes.subarray(start, end), this.#used)
    this.lastOffset = this.#used
    this.#used += length
    this.sizeBytes += length
    return slab
  }

  lastOffset = 0

  view(slab: number, offset: number, length: number): Uint8Array {
    return this.#slabs[slab].subarray(offset, offset + length)
  }
}
