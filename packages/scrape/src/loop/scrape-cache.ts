import type { SeriesRef } from '@quartet/model'

import { latin1 } from '../exposition/float.ts'

const GONE = -1
const NEVER = -1
/** The ref of an entry whose series a relabelling rule drops. */
export const DROPPED = 0xffffffff

/**
 * Remembers what each metric text of one target became, so that a scrape which repeats the last one makes no strings:
 * the text that followed an entry last time is compared with the bytes that follow now. Texts lie in one arena.
 */
export class ScrapeCache {
  #arena = new Uint8Array(4096)
  #arenaSize = 0
  #starts = new Int32Array(64)
  #ends = new Int32Array(64)
  #refs = new Uint32Array(64)
  #following = new Int32Array(64)
  /** Number of the scrape in which the entry was last seen. */
  #seen = new Float64Array(64)
  /** Number of the scrape that last gave it a sample which a stale marker must follow when the series goes away. */
  #marked = new Float64Array(64)
  /** The same, of scrapes that succeeded. */
  #stored = new Float64Array(64)
  #byText = new Map<string, number>()
  #count = 0
  #scrape = 0
  #lastStored = NEVER
  #last = GONE
  #first = GONE

  get arena(): Uint8Array {
    return this.#arena
  }

  get size(): number {
    return this.#count
  }

  /** Starts the next scrape. */
  begin(): void {
    this.#scrape++
    this.#last = GONE
  }

  /** The entry that followed the last one in an earlier scrape, or -1. */
  predicted(): number {
    return this.#last === GONE ? this.#first : this.#following[this.#last]
  }

  start(entry: number): number {
    return this.#starts[entry]
  }

  end(entry: number): number {
    return this.#ends[entry]
  }

  ref(entry: number): SeriesRef {
    return this.#refs[entry] as SeriesRef
  }

  find(bytes: Uint8Array, start: number, end: number): number {
    return this.#byText.get(latin1(bytes, start, end)) ?? GONE
  }

  add(bytes: Uint8Array, range: { start: number; end: number }, ref: number): number {
    const entry = this.#count++
    if (entry === this.#starts.length) this.#grow()
    const { start, end } = range
    const length = end - start
    if (this.#arenaSize + length > this.#arena.length) {
      const arena = new Uint8Array(Math.max(this.#arena.length * 2, this.#arenaSize + length))
      arena.set(this.#arena)
      this.#arena = arena
    }
    this.#arena.set(bytes.subarray(start, end), this.#arenaSize)
    this.#starts[entry] = this.#arenaSize
    this.#ends[entry] = this.#arenaSize += length
    this.#refs[entry] = ref
    this.#following[entry] = GONE
    this.#byText.set(latin1(bytes, start, end), entry)
    return entry
  }

  /** Notes that `entry` came now; `stored` says whether its sample needs a stale marker when it goes away. */
  mark(entry: number, stored: boolean): void {
    if (this.#last === GONE) this.#first = entry
    else this.#following[this.#last] = entry
    this.#last = entry
    this.#seen[entry] = this.#scrape
    if (stored) this.#marked[entry] = this.#scrape
  }

  /**
   * Ends the scrape and yields the refs that had a sample before and have none now: those need a stale marker.
   * @param succeeded false when the scrape failed: then nothing that it marked counts, and everything ends
   */
  *finish(succeeded: boolean): Generator<SeriesRef> {
    const before = this.#lastStored
    this.#lastStored = succeeded ? this.#scrape : NEVER
    for (let entry = 0; entry < this.#count; entry++) {
      const isAlive = succeeded && this.#marked[entry] === this.#scrape
      const wasAlive = this.#stored[entry] === before
      if (isAlive) this.#stored[entry] = this.#scrape
      else if (wasAlive && before !== NEVER && this.#refs[entry] !== DROPPED) yield this.ref(entry)
    }
  }

  /** Refs with a sample in the last scrape, provided that it succeeded. */
  *alive(): Generator<SeriesRef> {
    if (this.#lastStored === NEVER) return
    for (let entry = 0; entry < this.#count; entry++) {
      if (this.#stored[entry] === this.#lastStored && this.#refs[entry] !== DROPPED) yield this.ref(entry)
    }
  }

  /** Drops what was not seen in the last scrape, once that is most of the cache. */
  compact(): ScrapeCache {
    let live = 0
    for (let entry = 0; entry < this.#count; entry++) if (this.#seen[entry] === this.#scrape) live++
    if (this.#count < 1000 || live * 2 > this.#count) return this
    const fresh = new ScrapeCache()
    fresh.#scrape = this.#scrape
    fresh.#lastStored = this.#lastStored
    for (let entry = 0; entry < this.#count; entry++) {
      if (this.#seen[entry] !== this.#scrape) continue
      const copy = fresh.add(this.#arena, { start: this.#starts[entry], end: this.#ends[entry] }, this.#refs[entry])
      fresh.mark(copy, false)
      fresh.#stored[copy] = this.#stored[entry]
    }
    return fresh
  }

  #grow(): void {
    const size = this.#starts.length * 2
    this.#starts = copyInto(new Int32Array(size), this.#starts)
    this.#ends = copyInto(new Int32Array(size), this.#ends)
    this.#refs = copyInto(new Uint32Array(size), this.#refs)
    this.#following = copyInto(new Int32Array(size), this.#following)
    this.#seen = copyInto(new Float64Array(size), this.#seen)
    this.#marked = copyInto(new Float64Array(size), this.#marked)
    this.#stored = copyInto(new Float64Array(size), this.#stored)
  }
}

function copyInto<T extends Int32Array | Uint32Array | Float64Array>(target: T, source: T): T {
  target.set(source)
  return target
}
