import { grownInts, grownWords } from '../storage/grow.ts'

const EMPTY = -1

/**
 * Numbers label sets: tuples of `width` text numbers. Row numbers are dense; {@link retain} closes gaps and tells where each
 * row went.
 */
export class LabelTable {
  count = 0
  readonly width: number
  #cells: Uint32Array<ArrayBuffer>
  #slots = new Int32Array(128).fill(EMPTY)
  #capacity = 64

  constructor(width: number) {
    this.width = width
    this.#cells = new Uint32Array(width * this.#capacity)
  }

  cell(row: number, column: number): number {
    return this.#cells[row * this.width + column]
  }

  /** @returns -1 for a label set that is not known */
  find(tuple: Uint32Array): number {
    const mask = this.#slots.length - 1
    for (let slot = hashOf(tuple, 0, this.width) & mask; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot]
      if (row === EMPTY || this.#isEqual(row, tuple)) return row
    }
  }

  /** Adds a label set that {@link find} does not know. */
  add(tuple: Uint32Array): number {
    const row = this.count++
    if (this.count > this.#capacity) {
      this.#capacity *= 2
      this.#cells = grownWords(this.#cells, this.width * this.#capacity)
    }
    for (let column = 0; column < this.width; column++) this.#cells[row * this.width + column] = tuple[column]
    if (this.count * 2 > this.#slots.length) this.#index(this.#slots.length * 2)
    else this.#insert(row)
    return row
  }

  /** Drops rows. @returns where the row that has this number now came from */
  retain(isKept: (row: number) => boolean): Int32Array {
    let origin = new Int32Array(64)
    let kept = 0
    for (let row = 0; row < this.count; row++) {
      if (!isKept(row)) continue
      if (kept === origin.length) origin = grownInts(origin, kept * 2)
      origin[kept] = row
      this.#cells.copyWithin(kept * this.width, row * this.width, (row + 1) * this.width)
      kept++
    }
    this.count = kept
    this.#index(this.#slots.length)
    return origin.subarray(0, kept)
  }

  /** Gives every cell its new number. */
  remap(move: (id: number) => number): void {
    const end = this.count * this.width
    for (let index = 0; index < end; index++) this.#cells[index] = move(this.#cells[index])
    this.#index(this.#slots.length)
  }

  #index(size: number): void {
    this.#slots = new Int32Array(size).fill(EMPTY)
    for (let row = 0; row < this.count; row++) this.#insert(row)
  }

  #insert(row: number): void {
    const mask = this.#slots.length - 1
    let slot = hashOf(this.#cells, row * this.width, this.width) & mask
    while (this.#slots[slot] !== EMPTY) slot = (slot + 1) & mask
    this.#slots[slot] = row
  }

  #isEqual(row: number, tuple: Uint32Array): boolean {
    const start = row * this.width
    for (let column = 0; column < this.width; column++) if (this.#cells[start + column] !== tuple[column]) return false
    return true
  }
}

function hashOf(cells: Uint32Array, start: number, width: number): number {
  let hash = 0x9e3779b9
  for (let index = start; index < start + width; index++) {
    hash = Math.imul(hash ^ cells[index], 0x85ebca6b)
    hash ^= hash >>> 15
  }
  return hash ^ (hash >>> 13)
}
