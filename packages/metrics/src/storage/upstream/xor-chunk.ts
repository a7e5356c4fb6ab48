import type { SampleColumns } from '../../query/source.ts'
import { BitReader } from './bit-reader.ts'
import { BitWriter } from './bit-writer.ts'
import { UpstreamFormatError } from './format-error.ts'
import { XorValue } from './xor-value.ts'

const HEADER_BYTES = 2
/** Sizes of a time's delta of deltas behind so many ones. Source: tsdb/chunkenc/xor.go. */
const TIME_SIZES: readonly number[] = [0, 14, 17, 20, 64]

const reader = new BitReader()
const writer = new BitWriter()
const running = new XorValue()

/**
 * Appends the samples of a chunk of floats to the columns.
 * @throws UpstreamFormatError when it ends too early
 */
export function decodeXorChunk(data: Uint8Array, into: SampleColumns): void {
  if (data.length < HEADER_BYTES) throw new UpstreamFormatError('chunk without a header')
  const count = (data[0] << 8) | data[1]
  // A sample takes two bits at least, but for the first two.
  if (count > 4 * data.length) throw new UpstreamFormatError(`chunk of ${data.length} bytes claims ${count} samples`)
  if (count === 0) return
  const bits = reader.open(data, HEADER_BYTES)
  into.reserve(into.count + count)
  let timeMs = bits.varint()
  let delta = 0
  bits.read64(64)
  running.set(bits.high, bits.low)
  put(into, timeMs)
  for (let index = 1; index < count; index++) {
    delta = index === 1 ? bits.uvarint() : delta + readTime(bits)
    timeMs += delta
    running.read(bits)
    put(into, timeMs)
  }
}

/** @returns the chunk's data: the samples [start, end) of the columns, ascending in time, 65 535 at most */
export function encodeXorChunk(columns: SampleColumns, start: number, end: number): Uint8Array {
  const { timesMs, bits: words } = columns
  const bits = writer.reset()
  bits.bits(end - start, 16)
  let timeMs = timesMs[start]
  let delta = 0
  bits.varint(timeMs).bits64(words[2 * start + 1], words[2 * start], 64)
  running.set(words[2 * start + 1] | 0, words[2 * start] | 0)
  for (let at = start + 1; at < end; at++) {
    const next = timesMs[at] - timeMs
    if (at === start + 1) bits.uvarint(next)
    else writeTime(bits, next - delta)
    delta = next
    timeMs = timesMs[at]
    running.write(bits, words[2 * at + 1] | 0, words[2 * at] | 0)
  }
  return bits.toBytes()
}

function put(into: SampleColumns, timeMs: number): void {
  const at = into.count++
  into.timesMs[at] = timeMs
  into.bits[2 * at] = running.low
  into.bits[2 * at + 1] = running.high
}

function readTime(bits: BitReader): number {
  let kind = 0
  while (kind < 4 && bits.bit() === 1) kind++
  if (kind === 0) return 0
  if (kind === 4) return bits.int64()
  const size = TIME_SIZES[kind]
  const value = bits.bits(size)
  return value > 2 ** (size - 1) ? value - 2 ** size : value
}

function writeTime(bits: BitWriter, value: number): void {
  let kind = 0
  if (value !== 0) {
    kind = 1
    while (kind < 4 && !(value >= 1 - 2 ** (TIME_SIZES[kind] - 1) && value <= 2 ** (TIME_SIZES[kind] - 1))) kind++
  }
  for (let ones = 0; ones < kind; ones++) bits.bits(1, 1)
  if (kind < 4) bits.bits(0, 1)
  if (kind === 4) bits.int64(value)
  else bits.bits(value, TIME_SIZES[kind])
}
