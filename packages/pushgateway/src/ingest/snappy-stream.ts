import { SnappyDecoder, WireError } from '@quartet/model'
import { HttpError } from '@quartet/runtime'
import { crc32c } from '@quartet/storage'

const MAX_CHUNK_BYTES = 1 << 16
const HEADER = 'sNaPpY'

/**
 * Undoes the snappy framing format (what `snzip` and Go's `snappy.NewWriter` write), not the block format of remote write.
 * @throws HttpError 400 when it is damaged, 413 over `maxBytes`
 * Source: google/snappy framing_format.txt
 */
export function decodeSnappyStream(body: Uint8Array, maxBytes: number): Buffer {
  const view = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const decoder = new SnappyDecoder(MAX_CHUNK_BYTES)
  const parts: Buffer[] = []
  let size = 0
  let at = 0
  while (at < view.length) {
    if (view.length - at < 4) throw corrupt('unexpected EOF')
    const type = view[at]!
    const length = view.readUIntLE(at + 1, 3)
    const start = at + 4
    if (at === 0 && type !== 0xff) throw corrupt()
    at = start + length
    if (at > view.length) throw corrupt('unexpected EOF')
    const chunk = view.subarray(start, at)
    if (type === 0xff) {
      if (chunk.toString('latin1') !== HEADER) throw corrupt()
    } else if (type <= 1) {
      const part = decodeChunk(chunk, type === 0 ? decoder : undefined)
      size += part.length
      if (size > maxBytes) throw new HttpError(413, `decompressed request body too large: limit is ${maxBytes} bytes`)
      parts.push(part)
    } else if (type < 0x80) throw new HttpError(400, 'snappy: unsupported input')
  }
  return Buffer.concat(parts, size)
}

function decodeChunk(chunk: Buffer, decoder: SnappyDecoder | undefined): Buffer {
  if (chunk.length < 4) throw corrupt()
  const data = chunk.subarray(4)
  if (!decoder && data.length > MAX_CHUNK_BYTES) throw corrupt()
  const plain = Buffer.from(decoder ? decodeBlock(decoder, data) : data)
  if (masked(crc32c(plain)) !== chunk.readUInt32LE(0)) throw corrupt()
  return plain
}

function decodeBlock(decoder: SnappyDecoder, data: Uint8Array): Uint8Array {
  try {
    return decoder.decode(data)
  } catch (cause) {
    if (cause instanceof WireError) throw corrupt(undefined, cause)
    throw cause
  }
}

/** Checksums are stored rotated, so that a checksum of data that holds checksums is not weak. */
function masked(crc: number): number {
  return ((((crc >>> 15) | (crc << 17)) >>> 0) + 0xa282ead8) % 2 ** 32
}

function corrupt(reason = 'snappy: corrupt input', cause?: unknown): HttpError {
  return new HttpError(400, reason, { cause })
}
