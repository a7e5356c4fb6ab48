import { decodeUtf8 } from '@quartet/model'
import type { Dictionary } from '@quartet/model'

const EMPTY = -1

/**
 * Numbers byte strings by content without making a JavaScript string of a known one: FNV-1a over the bytes, open addressing,
 * contents in one growing arena.
 */
export class ByteInterner implements Dictionary {
  #slots = new Int32Array(256).fill(EMPTY)
  #hashes = new Int32Array(128)
  #starts = new Uint32Array(129)
  #arena = new Uint8Array(4096)
  readonly #texts: (string | undefined)[] = []
  size = 0

  /** Bytes of contents held. */
  get arenaBytes(): number {
    return this.#starts[this.size]
  }

  intern(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end)
    const mask = this.#slots.length - 1
    let slot = hash & mask
    for (let id = this.#slots[slot]; id !== EMPTY; id = this.#slots[slot]) {
      if (this.#hashes[id] === hash && this.#isEqual(id, bytes, start, end)) return id
      slot = (slot + 1) & mask
    }
    return this.#add(bytes, start, end, hash, slot)
  }

  /** The number of a content that is known, or -1. */
  find(bytes: Uint8Array): number {
    const hash = hashOf(bytes, 0, bytes.length)
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot]
      if (id === EMPTY) return -1
      if (this.#hashes[id] === hash && this.#isEqual(id, bytes, 0, bytes.length)) return id
    }
  }

  text(id: number): string {
    return (this.#texts[id] ??= decodeUtf8(this.#arena, this.#starts[id], this.#starts[id + 1]))
  }

  bytes(id: number): Uint8Array {
    return this.#arena.subarray(this.#starts[id], this.#starts[id + 1])
  }

  #isEqual(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    let at = this.#starts[id]
    if (this.#starts[id + 1] - at !== end - start) return false
    const arena = this.#arena
    for (let index = start; index < end; index++, at++) if (bytes[index] !== arena[at]) return false
    return true
  }

  #add(bytes: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    const id = this.size++
    if (this.size >= this.#hashes.length) this.#growTable()
    const at = this.#starts[id]
    const length = end - start
    if (at + length > this.#arena.length) this.#growArena(at + length)
    this.#arena.set(bytes.subarray(start, end), at)
    this.#starts[id + 1] = at + length
    this.#hashes[id] = hash
    this.#slots[slot] = id
    if (this.size * 2 > this.#slots.length) this.#rehash()
    return id
  }

  #growTable(): void {
    const size = this.#hashes.length * 2
    const hashes = new Int32Array(size)
    hashes.set(this.#hashes)
    this.#hashes = hashes
    const starts = new Uint32Array(size + 1)
    starts.set(this.#starts)
    this.#starts = starts
  }

  #growArena(needed: number): void {
    const arena = new Uint8Array(Math.max(needed, this.#arena.length * 2))
    arena.set(this.#arena)
    this.#arena = arena
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(EMPTY)
    const mask = slots.length - 1
    for (let id = 0; id < this.size; id++) {
      let slot = this.#hashes[id] & mask
      while (slots[slot] !== EMPTY) slot = (slot + 1) & mask
      slots[slot] = id
    }
    this.#slots = slots
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 ^ (end - start)
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ bytes[index], 0x01000193)
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}
