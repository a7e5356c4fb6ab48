import { bitsOf, CUSTOM_BUCKETS_SCHEMA, NO_BUCKETS } from '@quartet/model'
import type { HistogramBuckets, NativeHistogram, ResetHint } from '@quartet/model'

/**
 * The native histograms of one chunk, one after the other; layout in docs/format/histogram.md. A column is written as samples come:
 * what is there never changes, so that an open chunk is read without a copy. Sums lie in the chunk's values column.
 */

/** Bytes that are no histogram column. Their checksum was right, so that this is a bug or a newer version. */
export class HistogramColumnError extends RangeError {
  override name = 'HistogramColumnError'
}

const HINT = 3
const LAYOUT = 4
const FLOAT = 8
const PLAIN = 16
const GAP = 32
/** Differences of differences of such integers, doubled twice for sign and run flag, are exact. */
const MAX_INTEGER = 2 ** 49
/** As many positions as a chunk can have. */
const MAX_POSITION = 1 << 16

const scratch = new Float64Array(2)
const scratchBytes = new Uint8Array(scratch.buffer)
const scratchBits = bitsOf(scratch)

/** What the next histogram is written relative to. */
interface State {
  schema: number
  zeroThreshold: number
  customBounds: Float64Array | undefined
  positive: Int32Array
  negative: Int32Array
  isPlain: boolean
  /** Count, count of the zero bucket, then the buckets: positive, negative. */
  counts: Float64Array
  deltas: Float64Array
}

function newState(): State {
  return {
    schema: 0,
    zeroThreshold: 0,
    customBounds: undefined,
    positive: NO_BUCKETS.indices,
    negative: NO_BUCKETS.indices,
    isPlain: false,
    counts: new Float64Array(2),
    deltas: new Float64Array(2),
  }
}

/** Takes the columns over to another layout: buckets that both have keep their history. */
function changeLayout(state: State, to: Layout): void {
  const continues = state.schema === to.schema && areEqual(state.customBounds, to.customBounds)
  const counts = new Float64Array(2 + to.positive.length + to.negative.length)
  const deltas = new Float64Array(counts.length)
  if (continues) {
    counts.set(state.counts.subarray(0, 2))
    deltas.set(state.deltas.subarray(0, 2))
    const move = (old: Int32Array, from: number, now: Int32Array, at: number): void => {
      for (let i = 0, j = 0; j < now.length; j++) {
        while (i < old.length && old[i] < now[j]) i++
        if (i === old.length || old[i] !== now[j]) continue
        counts[at + j] = state.counts[from + i]
        deltas[at + j] = state.deltas[from + i]
      }
    }
    move(state.positive, 2, to.positive, 2)
    move(state.negative, 2 + state.positive.length, to.negative, 2 + to.positive.length)
  }
  Object.assign(state, to, { counts, deltas })
}

interface Layout {
  readonly schema: number
  readonly zeroThreshold: number
  readonly customBounds: Float64Array | undefined
  readonly positive: Int32Array
  readonly negative: Int32Array
}

function areEqual(a: Float64Array | Int32Array | undefined, b: Float64Array | Int32Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false
  return true
}

/** Writes one column. */
export class HistogramEncoder {
  /** Histograms written. */
  count = 0
  #bytes = new Uint8Array(0)
  #length = 0
  #next = 0
  #state = newState()

  get sizeBytes(): number {
    return this.#bytes.length + 16 * this.#state.counts.length
  }

  /** What was written so far; later histograms go behind it. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Begins another column; views of this one stay as they are. */
  reset(): void {
    this.count = 0
    this.#bytes = new Uint8Array(0)
    this.#length = 0
    this.#next = 0
    this.#state = newState()
  }

  /** @param position of the sample in its chunk, ascending */
  append(position: number, histogram: NativeHistogram): void {
    const state = this.#state
    const { positive, negative } = histogram
    const isNewLayout =
      this.count === 0 ||
      state.schema !== histogram.schema ||
      state.zeroThreshold !== histogram.zeroThreshold ||
      !areEqual(state.customBounds, histogram.customBounds) ||
      !areEqual(state.positive, positive.indices) ||
      !areEqual(state.negative, negative.indices)
    const isPlain = !isIntegral(histogram)
    const gap = position - this.#next
    this.#reserve(16)
    this.#bytes[this.#length++] =
      histogram.resetHint |
      (isNewLayout ? LAYOUT : 0) |
      (histogram.isFloat ? FLOAT : 0) |
      (isPlain ? PLAIN : 0) |
      (gap > 0 ? GAP : 0)
    if (gap > 0) this.#varint(gap)
    if (isNewLayout) {
      const { schema, zeroThreshold, customBounds } = histogram
      const layout = { schema, zeroThreshold, customBounds, positive: positive.indices, negative: negative.indices }
      this.#writeLayout(layout)
      changeLayout(state, layout)
    }
    if (state.isPlain !== isPlain) {
      state.counts.fill(0)
      state.deltas.fill(0)
      state.isPlain = isPlain
    }
    if (isPlain) this.#writePlain(histogram)
    else this.#writeIntegers(histogram)
    this.#next = position + 1
    this.count++
  }

