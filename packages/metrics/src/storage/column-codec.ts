/**
 * Encodes one column of up to {@link MAX_COLUMN} doubles; layout in docs/format/column.md. Values that are short decimals become
 * integers, then deltas or offsets from the smallest, packed into as few bits as the largest needs. Anything else, NaN payloads
 * such as the stale marker's among them, is XORed with its predecessor and stored as byte planes, which zstd likes.
 * Source: spikes/kernels; decoding runs at several hundred million values per second.
 */
export const MAX_COLUMN = 512
/** Decoders may read this many bytes behind a column: keep them inside of the buffer. */
export const COLUMN_SLACK = 8

const CONSTANT = 0
const PLANES = 255
const DELTA = 16
const MAX_DECIMALS = 6
/** Differences of such integers are exact, too. */
const MAX_INTEGER = 2 ** 52
const POWERS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6]
const TWO32 = 4294967296

const output = new Uint8Array(MAX_COLUMN * 8 + 64)
const outputView = new DataView(output.buffer)
const integers = new Float64Array(MAX_COLUMN)
const deltas = new Float64Array(MAX_COLUMN)
const high = new Float64Array(MAX_COLUMN)
const low = new Float64Array(MAX_COLUMN)
const lowWords = new Uint32Array(MAX_COLUMN)
const highWords = new Uint32Array(MAX_COLUMN)

/** Encodes [start, end) of a column, at least one value. The result is a view, valid until the next call. */
export function encodeColumn(values: Float64Array, bits: Uint32Array, start: number, end: number): Uint8Array {
  const count = end - start
  if (isConstant(bits, start, end)) {
    output[0] = CONSTANT
    outputView.setUint32(1, bits[2 * start], true)
    outputView.setUint32(5, bits[2 * start + 1], true)
    return output.subarray(0, 9)
  }
  const decimals = toIntegers(values, bits, start, count)
  return decimals < 0 ? encodePlanes(bits, start, count) : encodeIntegers(count, decimals)
}

/** Decodes `count` values at `offset` into `values[at..]`; `bits` lies over the same buffer as `values`. */
export function decodeColumn(
  view: DataView,
  offset: number,
  count: number,
  values: Float64Array,
  bits: Uint32Array,
  at: number,
): void {
  const kind = view.getUint8(offset)
  if (kind === CONSTANT) return decodeConstant(view, offset + 1, count, bits, at)
  if (kind === PLANES) return decodePlanes(view, offset + 1, count, bits, at)
  decodeIntegers(view, offset, count, values, at)
}

function isConstant(bits: Uint32Array, start: number, end: number): boolean {
  const first = bits[2 * start]
  const second = bits[2 * start + 1]
  for (let index = start + 1; index < end; index++) {
    if (bits[2 * index] !== first || bits[2 * index + 1] !== second) return false
  }
  return true
}

/** Fills {@link integers} and returns the decimals taken, or -1 when the values are no short decimals. */
function toIntegers(values: Float64Array, bits: Uint32Array, start: number, count: number): number {
  if (areIntegers(values, bits, start, count)) return 0
  let decimals = 0
  for (let index = 0; index < count;) {
    const value = values[start + index]
    const scaled = Math.round(value * POWERS[decimals])
    const isExact = scaled / POWERS[decimals] === value && scaled <= MAX_INTEGER && scaled >= -MAX_INTEGER
    if (isExact && (scaled !== 0 || bits[2 * (start + index) + 1] === 0)) {
      integers[index++] = scaled
    } else {
      // -0, NaN and infinities never become exact.
      if (decimals === MAX_DECIMALS || value - value !== 0 || value === 0) return -1
      decimals++
      index = 0
    }
  }
  return decimals
}

/** The common case, without a division per value. */
function areIntegers(values: Float64Array, bits: Uint32Array, start: number, count: number): boolean {
  for (let index = 0; index < count; index++) {
    const value = values[start + index]
    if (Math.floor(value) !== value || value > MAX_INTEGER || value < -MAX_INTEGER) return false
    if (value === 0 && bits[2 * (start + index) + 1] !== 0) return false
    integers[index] = value
  }
  return true
}

function encodePlanes(bits: Uint32Array, start: number, count: number): Uint8Array {
  output[0] = PLANES
  let previousLow = 0
  let previousHigh = 0
  for (let index = 0; index < count; index++) {
    const lowWord = bits[2 * (start + index)]
    const highWord = bits[2 * (start + index) + 1]
    const lowXor = lowWord ^ previousLow
    const highXor = highWord ^ previousHigh
    previousLow = lowWord
    previousHigh = highWord
    for (let plane = 0; plane < 4; plane++) {
      output[1 + plane * count + index] = lowXor >>> (8 * plane)
      output[1 + (plane + 4) * count + index] = highXor >>> (8 * plane)
    }
  }
  return output.subarray(0, 1 + 8 * count)
}

