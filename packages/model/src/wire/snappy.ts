import { WireError } from './proto-reader.ts'

const DEFAULT_MAX_BYTES = 64 << 20
/** Copies up to this length are made here, four bytes at a time: a call into C++ costs more. */
const SHORT_COPY = 64
/** Room behind the output for the last word of a copy. */
const SLACK = 4

/**
 * Decodes the snappy block format into one buffer that it keeps, because a fresh output per call costs three times the CPU
 * of the decoding itself. What {@link decode} returns is valid until the next call.
 */
export class SnappyDecoder {
  readonly #maxBytes: number
  #output = new Uint8Array(0)
  #view = new DataView(this.#output.buffer)

  /** @param maxBytes refuses larger outputs before anything is decoded; default 64 MiB */
  constructor(maxBytes: number = DEFAULT_MAX_BYTES) {
    this.#maxBytes = maxBytes
  }

  /** @throws WireError when the input is malformed or would be larger than allowed */
  decode(source: Uint8Array): Uint8Array {
    const [size, start] = readSize(source)
    if (size > this.#maxBytes) throw new WireError(`snappy: decoded size ${size} is over ${this.#maxBytes} bytes`, 0)
    // No snappy element makes more than 64 bytes out of 3, so that a lying size cannot claim much memory.
    if (size > 32 * source.length) throw new WireError('snappy: corrupt input', 0)
    if (size + SLACK > this.#output.length) {
      this.#output = new Uint8Array(Math.max(size + SLACK, 2 * this.#output.length, 65536))
      this.#view = new DataView(this.#output.buffer)
    }
    decodeElements(source, start, this.#output, this.#view, size)
    return this.#output.subarray(0, size)
  }

  /** Gives memory back after an unusually large message. */
  shrink(keepBytes: number): void {
    if (this.#output.length <= keepBytes) return
    this.#output = new Uint8Array(0)
    this.#view = new DataView(this.#output.buffer)
  }
}

/** Decodes one message; pass a decoder to reuse its buffer, else the result is the caller's. */
export function snappyDecode(source: Uint8Array, reuse: SnappyDecoder = new SnappyDecoder()): Uint8Array {
  return reuse.decode(source)
}

function readSize(source: Uint8Array): [size: number, next: number] {
  let size = 0
  for (let at = 0; at < 5; at++) {
    if (at >= source.length) break
    const byte = source[at]
    size += (byte & 127) * 2 ** (7 * at)
    if (byte < 128) {
      if (size > 0xffffffff) break
      return [size, at + 1]
    }
  }
  throw new WireError('snappy: corrupt input', 0)
}

/** Fills exactly `size` bytes of `output`. Format: google/snappy format_description.txt. */
function decodeElements(
  source: Uint8Array,
  start: number,
  output: Uint8Array,
  outputView: DataView,
  size: number,
): void {
  const sourceView = new DataView(source.buffer, source.byteOffset, source.byteLength)
  const end = source.length
  let at = start
  let written = 0
  while (at < end) {
    const tag = source[at++]
    let length: number
    let offset: number
    switch (tag & 3) {
      case 0: {
        length = tag >> 2
        if (length >= 60) {
          const extra = length - 59
          if (at + extra > end) throw corrupt(at)
          length = 0
          for (let index = 0; index < extra; index++) length += source[at++] * 2 ** (8 * index)
        }
        length++
        if (length > end - at || length > size - written) throw corrupt(at)
        if (length > SHORT_COPY) {
          output.set(source.subarray(at, at + length), written)
          written += length
          at += length
        } else if (length + SLACK <= end - at) {
          for (let copied = 0; copied < length; copied += 4) {
            outputView.setInt32(written + copied, sourceView.getInt32(at + copied, true), true)
          }
          written += length
          at += length
        } else {
          for (const stop = at + length; at < stop;) output[written++] = source[at++]
        }
        continue
      }
      case 1:
        if (at >= end) throw corrupt(at)
        length = ((tag >> 2) & 7) + 4
        offset = ((tag >> 5) << 8) | source[at++]
        break
      case 2:
        if (at + 2 > end) throw corrupt(at)
        length = (tag >> 2) + 1
        offset = source[at] | (source[at + 1] << 8)
        at += 2
        break
      default:
        if (at + 4 > end) throw corrupt(at)
        length = (tag >> 2) + 1
        offset = (source[at] | (source[at + 1] << 8) | (source[at + 2] << 16) | (source[at + 3] << 24)) >>> 0
        at += 4
    }
    if (offset === 0 || offset > written || length > size - written) throw corrupt(at)
    if (offset >= length && length > SHORT_COPY) {
      output.copyWithin(written, written - offset, written - offset + length)
      written += length
    } else if (offset >= 4) {
      for (let copied = 0; copied < length; copied += 4) {
        outputView.setInt32(written + copied, outputView.getInt32(written + copied - offset, true), true)
      }
      written += length
    } else {
      // An overlapping copy repeats what it has just written; that is how snappy codes runs.
      for (let from = written - offset, stop = written + length; written < stop;) output[written++] = output[from++]
    }
  }
  if (written !== size) throw corrupt(at)
}

function corrupt(at: number): WireError {
  return new WireError('snappy: corrupt input', at)
}
