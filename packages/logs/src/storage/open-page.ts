import type { PageLines } from '../query/source.ts'
import { pageLines } from './page-columns.ts'
import type { PageColumns } from './page-columns.ts'

/** Raw text at which a page is full. */
export const PAGE_TEXT_BYTES = 256 << 10
export const PAGE_LINES = 16384
const FIRST_LINES = 8
const FIRST_TEXT = 1024
const NO_METADATA = 0
/** How many entries with the same time are compared when a line might be a repetition; sealing compares all. */
const RECENT_REPEATS = 64

/**
 * The page of a stream that takes new lines: line bytes behind each other in one buffer, everything else in typed arrays.
 * Lines may come out of order; readers and {@link columns} see them sorted.
 */
export class OpenPage {
  count = 0
  #text: Buffer = Buffer.allocUnsafeSlow(FIRST_TEXT)
  #textLength = 0
  #seconds = new Uint32Array(FIRST_LINES)
  #nanos = new Uint32Array(FIRST_LINES)
  #lineEnds = new Uint32Array(FIRST_LINES)
  #metadataOf = new Uint32Array(FIRST_LINES)
  #metadataBytes = new Uint8Array(0)
  #metadataLength = 0
  #metadataEnds: number[] = [0]
  /** Set numbers by hash of their bytes; sets with the same hash are compared. */
  readonly #metadataByHash = new Map<number, number[]>()
  #isSorted = true
  #minSeconds = 0
  #maxSeconds = 0
  #maxNanos = 0
  #view: PageLines | undefined
  readonly #dropRepeated: () => void

  constructor(dropRepeated: () => void) {
    this.#dropRepeated = dropRepeated
  }

  get textBytes(): number {
    return this.#textLength
  }

  get isFull(): boolean {
    return this.#textLength >= PAGE_TEXT_BYTES || this.count >= PAGE_LINES
  }

  /** Memory that the page holds, about. */
  get sizeBytes(): number {
    return this.#text.length + this.#seconds.length * 16 + this.#metadataBytes.length
  }