  #writeLayout({ schema, zeroThreshold, customBounds, positive, negative }: Layout): void {
    this.#varint(zigzag(schema))
    this.#double(zeroThreshold)
    if (schema === CUSTOM_BUCKETS_SCHEMA) {
      const bounds = customBounds ?? NO_BUCKETS.counts
      this.#varint(bounds.length)
      for (let index = 0; index < bounds.length; index++) this.#double(bounds[index])
    }
    for (const indices of [positive, negative]) {
      this.#varint(indices.length)
      for (let index = 0; index < indices.length; index++) {
        this.#varint(index === 0 ? zigzag(indices[0]) : indices[index] - indices[index - 1] - 1)
      }
    }
  }

  /** A token is a run of zeros, or one difference of differences. */
  #writeIntegers(histogram: NativeHistogram): void {
    const { counts, deltas } = this.#state
    let zeros = 0
    for (let index = 0; index < counts.length; index++) {
      const value = countAt(histogram, index)
      const delta = value - counts[index]
      const change = delta - deltas[index]
      counts[index] = value
      deltas[index] = delta
      if (change === 0) {
        zeros++
        continue
      }
      if (zeros > 0) this.#varint(2 * (zeros - 1))
      zeros = 0
      this.#varint(2 * zigzag(change) + 1)
    }
    if (zeros > 0) this.#varint(2 * (zeros - 1))
  }

  /** Bits XORed with those before: which bytes changed, then these; no change is followed by how many more have none. */
  #writePlain(histogram: NativeHistogram): void {
    const { counts } = this.#state
    let zeros = 0
    for (let index = 0; index < counts.length; index++) {
      const value = countAt(histogram, index)
      const mask = xorIntoScratch(value, counts[index])
      counts[index] = value
      if (mask === 0) {
        zeros++
        continue
      }
      if (zeros > 0) this.#zeroRun(zeros)
      zeros = 0
      this.#reserve(9)
      this.#bytes[this.#length++] = mask
      for (let byte = 0; byte < 8; byte++)
        if ((mask & (1 << byte)) !== 0) this.#bytes[this.#length++] = scratchBytes[byte]
    }
    if (zeros > 0) this.#zeroRun(zeros)
  }

  #zeroRun(zeros: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = 0
    this.#varint(zeros - 1)
  }

  #varint(value: number): void {
    this.#reserve(8)
    let rest = value
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#length++] = rest
  }

  #double(value: number): void {
    this.#reserve(8)
    scratch[0] = value
    this.#bytes.set(scratchBytes.subarray(0, 8), this.#length)
    this.#length += 8
  }

  #reserve(size: number): void {
    const needed = this.#length + size
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, 128, (3 * this.#bytes.length) >>> 1))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

function countAt({ count, zeroCount, positive, negative }: NativeHistogram, index: number): number {
  if (index === 0) return count
  if (index === 1) return zeroCount
  const bucket = index - 2
  const { length } = positive.counts
  return bucket < length ? positive.counts[bucket] : negative.counts[bucket - length]
}

function isIntegral(histogram: NativeHistogram): boolean {
  const length = 2 + histogram.positive.counts.length + histogram.negative.counts.length
  for (let index = 0; index < length; index++) {
    const value = countAt(histogram, index)
    if (!(value >= 0 && value <= MAX_INTEGER && Math.floor(value) === value) || Object.is(value, -0)) return false
  }
  return true
}

/** Leaves the XOR in the scratch bytes 0–7 and says which of them are not 0. */
function xorIntoScratch(value: number, before: number): number {
  scratch[0] = value
  scratch[1] = before
  scratchBits[0] ^= scratchBits[2]
  scratchBits[1] ^= scratchBits[3]
  let mask = 0
  for (let byte = 0; byte < 8; byte++) if (scratchBytes[byte] !== 0) mask |= 1 << byte
  return mask
}

function zigzag(value: number): number {
  return value >= 0 ? 2 * value : -2 * value - 1
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

/**
 * Sets `into[at + position]` for every histogram of a column.
 * @param sums the chunk's values, its first at `at`
 * @throws HistogramColumnError
 */
export function decodeHistograms(
  bytes: Uint8Array,
  sums: Float64Array,
  at: number,
  into: (NativeHistogram | undefined)[],
): void {
  new HistogramDecoder(bytes).decode((position, histogram) => {
    into[at + position] = { ...histogram, sum: sums[at + position] }
  })
}

/** The one histogram of a column with one, as the WAL has them. @throws HistogramColumnError */
export function decodeHistogram(bytes: Uint8Array, sum: number): NativeHistogram {
  let found: NativeHistogram | undefined
  new HistogramDecoder(bytes).decode((_, histogram) => (found = { ...histogram, sum }))
  if (found === undefined) throw new HistogramColumnError('histogram column is empty')
  return found
}

class HistogramDecoder {
  readonly #bytes: Uint8Array
  readonly #state = newState()
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  decode(visit: (position: number, histogram: NativeHistogram) => void): void {
    const state = this.#state
    let position = -1
    while (this.#at < this.#bytes.length) {
      const control = this.#byte()
      position += 1 + ((control & GAP) !== 0 ? this.#varint() : 0)
      if (control >= 64 || position >= MAX_POSITION)
        throw new HistogramColumnError('histogram column has an unknown mark')
      if ((control & LAYOUT) !== 0) changeLayout(state, this.#readLayout())
      const isPlain = (control & PLAIN) !== 0
      if (state.isPlain !== isPlain) {
        state.counts.fill(0)
        state.deltas.fill(0)
        state.isPlain = isPlain
      }
      if (isPlain) this.#readPlain()
      else this.#readIntegers()
      visit(position, this.#histogram((control & HINT) as ResetHint, (control & FLOAT) !== 0))
    }
  }

  #histogram(resetHint: ResetHint, isFloat: boolean): NativeHistogram {
    const { schema, zeroThreshold, customBounds, positive, negative, counts } = this.#state
    const end = 2 + positive.length
    return {
      schema,
      zeroThreshold,
      zeroCount: counts[1],
      count: counts[0],
      sum: 0,
      positive: bucketsOf(positive, counts.slice(2, end)),
      negative: bucketsOf(negative, counts.slice(end)),
      customBounds,
      resetHint,
      isFloat,
    }
  }

  #readLayout(): Layout {
    const schema = unzigzag(this.#varint())
    const zeroThreshold = this.#double()
    let customBounds: Float64Array | undefined
    if (schema === CUSTOM_BUCKETS_SCHEMA) {
      customBounds = new Float64Array(this.#length(8))
      for (let index = 0; index < customBounds.length; index++) customBounds[index] = this.#double()
    }
    return { schema, zeroThreshold, customBounds, positive: this.#readIndices(), negative: this.#readIndices() }
  }

  #readIndices(): Int32Array {
    const indices = new Int32Array(this.#length(1))
    for (let index = 0; index < indices.length; index++) {
      const value = this.#varint()
      indices[index] = index === 0 ? unzigzag(value) : indices[index - 1] + value + 1
    }
    return indices
  }

  #readIntegers(): void {
    const { counts, deltas } = this.#state
    for (let index = 0; index < counts.length;) {
      const token = this.#varint()
      if (token % 2 === 0) {
        const end = index + token / 2 + 1
        if (end > counts.length) throw new HistogramColumnError('histogram column has too many counts')
        for (; index < end; index++) counts[index] += deltas[index]
        continue
      }
      deltas[index] += unzigzag((token - 1) / 2)
      counts[index] += deltas[index]
      index++
    }
  }

  #readPlain(): void {
    const { counts } = this.#state
    for (let index = 0; index < counts.length;) {
      const mask = this.#byte()
      if (mask === 0) {
        index += this.#varint() + 1
        if (index > counts.length) throw new HistogramColumnError('histogram column has too many counts')
        continue
      }
      scratch[0] = counts[index]
      for (let byte = 0; byte < 8; byte++) if ((mask & (1 << byte)) !== 0) scratchBytes[byte] ^= this.#byte()
      counts[index++] = scratch[0]
    }
  }

  /** A number of things of at least `size` bytes each. */
  #length(size: number): number {
    const length = this.#varint()
    if (length * size > this.#bytes.length - this.#at) throw new HistogramColumnError('histogram column is cut off')
    return length
  }

  #varint(): number {
    let value = 0
    let factor = 1
    for (let count = 0; count < 8; count++) {
      const byte = this.#byte()
      value += (byte & 127) * factor
      if (byte < 128) return value
      factor *= 128
    }
    throw new HistogramColumnError('histogram column has a number of more than 8 bytes')
  }

  #double(): number {
    if (this.#at + 8 > this.#bytes.length) throw new HistogramColumnError('histogram column is cut off')
    scratchBytes.set(this.#bytes.subarray(this.#at, this.#at + 8))
    this.#at += 8
    return scratch[0]
  }

  #byte(): number {
    if (this.#at >= this.#bytes.length) throw new HistogramColumnError('histogram column is cut off')
    return this.#bytes[this.#at++]
  }
}

function bucketsOf(indices: Int32Array, counts: Float64Array): HistogramBuckets {
  return indices.length === 0 ? NO_BUCKETS : { indices, counts }
}
