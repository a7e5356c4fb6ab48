/** Samples of a series that are not sealed yet. */
export const OPEN_SAMPLES = 60
const PAGE_SERIES = 4096
/** Neighbours that share their times while these are equal. */
const GROUP_SERIES = 128
const CYCLES = 2
/** In place of a time: nobody uses the slot, or its series have their own times. */
const UNUSED = Infinity
const OWN = NaN

/**
 * The newest samples of every series. Slot `n` of all series of a page lies together, so that a scrape writes memory in order and
 * pages are touched as they fill. Series that are numbered together are mostly scraped together: a group has one time per slot, and
 * offsets from each series' first time only for slots in which times differ.
 *
 * While one series of a group has begun its next chunk, others still use the times of the one before. Each series therefore alternates
 * between two sets of times.
 */
export class OpenChunks {
  #capacity = 0
  #counts = new Uint8Array(1024)
  #cycles = new Uint8Array(1024)
  #baseMs = new Float64Array(1024)
  /** By group, cycle and slot. */
  #times = new Float64Array((1024 / GROUP_SERIES) * CYCLES * OPEN_SAMPLES).fill(UNUSED)
  readonly #offsets = new Map<number, Uint32Array>()
  readonly #pages: Uint32Array[] = []

  get sizeBytes(): number {
    const columns = 10 * this.#counts.length + 8 * this.#times.length
    const offsets = this.#offsets.size * (4 * GROUP_SERIES + 150)
    return columns + offsets + this.#pages.length * PAGE_SERIES * OPEN_SAMPLES * 8
  }

  /** Makes room for series with numbers below `count`. */
  reserve(count: number): void {
    if (count > this.#counts.length) this.#growColumns(count)
    for (; this.#capacity < count; this.#capacity += PAGE_SERIES) {
      this.#pages.push(new Uint32Array(2 * PAGE_SERIES * OPEN_SAMPLES))
    }
  }

  count(series: number): number {
    return this.#counts[series]
  }

  /** Time of the oldest sample; meaningless without samples. */
  baseMs(series: number): number {
    return this.#baseMs[series]
  }

  /** Whether a sample at `timeMs` must go into a new chunk. */
  isFull(series: number, timeMs: number): boolean {
    const count = this.#counts[series]
    return count === OPEN_SAMPLES || (count > 0 && timeMs - this.#baseMs[series] > 0xffffffff)
  }

  /** @pre not {@link isFull}, and later than all that is there */
  append(series: number, timeMs: number, lowBits: number, highBits: number): void {
    const slot = this.#counts[series]
    if (slot === 0) this.#baseMs[series] = timeMs
    const key = this.#key(series, slot)
    if (this.#times[key] !== timeMs) this.#putTime(key, series, slot, timeMs)
    const page = this.#pages[(series / PAGE_SERIES) | 0]
    const at = 2 * (slot * PAGE_SERIES + (series % PAGE_SERIES))
    page[at] = lowBits
    page[at + 1] = highBits
    this.#counts[series] = slot + 1
  }

  /** Whether these are the two halves of the newest value. */
  endsWith(series: number, lowBits: number, highBits: number): boolean {
    const page = this.#pages[(series / PAGE_SERIES) | 0]
    const at = 2 * ((this.#counts[series] - 1) * PAGE_SERIES + (series % PAGE_SERIES))
    return page[at] === lowBits && page[at + 1] === highBits
  }

  /** Copies the samples to `at` of the columns and returns how many there are. */
  read(series: number, timesMs: Float64Array, bits: Uint32Array, at: number): number {
    const count = this.#counts[series]
    const page = this.#pages[(series / PAGE_SERIES) | 0]
    const baseMs = this.#baseMs[series]
    const first = this.#key(series, 0)
    let from = 2 * (series % PAGE_SERIES)
    for (let slot = 0; slot < count; slot++, from += 2 * PAGE_SERIES) {
      const timeMs = this.#times[first + slot]
      timesMs[at + slot] = timeMs === timeMs ? timeMs : baseMs + this.#offsets.get(first + slot)![series % GROUP_SERIES]
      bits[2 * (at + slot)] = page[from]
      bits[2 * (at + slot) + 1] = page[from + 1]
    }
    return count
  }

  /** Forgets the samples of a series; the next one begins a new chunk. */
  clear(series: number): void {
    this.#counts[series] = 0
    this.#cycles[series] ^= 1
  }

  #key(series: number, slot: number): number {
    return (((series / GROUP_SERIES) | 0) * CYCLES + this.#cycles[series]) * OPEN_SAMPLES + slot
  }

  /** The slot's time is not this one: it is free, or from now on every series in it has its own. */
  #putTime(key: number, series: number, slot: number, timeMs: number): void {
    const groupMs = this.#times[key]
    let offsets = this.#offsets.get(key)
    if (offsets === undefined || slot === 0) {
      if (!this.#isUsed(series, slot)) {
        if (slot === 0) this.#forgetTimes(key)
        this.#times[key] = timeMs
        return
      }
      if (offsets === undefined) {
        offsets = this.#spread(series, groupMs)
        this.#offsets.set(key, offsets)
        this.#times[key] = OWN
      }
    }
    offsets[series % GROUP_SERIES] = timeMs - this.#baseMs[series]
  }

  /** Whether another series of the group has a sample in the slot. */
  #isUsed(series: number, slot: number): boolean {
    const cycle = this.#cycles[series]
    const first = series - (series % GROUP_SERIES)
    for (let other = first; other < first + GROUP_SERIES; other++) {
      if (this.#counts[other] > slot && this.#cycles[other] === cycle && other !== series) return true
    }
    return false
  }

  /** Nobody has begun a chunk of this cycle, so that all slots behind the first are free, too. */
  #forgetTimes(firstKey: number): void {
    for (let key = firstKey; key < firstKey + OPEN_SAMPLES; key++) {
      if (this.#times[key] !== this.#times[key]) this.#offsets.delete(key)
      this.#times[key] = UNUSED
    }
  }

  #spread(series: number, groupMs: number): Uint32Array {
    const offsets = new Uint32Array(GROUP_SERIES)
    const first = series - (series % GROUP_SERIES)
    for (let index = 0; index < GROUP_SERIES; index++) offsets[index] = groupMs - this.#baseMs[first + index]
    return offsets
  }

  #growColumns(count: number): void {
    const size = Math.ceil(Math.max(count, 2 * this.#counts.length) / GROUP_SERIES) * GROUP_SERIES
    this.#counts = copyInto(new Uint8Array(size), this.#counts)
    this.#cycles = copyInto(new Uint8Array(size), this.#cycles)
    this.#baseMs = copyInto(new Float64Array(size), this.#baseMs)
    const times = new Float64Array((size / GROUP_SERIES) * CYCLES * OPEN_SAMPLES).fill(UNUSED)
    this.#times = copyInto(times, this.#times)
  }
}

function copyInto<T extends { set(source: T): void }>(target: T, source: T): T {
  target.set(source)
  return target
}
