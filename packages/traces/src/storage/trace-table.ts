import { grownBigs, grownInts, grownWords } from './grow.ts'

const ID_BYTES = 16

/** The traces of a head: 16-byte ids to consecutive numbers, with what is known of each trace as a whole. */
export class TraceTable {
  count = 0
  ids = new Uint8Array(64 * ID_BYTES)
  startNs = new BigUint64Array(64)
  endNs = new BigUint64Array(64)
  /** The same memory, as low and high halves. */
  #startWords = new Uint32Array(this.startNs.buffer)
  #endWords = new Uint32Array(this.endNs.buffer)
  rootRow = new Int32Array(64)
  lastRow = new Int32Array(64)
  sizeBytes = new Uint32Array(64)
  #slots = new Int32Array(128).fill(-1)

  /** The trace's number, or -1. */
  find(bytes: Uint8Array, at: number): number {
    const mask = this.#slots.length - 1
    for (let slot = hashOf(bytes, at) & mask; ; slot = (slot + 1) & mask) {
      const trace = this.#slots[slot]
      if (trace < 0 || this.#isEqual(trace, bytes, at)) return trace
    }
  }

  resolve(bytes: Uint8Array, at: number): number {
    const mask = this.#slots.length - 1
    let slot = hashOf(bytes, at) & mask
    for (let trace = this.#slots[slot]; trace >= 0; trace = this.#slots[slot]) {
      if (this.#isEqual(trace, bytes, at)) return trace
      slot = (slot + 1) & mask
    }
    const trace = this.count++
    if (trace === this.startNs.length) this.#grow()
    for (let index = 0; index < ID_BYTES; index++) this.ids[trace * ID_BYTES + index] = bytes[at + index]
    this.rootRow[trace] = this.lastRow[trace] = -1
    this.#slots[slot] = trace
    if (this.count * 2 > this.#slots.length) this.#rehash()
    return trace
  }

  /** Takes a span's time into the trace's. */
  widen(trace: number, startLow: number, startHigh: number, endLow: number, endHigh: number): void {
    const at = 2 * trace
    const isNew = this.lastRow[trace] < 0
    const starts = this.#startWords
    const ends = this.#endWords
    if (isNew || isBelow(startLow, startHigh, starts[at], starts[at + 1])) {
      starts[at] = startLow
      starts[at + 1] = startHigh
    }
    if (isNew || isBelow(ends[at], ends[at + 1], endLow, endHigh)) {
      ends[at] = endLow
      ends[at + 1] = endHigh
    }
  }

  id(trace: number): Uint8Array {
    return this.ids.subarray(trace * ID_BYTES, trace * ID_BYTES + ID_BYTES)
  }

  #isEqual(trace: number, bytes: Uint8Array, at: number): boolean {
    const { ids } = this
    for (let index = 0, own = trace * ID_BYTES; index < ID_BYTES; index++, own++) {
      if (ids[own] !== bytes[at + index]) return false
    }
    return true
  }

  #grow(): void {
    const size = this.startNs.length * 2
    const ids = new Uint8Array(size * ID_BYTES)
    ids.set(this.ids)
    this.ids = ids
    this.startNs = grownBigs(this.startNs, size)
    this.endNs = grownBigs(this.endNs, size)
    this.#startWords = new Uint32Array(this.startNs.buffer)
    this.#endWords = new Uint32Array(this.endNs.buffer)
    this.rootRow = grownInts(this.rootRow, size)
    this.lastRow = grownInts(this.lastRow, size)
    this.sizeBytes = grownWords(this.sizeBytes, size)
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1)
    const mask = slots.length - 1
    for (let trace = 0; trace < this.count; trace++) {
      let slot = hashOf(this.ids, trace * ID_BYTES) & mask
      while (slots[slot] >= 0) slot = (slot + 1) & mask
      slots[slot] = trace
    }
    this.#slots = slots
  }
}

/** Compares two 64-bit times by their halves. */
export function isBelow(low: number, high: number, otherLow: number, otherHigh: number): boolean {
  return high < otherHigh || (high === otherHigh && low < otherLow)
}

/** All 16 bytes take part: some senders fill only the last eight, others count upwards. */
function hashOf(bytes: Uint8Array, at: number): number {
  let hash = 0x811c9dc5
  for (let index = at; index < at + ID_BYTES; index++) hash = Math.imul(hash ^ bytes[index], 0x01000193)
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}
