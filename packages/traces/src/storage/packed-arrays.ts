import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompressSync } from 'node:zlib'

const compress = promisify(zstdCompress)
const LEVEL = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/**
 * Several arrays as one zstd frame; layout in docs/format/block.md: u32 count, u32 length in bytes of each, then the arrays,
 * each from a multiple of 8, so that typed arrays can be laid over them.
 */
export function packArrays(arrays: readonly ArrayBufferView[]): Promise<Uint8Array> {
  let size = aligned(4 + 4 * arrays.length)
  for (const array of arrays) size += aligned(array.byteLength)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, arrays.length, true)
  let at = aligned(4 + 4 * arrays.length)
  for (const [index, array] of arrays.entries()) {
    view.setUint32(4 + 4 * index, array.byteLength, true)
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at)
    at += aligned(array.byteLength)
  }
  return compress(bytes, LEVEL)
}

/** @throws Error when the frame is damaged; its checksum was verified by the block, so this would be a bug or an attack */
export function unpackArrays(packed: Uint8Array): Uint8Array[] {
  const bytes = unzip(packed)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = view.getUint32(0, true)
  let at = aligned(4 + 4 * count)
  const arrays: Uint8Array[] = []
  for (let index = 0; index < count; index++) {
    const length = view.getUint32(4 + 4 * index, true)
    if (at + length > bytes.length) throw new Error('packed arrays run past their end')
    arrays.push(bytes.subarray(at, at + length))
    at += aligned(length)
  }
  return arrays
}

export function zip(bytes: Uint8Array): Promise<Uint8Array> {
  return compress(bytes, LEVEL)
}

/** The content of a zstd frame, beginning at a multiple of 8 of its buffer. */
export function unzip(packed: Uint8Array): Uint8Array {
  const bytes = zstdDecompressSync(packed)
  return bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes)
}

export function asWords(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
}

export function asInts(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
}

export function asBigs(bytes: Uint8Array): BigUint64Array {
  return new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8)
}

export function asDoubles(bytes: Uint8Array): Float64Array {
  return new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8)
}

/** Ascending numbers as differences, which zstd packs far better. In place on a copy. */
export function toDeltas(values: Uint32Array): Uint32Array {
  const deltas = values.slice()
  for (let index = deltas.length - 1; index > 0; index--) deltas[index] -= deltas[index - 1]
  return deltas
}

/** Undoes {@link toDeltas} in place. */
export function fromDeltas(deltas: Uint32Array): Uint32Array {
  for (let index = 1; index < deltas.length; index++) deltas[index] += deltas[index - 1]
  return deltas
}

function aligned(size: number): number {
  return (size + 7) & ~7
}
