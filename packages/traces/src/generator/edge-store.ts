import { grownBytes, grownDoubles, grownInts, grownWords } from '../storage/grow.ts'

const NONE = -1
const TRACE_WORDS = 4
const KEY_WORDS = 6
/** Bytes of the longest key: a trace id and a span id. */
const TRACE_BYTES = 16
const SPAN_BYTES = 8

/** Returned by {@link EdgeStore.upsert} when there is no room. */
export const NO_EDGE = -1

/**
 * Requests of which one side has been seen: a table from trace id and span id to one row of typed columns, first in first out.
 * Every edge waits equally long, so the oldest is always the first to expire.
 */
export class EdgeStore {
  count = 0
  readonly #maxItems: number
  readonly #dimensions: number
  #capacity = 64
  #slots = new Int32Array(256).fill(NONE)
  #keys = new Uint32Array(KEY_WORDS * 64)
  #next = new Int32Array(64)
  #previous = new Int32Array(64)
  #expiresMs = new Float64Array(64)
  #oldest = NONE
  #newest = NONE
  #free = NONE
  /** Rows ever used. */
  #used = 0
  readonly #key = new Uint32Array(KEY_WORDS)
  readonly #keyBytes = new Uint8Array(this.#key.buffer)

  // Columns, to be read and written at the row that `upsert` gives. Texts are numbers of the pool, 0 for none.
  client = new Uint32Array(64)
  server = new Uint32Array(64)
  peer = new Uint32Array(64)
  /** Index into the connection types of service-graphs.ts. */
  connection = new Uint8Array(64)
  isFailed = new Uint8Array(64)
  clientSeconds = new Float64Array(64)
  serverSeconds = new Float64Array(64)
  multiplier = new Float64Array(64)
  /** Halves of nanoseconds. */
  clientEnd = new Uint32Array(128)
  serverStart = new Uint32Array(128)
  dimensions: Uint32Array<ArrayBuffer>
  /** Ids of all edges; replaced when the store grows. */
  idBytes = new Uint8Array(this.#keys.buffer)
  /** Whether the last {@link upsert} made the edge. */
  isNew = false

  constructor(maxItems: number, dimensions: number) {
    this.#maxItems = maxItems
    this.#dimensions = dimensions
    this.dimensions = new Uint32Array(64 * dimensions)
  }

  /**
   * The edge of this trace and span, made when it is new. An empty span id stands for the caller of a root span.
   * @returns {@link NO_EDGE} when `max_items` edges wait already
   */
  upsert(
    bytes: Uint8Array,
    ids: { traceStart: number; traceEnd: number; spanStart: number; spanEnd: number },
    expiresMs: number,
  ): number {
    this.#setKey(bytes, ids)
    const slot = this.#slotOf(this.#key, 0)
    const known = this.#slots[slot]
    this.isNew = known === NONE
    if (!this.isNew) return known
    if (this.count >= this.#maxItems) return NO_EDGE
    return this.#add(slot, expiresMs)
  }

  /** Whether the edge was made for a span without a parent. */
  isRoot(row: number): boolean {
    return this.#keys[row * KEY_WORDS + TRACE_WORDS] === 0 && this.#keys[row * KEY_WORDS + TRACE_WORDS + 1] === 0
  }

  /** Where in {@link idBytes} the edge's trace id begins; it has 16 bytes. */
  traceIdStart(row: number): number {
    return row * KEY_WORDS * 4
  }

  /** The oldest edge if it has waited long enough, else {@link NO_EDGE}. */
  expired(nowMs: number): number {
    return this.#oldest !== NONE && this.#expiresMs[this.#oldest] <= nowMs ? this.#oldest : NO_EDGE
  }

  remove(row: number): void {
    this.#unindex(this.#slotOf(this.#keys, row * KEY_WORDS))
    const [previous, next] = [this.#previous[row], this.#next[row]]
    if (previous === NONE) this.#oldest = next
    else this.#next[previous] = next
    if (next === NONE) this.#newest = previous
    else this.#previous[next] = previous
    this.#next[row] = this.#free
    this.#free = row
    this.count--
  }

  moveTexts(move: (id: number) => number): void {
    for (let row = this.#oldest; row !== NONE; row = this.#next[row]) {
      this.client[row] = move(this.client[row])
      this.server[row] = move(this.server[row])
      this.peer[row] = move(this.peer[row])
      const end = (row + 1) * this.#dimensions
      for (let at = row * this.#dimensions; at < end; at++) this.dimensions[at] = move(this.dimensions[at])
    }
  }

  #setKey(
    bytes: Uint8Array,
    {
      spanEnd,
      spanStart,
      traceEnd,
      traceStart,
    }: { traceStart: number; traceEnd: number; spanStart: number; spanEnd: number },
  ): void {
    this.#keyBytes.fill(0)
    const traceSize = Math.min(TRACE_BYTES, traceEnd - traceStart)
    for (let index = 0; index < traceSize; index++) this.#keyBytes[index] = bytes[traceStart + index]
    const spanSize = Math.min(SPAN_BYTES, spanEnd - spanStart)
    for (let index = 0; index < spanSize; index++) this.#keyBytes[TRACE_BYTES + index] = bytes[spanStart + index]
  }

  #add(slot: number, expiresMs: number): number {
    let row = this.#free
    if (row === NONE) {
      if (this.#used === this.#capacity) this.#grow()
      row = this.#used++
    } else this.#free = this.#next[row]
    this.#keys.set(this.#key, row * KEY_WORDS)
    this.#expiresMs[row] = expiresMs
    this.#previous[row] = this.#newest
    this.#next[row] = NONE
    if (this.#newest === NONE) this.#oldest = row
    else this.#next[this.#newest] = row
    this.#newest = row
    this.client[row] = this.server[row] = this.peer[row] = 0
    this.connection[row] = this.isFailed[row] = 0
    this.clientSeconds[row] = this.serverSeconds[row] = 0
    this.multiplier[row] = 1
    this.dimensions.fill(0, row * this.#dimensions, (row + 1) * this.#dimensions)
    this.#slots[slot] = row
    this.count++
    if (this.count * 2 > this.#slots.length) this.#rehash()
    return row
  }

  /** The slot that holds the key, or the free one where it belongs. */
  #slotOf(words: Uint32Array, at: number): number {
    const mask = this.#slots.length - 1
    let slot = hashOf(words, at) & mask
    for (let row = this.#slots[slot]; row !== NONE; row = this.#slots[slot]) {
      if (isEqual(this.#keys, row * KEY_WORDS, words, at)) return slot
      slot = (slot + 1) & mask
    }
    return slot
  }

  /** Empties a slot and moves up what was pushed behind it, so that no lookup ends early. */
  #unindex(emptied: number): void {
    const mask = this.#slots.length - 1
    let hole = emptied
    for (let slot = (hole + 1) & mask; this.#slots[slot] !== NONE; slot = (slot + 1) & mask) {
      const home = hashOf(this.#keys, this.#slots[slot] * KEY_WORDS) & mask
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      this.#slots[hole] = this.#slots[slot]
      hole = slot
    }
    this.#slots[hole] = NONE
  }

  #rehash(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(NONE)
    for (let row = this.#oldest; row !== NONE; row = this.#next[row]) {
      this.#slots[this.#slotOf(this.#keys, row * KEY_WORDS)] = row
    }
  }

  #grow(): void {
    const size = this.#capacity * 2
    this.#keys = grownWords(this.#keys, size * KEY_WORDS)
    this.idBytes = new Uint8Array(this.#keys.buffer)
    this.#next = grownInts(this.#next, size)
    this.#previous = grownInts(this.#previous, size)
    this.#expiresMs = grownDoubles(this.#expiresMs, size)
    this.client = grownWords(this.client, size)
    this.server = grownWords(this.server, size)
    this.peer = grownWords(this.peer, size)
    this.connection = grownBytes(this.connection, size)
    this.isFailed = grownBytes(this.isFailed, size)
    this.clientSeconds = grownDoubles(this.clientSeconds, size)
    this.serverSeconds = grownDoubles(this.serverSeconds, size)
    this.multiplier = grownDoubles(this.multiplier, size)
    this.clientEnd = grownWords(this.clientEnd, size * 2)
    this.serverStart = grownWords(this.serverStart, size * 2)
    this.dimensions = grownWords(this.dimensions, size * this.#dimensions)
    this.#capacity = size
  }
}

function hashOf(words: Uint32Array, at: number): number {
  // Ids are random, so little mixing is needed; those of badly made ones still spread.
  let hash = 0x9e3779b9
  for (let index = at; index < at + KEY_WORDS; index++) hash = Math.imul(hash ^ words[index], 0x85ebca6b)
  hash ^= hash >>> 16
  return Math.imul(hash, 0xc2b2ae35) >>> 0
}

function isEqual(a: Uint32Array, atA: number, b: Uint32Array, atB: number): boolean {
  for (let index = 0; index < KEY_WORDS; index++) if (a[atA + index] !== b[atB + index]) return false
  return true
}
