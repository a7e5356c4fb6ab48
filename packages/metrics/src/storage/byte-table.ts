/** Interned byte strings in one arena, with a hash table over them. Ids count from 0 in the order of interning. */
export class ByteTable {
  bytes: Uint8Array<ArrayBuffer>
  count = 0
  #view: DataView
  #used = 0
  #starts: Uint32Array<ArrayBuffer>
  #lengths: Uint32Array<ArrayBuffer>
  #hashes: Int32Array<ArrayBuffer>
  /** id + 1 by slot; 0 is empty. */
  #slots: Uint32Array<ArrayBuffer>

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity * 64)
    this.#view = new DataView(this.bytes.buffer)
    this.#starts = new Uint32Array(capacity)
    this.#lengths = new Uint32Array(capacity)
    this.#hashes = new Int32Array(capacity)
    this.#slots = new Uint32Array(2 * capacity)
  }

  get sizeBytes(): number {
    return this.bytes.length + 12 * this.#starts.length + 4 * this.#slots.length
  }

  start(id: number): number {
    return this.#starts[id]
  }

  end(id: number): number {
    return this.#starts[id] + this.#lengths[id]
  }

  /** The id of `source[start, end)`, or -1. */
  find(source: Uint8Array, start: number, end: number, view: DataView = viewOf(source)): number {
    return this.#lookup(hashBytes(view, start, end), view, start, end)
  }

  /** The id of `source[start, end)`, which is copied when it is new. */
  intern(source: Uint8Array, start: number, end: number, view: DataView = viewOf(source)): number {
    const hash = hashBytes(view, start, end)
    const found = this.#lookup(hash, view, start, end)
    if (found >= 0) return found
    const id = this.count
    if (id === this.#starts.length) this.#grow()
    this.#copy(source, start, end)
    this.#starts[id] = this.#used - (end - start)
    this.#lengths[id] = end - start
    this.#hashes[id] = hash
    this.#slots[this.#freeSlot(hash)] = id + 1
    this.count = id + 1
    return id
  }

  /** Whether `id` is equal to [start, end) of the buffer under `view`. */
  equals(id: number, view: DataView, start: number, end: number): boolean {
    if (this.#lengths[id] !== end - start) return false
    const own = this.#view
    let at = this.#starts[id]
    let from = start
    // Four words at a time: this runs for every series of every request.
    for (; from + 16 <= end; from += 16, at += 16) {
      const difference =
        (view.getInt32(from, true) ^ own.getInt32(at, true)) |
        (view.getInt32(from + 4, true) ^ own.getInt32(at + 4, true)) |
        (view.getInt32(from + 8, true) ^ own.getInt32(at + 8, true)) |
        (view.getInt32(from + 12, true) ^ own.getInt32(at + 12, true))
      if (difference !== 0) return false
    }
    for (; from + 4 <= end; from += 4, at += 4) {
      if (view.getInt32(from, true) !== own.getInt32(at, true)) return false
    }
    for (; from < end; from++, at++) if (view.getUint8(from) !== this.bytes[at]) return false
    return true
  }

  #lookup(hash: number, view: DataView, start: number, end: number): number {
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot] - 1
      if (id < 0) return -1
      if (this.#hashes[id] === hash && this.equals(id, view, start, end)) return id
    }
  }

  #freeSlot(hash: number): number {
    const mask = this.#slots.length - 1
    let slot = hash & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    return slot
  }

  #copy(source: Uint8Array, start: number, end: number): void {
    const needed = this.#used + end - start
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2))
      grown.set(this.bytes.subarray(0, this.#used))
      this.bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    this.bytes.set(source.subarray(start, end), this.#used)
    this.#used = needed
  }

  #grow(): void {
    const size = 2 * this.#starts.length
    this.#starts = copyInto(new Uint32Array(size), this.#starts)
    this.#lengths = copyInto(new Uint32Array(size), this.#lengths)
    this.#hashes = copyInto(new Int32Array(size), this.#hashes)
    this.#slots = new Uint32Array(2 * size)
    for (let id = 0; id < this.count; id++) this.#slots[this.#freeSlot(this.#hashes[id])] = id + 1
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Two multiply-xor lanes over 8 bytes at a time, then a finaliser; only for tables in memory. */
function hashBytes(view: DataView, start: number, end: number): number {
  let left = 0x9747b28c | 0
  let right = 0x85ebca6b | 0
  let at = start
  for (; at + 8 <= end; at += 8) {
    left = Math.imul(left ^ view.getInt32(at, true), 0x9e3779b1)
    right = Math.imul(right ^ view.getInt32(at + 4, true), 0x85ebca77)
    left ^= left >>> 15
    right ^= right >>> 13
  }
  for (; at < end; at++) left = Math.imul(left ^ view.getUint8(at), 0x01000193)
  left ^= right ^ (right >>> 16)
  left = Math.imul(left ^ (left >>> 16), 0x7feb352d)
  return left ^ (left >>> 15)
}

function copyInto<T extends { set(source: T): void }>(target: T, source: T): T {
  target.set(source)
  return target
}