  /** @returns false when the line repeats one with the same time, which is then dropped */
  append(
    seconds: number,
    nanos: number,
    source: Uint8Array,
    lineStart: number,
    lineEnd: number,
    metadata: Uint8Array,
    metadataStart: number,
    metadataEnd: number,
  ): boolean {
    const index = this.count
    if (index > 0) {
      if (seconds < this.#maxSeconds || (seconds === this.#maxSeconds && nanos < this.#maxNanos)) this.#isSorted = false
      else if (seconds === this.#maxSeconds && nanos === this.#maxNanos && this.#repeats(source, lineStart, lineEnd))
        return false
    }
    if (index === this.#seconds.length) this.#growLines()
    const size = lineEnd - lineStart
    if (this.#textLength + size > this.#text.length) this.#growText(size)
    this.#text.set(source.subarray(lineStart, lineEnd), this.#textLength)
    this.#textLength += size
    this.#lineEnds[index] = this.#textLength
    this.#seconds[index] = seconds
    this.#nanos[index] = nanos
    this.#metadataOf[index] =
      metadataStart === metadataEnd ? NO_METADATA : this.#internMetadata(metadata, metadataStart, metadataEnd)
    this.count = index + 1
    this.#view = undefined
    if (index === 0 || seconds > this.#maxSeconds || (seconds === this.#maxSeconds && nanos > this.#maxNanos)) {
      this.#maxSeconds = seconds
      this.#maxNanos = nanos
    }
    if (index === 0 || seconds <= this.#minSeconds) this.#minSeconds = seconds
    return true
  }

  /** Whole-second bounds are enough to choose pages; scanning checks every line. */
  bounds(): { minNs: bigint; maxNs: bigint } {
    return {
      minNs: BigInt(this.#minSeconds) * 1_000_000_000n,
      maxNs: BigInt(this.#maxSeconds) * 1_000_000_000n + BigInt(this.#maxNanos),
    }
  }

  /** What readers see: all lines so far, sorted. Later appends do not change it. */
  view(): PageLines {
    if (this.#view) return this.#view
    const { columns, text } = this.columns()
    return (this.#view = pageLines(columns, text, 0))
  }

  /** Sorted columns without repeated lines, and the text in the same order. */
  columns(): { columns: PageColumns; text: Buffer } {
    const metadata = {
      metadataBytes: this.#metadataBytes.subarray(0, this.#metadataLength),
      metadataEnds: Uint32Array.from(this.#metadataEnds),
    }
    if (this.#isSorted) {
      return {
        columns: {
          count: this.count,
          seconds: this.#seconds.subarray(0, this.count),
          nanos: this.#nanos.subarray(0, this.count),
          lineEnds: this.#lineEnds.subarray(0, this.count),
          metadataOf: this.#metadataOf.subarray(0, this.count),
          ...metadata,
        },
        text: this.#text.subarray(0, this.#textLength),
      }
    }
    const order = this.#sortedOrder()
    const { length: count } = order
    const lineEnds = new Uint32Array(count)
    const text = Buffer.allocUnsafeSlow(this.#textLength)
    let length = 0
    for (const [index, from] of order.entries()) {
      const start = from === 0 ? 0 : this.#lineEnds[from - 1]
      length += this.#text.copy(text, length, start, this.#lineEnds[from])
      lineEnds[index] = length
    }
    return {
      columns: {
        count,
        seconds: order.map((from) => this.#seconds[from]),
        nanos: order.map((from) => this.#nanos[from]),
        lineEnds,
        metadataOf: order.map((from) => this.#metadataOf[from]),
        ...metadata,
      },
      text: text.subarray(0, length),
    }
  }

  #sortedOrder(): Uint32Array<ArrayBuffer> {
    const order = Uint32Array.from({ length: this.count }, (_, index) => index)
    const seconds = this.#seconds
    const nanos = this.#nanos
    order.sort((a, b) => seconds[a] - seconds[b] || nanos[a] - nanos[b] || a - b)
    let kept = 0
    let runStart = 0
    for (let at = 0; at < order.length; at++) {
      const line = order[at]
      if (kept > 0 && (seconds[order[kept - 1]] !== seconds[line] || nanos[order[kept - 1]] !== nanos[line]))
        runStart = kept
      let isRepeated = false
      for (let other = runStart; other < kept && !isRepeated; other++) isRepeated = this.#isSameLine(order[other], line)
      if (!isRepeated) order[kept++] = line
    }
    return order.slice(0, kept)
  }

  #isSameLine(a: number, b: number): boolean {
    const aStart = a === 0 ? 0 : this.#lineEnds[a - 1]
    const bStart = b === 0 ? 0 : this.#lineEnds[b - 1]
    const size = this.#lineEnds[a] - aStart
    return (
      size === this.#lineEnds[b] - bStart &&
      this.#text.compare(this.#text, bStart, bStart + size, aStart, aStart + size) === 0
    )
  }

  #repeats(source: Uint8Array, start: number, end: number): boolean {
    const size = end - start
    const last = Math.max(0, this.count - RECENT_REPEATS)
    for (let index = this.count - 1; index >= last; index--) {
      if (this.#seconds[index] !== this.#maxSeconds || this.#nanos[index] !== this.#maxNanos) continue
      const lineStart = index === 0 ? 0 : this.#lineEnds[index - 1]
      if (this.#lineEnds[index] - lineStart !== size) continue
      if (this.#text.compare(source, start, end, lineStart, lineStart + size) === 0) {
        this.#dropRepeated()
        return true
      }
    }
    return false
  }

  #internMetadata(source: Uint8Array, start: number, end: number): number {
    let hash = 0x811c9dc5
    for (let index = start; index < end; index++) hash = Math.imul(hash ^ source[index], 0x01000193)
    const size = end - start
    const known = this.#metadataByHash.get(hash)
    for (const set of known ?? []) {
      const at = this.#metadataEnds[set - 1]
      if (this.#metadataEnds[set] - at !== size) continue
      let index = 0
      while (index < size && this.#metadataBytes[at + index] === source[start + index]) index++
      if (index === size) return set
    }
    if (this.#metadataLength + size > this.#metadataBytes.length) {
      const grown = new Uint8Array(Math.max(this.#metadataLength + size, this.#metadataBytes.length * 2, 256))
      grown.set(this.#metadataBytes.subarray(0, this.#metadataLength))
      this.#metadataBytes = grown
    }
    this.#metadataBytes.set(source.subarray(start, end), this.#metadataLength)
    this.#metadataLength += size
    const set = this.#metadataEnds.push(this.#metadataLength) - 1
    if (known) known.push(set)
    else this.#metadataByHash.set(hash, [set])
    return set
  }

  #growLines(): void {
    const size = this.#seconds.length * 2
    const grow = (column: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> => {
      const grown = new Uint32Array(size)
      grown.set(column)
      return grown
    }
    this.#seconds = grow(this.#seconds)
    this.#nanos = grow(this.#nanos)
    this.#lineEnds = grow(this.#lineEnds)
    this.#metadataOf = grow(this.#metadataOf)
  }

  #growText(size: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#textLength + size, this.#text.length * 2))
    this.#text.copy(grown, 0, 0, this.#textLength)
    this.#text = grown
  }
}
