/**
 * Sorted sets of ids as `Uint32Array`s: ascending, each id once. Results are owned by the caller, except that a result that
 * equals an input may be that input.
 */
export type Postings = Uint32Array<ArrayBufferLike>

export const NO_POSTINGS: Postings = new Uint32Array(0)

/** How much longer one list must be before searching in it beats walking through it. */
const GALLOP_RATIO = 32

/** Ids in both. */
export function intersect(a: Postings, b: Postings): Postings {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a]
  if (short.length === 0) return NO_POSTINGS
  const result = new Uint32Array(short.length)
  const gallop = long.length > short.length * GALLOP_RATIO
  let count = 0
  let at = 0
  for (let index = 0; index < short.length; index++) {
    const id = short[index]
    if (gallop) at = firstAtLeast(long, id, at)
    else while (at < long.length && long[at] < id) at++
    if (at === long.length) break
    if (long[at] === id) result[count++] = id
  }
  return result.subarray(0, count)
}

/** Ids in all lists; the shortest lists are taken first. */
export function intersectAll(lists: readonly Postings[]): Postings {
  if (lists.length === 0) return NO_POSTINGS
  return lists.toSorted((a, b) => a.length - b.length).reduce(intersect)
}

/** Ids in any of the lists. */
export function union(lists: readonly Postings[]): Postings {
  const filled = lists.filter((list) => list.length > 0)
  if (filled.length === 0) return NO_POSTINGS
  // Pairwise in rounds: every id is copied log2(lists) times, whatever the lengths.
  let round = filled
  while (round.length > 1) {
    const next: Postings[] = []
    for (let index = 0; index + 1 < round.length; index += 2) next.push(mergeTwo(round[index], round[index + 1]))
    if (round.length % 2 === 1) next.push(round[round.length - 1])
    round = next
  }
  return round[0]
}

/** Ids in `a` and not in `b`. */
export function subtract(a: Postings, b: Postings): Postings {
  if (a.length === 0 || b.length === 0) return a
  const result = new Uint32Array(a.length)
  const gallop = b.length > a.length * GALLOP_RATIO
  let count = 0
  let at = 0
  for (let index = 0; index < a.length; index++) {
    const id = a[index]
    if (gallop) at = firstAtLeast(b, id, at)
    else while (at < b.length && b[at] < id) at++
    if (at === b.length || b[at] !== id) result[count++] = id
  }
  return result.subarray(0, count)
}

/** Index of the first entry that is at least `id`, looking from `from` in growing steps. */
export function firstAtLeast(list: Postings, id: number, from = 0): number {
  let step = 1
  let low = from
  let high = from
  while (high < list.length && list[high] < id) {
    low = high + 1
    high += step
    step *= 2
  }
  high = Math.min(high, list.length)
  while (low < high) {
    const middle = (low + high) >>> 1
    if (list[middle] < id) low = middle + 1
    else high = middle
  }
  return low
}

function mergeTwo(a: Postings, b: Postings): Postings {
  const result = new Uint32Array(a.length + b.length)
  let count = 0
  let left = 0
  let right = 0
  while (left < a.length && right < b.length) {
    const x = a[left]
    const y = b[right]
    result[count++] = x < y ? x : y
    if (x <= y) left++
    if (y <= x) right++
  }
  if (left < a.length) {
    result.set(a.subarray(left), count)
    count += a.length - left
  } else if (right < b.length) {
    result.set(b.subarray(right), count)
    count += b.length - right
  }
  return result.subarray(0, count)
}

/** A list that is built by adding ids in ascending order; a repeated last id is added once. */
export class PostingsBuilder {
  #ids: Uint32Array<ArrayBuffer>
  #length = 0

  constructor(capacity = 2) {
    this.#ids = new Uint32Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  add(id: number): void {
    if (this.#length > 0) {
      const last = this.#ids[this.#length - 1]
      if (id === last) return
      if (id < last) throw new RangeError(`posting ${id} after ${last}`)
    }
    if (this.#length === this.#ids.length) {
      const grown = new Uint32Array(Math.max(4, this.#length * 2))
      grown.set(this.#ids)
      this.#ids = grown
    }
    this.#ids[this.#length++] = id
  }

  /** A view of what is there now. Later additions do not change it. */
  view(): Postings {
    return this.#ids.subarray(0, this.#length)
  }
}