function encodeIntegers(count: number, decimals: number): Uint8Array {
  let min = integers[0]
  let max = min
  let minDelta = Infinity
  let maxDelta = -Infinity
  for (let index = 1; index < count; index++) {
    const value = integers[index]
    if (value < min) min = value
    if (value > max) max = value
    const delta = value - integers[index - 1]
    deltas[index - 1] = delta
    if (delta < minDelta) minDelta = delta
    if (delta > maxDelta) maxDelta = delta
  }
  const isDelta = maxDelta - minDelta < max - min
  const packed = isDelta ? deltas : integers
  const packedCount = isDelta ? count - 1 : count
  const base = isDelta ? minDelta : min
  const first = integers[0]
  const shift = subtractBase(packed, packedCount, base)
  const range = (isDelta ? maxDelta - minDelta : max - min) / 2 ** shift
  const width = bitWidth(range)
  output[0] = 1 + decimals + (isDelta ? DELTA : 0)
  output[1] = width
  output[2] = shift
  outputView.setFloat64(3, base, true)
  let at = 11
  if (isDelta) {
    outputView.setFloat64(at, first, true)
    at += 8
  }
  if (width <= 32) at = pack(packed, packedCount, width, at)
  else {
    for (let index = 0; index < packedCount; index++) {
      high[index] = Math.floor(packed[index] / TWO32)
      low[index] = packed[index] - high[index] * TWO32
    }
    at = pack(low, packedCount, 32, at)
    at = pack(high, packedCount, width - 32, at)
  }
  return output.subarray(0, at)
}

/** Subtracts `base` and divides by the common power of two, whose exponent is returned when it is worth it. */
function subtractBase(column: Float64Array, count: number, base: number): number {
  let common = 0
  for (let index = 0; index < count; index++) {
    const rest = column[index] - base
    column[index] = rest
    // The operator takes the low 32 bits of an integer of any size; a remainder would cost 20 ns.
    common |= rest
  }
  const shift = common === 0 ? 0 : 31 - Math.clz32(common & -common)
  if (shift < 4) return 0
  const factor = 2 ** -shift
  for (let index = 0; index < count; index++) column[index] *= factor
  return shift
}

function bitWidth(value: number): number {
  if (value === 0) return 0
  return value < TWO32 ? 32 - Math.clz32(value) : 64 - Math.clz32(Math.floor(value / TWO32))
}

/** Packs integers below 2^width, least significant bit first. Returns where they end. */
function pack(column: Float64Array, count: number, width: number, start: number): number {
  if (width === 0) return start
  let at = start
  let word = 0
  let used = 0
  for (let index = 0; index < count; index++) {
    const value = column[index] >>> 0
    word |= value << used
    used += width
    if (used >= 32) {
      outputView.setInt32(at, word, true)
      at += 4
      used -= 32
      word = used > 0 ? value >>> (width - used) : 0
    }
  }
  for (; used > 0; used -= 8) {
    output[at++] = word
    word >>>= 8
  }
  return at
}

function unpack(view: DataView, start: number, count: number, width: number, into: Uint32Array): number {
  if (width === 0) {
    into.fill(0, 0, count)
    return start
  }
  const mask = width === 32 ? -1 : (1 << width) - 1
  let bit = 0
  for (let index = 0; index < count; index++) {
    const at = start + (bit >>> 3)
    const skip = bit & 7
    let value = view.getUint32(at, true) >>> skip
    if (skip + width > 32) value |= view.getUint8(at + 4) << (32 - skip)
    into[index] = value & mask
    bit += width
  }
  return start + ((count * width + 7) >>> 3)
}

function decodeConstant(view: DataView, offset: number, count: number, bits: Uint32Array, at: number): void {
  const lowWord = view.getUint32(offset, true)
  const highWord = view.getUint32(offset + 4, true)
  for (let index = 2 * at; index < 2 * (at + count); index += 2) {
    bits[index] = lowWord
    bits[index + 1] = highWord
  }
}

function decodePlanes(view: DataView, offset: number, count: number, bits: Uint32Array, at: number): void {
  let lowWord = 0
  let highWord = 0
  for (let index = 0; index < count; index++) {
    const from = offset + index
    lowWord ^=
      view.getUint8(from) |
      (view.getUint8(from + count) << 8) |
      (view.getUint8(from + 2 * count) << 16) |
      (view.getUint8(from + 3 * count) << 24)
    highWord ^=
      view.getUint8(from + 4 * count) |
      (view.getUint8(from + 5 * count) << 8) |
      (view.getUint8(from + 6 * count) << 16) |
      (view.getUint8(from + 7 * count) << 24)
    bits[2 * (at + index)] = lowWord
    bits[2 * (at + index) + 1] = highWord
  }
}

function decodeIntegers(view: DataView, offset: number, count: number, values: Float64Array, at: number): void {
  const kind = view.getUint8(offset)
  const isDelta = kind > DELTA
  const divisor = POWERS[(kind - 1) & 15]
  const width = view.getUint8(offset + 1)
  const factor = 2 ** view.getUint8(offset + 2)
  const base = view.getFloat64(offset + 3, true)
  if (!isDelta) {
    unpackWide(view, offset + 11, count, width)
    for (let index = 0; index < count; index++) {
      values[at + index] = (base + (highWords[index] * TWO32 + lowWords[index]) * factor) / divisor
    }
    return
  }
  let value = view.getFloat64(offset + 11, true)
  unpackWide(view, offset + 19, count - 1, width)
  values[at] = value / divisor
  for (let index = 1; index < count; index++) {
    value += base + (highWords[index - 1] * TWO32 + lowWords[index - 1]) * factor
    values[at + index] = value / divisor
  }
}

/** Unpacks into {@link lowWords} and {@link highWords}. */
function unpackWide(view: DataView, start: number, count: number, width: number): void {
  if (width <= 32) {
    unpack(view, start, count, width, lowWords)
    highWords.fill(0, 0, count)
    return
  }
  const next = unpack(view, start, count, 32, lowWords)
  unpack(view, next, count, width - 32, highWords)
}
