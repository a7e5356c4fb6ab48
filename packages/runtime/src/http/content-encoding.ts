import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { HttpError } from './http-error.ts'

/**
 * Undoes the encodings of a Content-Encoding header, last one first.
 * @param maxBytes limit of each decoded result; a bomb is given up when it passes the limit, not after
 * @throws HttpError 413, 415 or 400 with a reason
 */
export async function decodeContent(body: Buffer, header: string, maxBytes: number): Promise<Buffer> {
  const encodings = header.split(',').map((name) => name.trim().toLowerCase())
  if (encodings.length > MAX_ENCODINGS) throw new HttpError(415, `more than ${MAX_ENCODINGS} content encodings`)
  let decoded = body
  for (const encoding of encodings.reverse()) decoded = await decodeOne(decoded, encoding, maxBytes)
  return decoded
}

const MAX_ENCODINGS = 3

/** Below this size the thread pool's hand-over costs more than the work. */
const SYNC_BYTES = 32 * 1024

async function decodeOne(body: Buffer, encoding: string, maxBytes: number): Promise<Buffer> {
  switch (encoding) {
    case '':
    case 'identity':
      return body
    case 'gzip':
    case 'x-gzip':
      return inflateWith('gzip', gunzip, zlib.gunzipSync, body, maxBytes)
    case 'deflate':
      return looksLikeZlib(body)
        ? inflateWith('zlib', inflate, zlib.inflateSync, body, maxBytes)
        : inflateWith('flate', inflateRaw, zlib.inflateRawSync, body, maxBytes)
    case 'zstd':
      return inflateWith('zstd', zstdDecompress, zlib.zstdDecompressSync, body, maxBytes)
    case 'snappy':
      return decodeSnappy(body, maxBytes)
    default:
      throw new HttpError(415, `unsupported content encoding "${encoding}"`)
  }
}

type Options = { maxOutputLength: number }
const gunzip = promisify<Buffer, Options, Buffer>(zlib.gunzip)
const inflate = promisify<Buffer, Options, Buffer>(zlib.inflate)
const inflateRaw = promisify<Buffer, Options, Buffer>(zlib.inflateRaw)
const zstdDecompress = promisify<Buffer, Options, Buffer>(zlib.zstdDecompress)

async function inflateWith(
  format: string,
  decode: (body: Buffer, options: Options) => Promise<Buffer>,
  decodeSync: (body: Buffer, options: Options) => Buffer,
  body: Buffer,
  maxBytes: number,
): Promise<Buffer> {
  if (body.length === 0) throw new HttpError(400, `${format}: unexpected EOF`)
  const options = { maxOutputLength: maxBytes }
  try {
    return await (body.length < SYNC_BYTES ? decodeSync(body, options) : decode(body, options))
  } catch (cause) {
    throw explain(format, cause, maxBytes)
  }
}

function explain(format: string, cause: unknown, maxBytes: number): HttpError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ERR_BUFFER_TOO_LARGE') {
    return new HttpError(413, `decompressed request body too large: limit is ${maxBytes} bytes`, { cause })
  }
  const text = cause instanceof Error ? cause.message : String(cause)
  const reason = /unexpected end/.test(text) ? 'unexpected EOF' : /header/.test(text) ? 'invalid header' : text
  return new HttpError(400, `${format}: ${reason}`, { cause })
}

/** RFC 9110 means zlib by `deflate`, some clients send the bare stream: the two-byte zlib header tells them apart. */
function looksLikeZlib(body: Buffer): boolean {
  return body.length >= 2 && (body[0]! & 0x0f) === 8 && ((body[0]! << 8) | body[1]!) % 31 === 0
}

async function decodeSnappy(body: Buffer, maxBytes: number): Promise<Buffer> {
  const decodedBytes = snappyDecodedLength(body)
  if (decodedBytes === undefined) throw new HttpError(400, 'snappy: corrupt input')
  if (decodedBytes > maxBytes) {
    throw new HttpError(413, `decompressed request body too large: ${decodedBytes} bytes, limit is ${maxBytes}`)
  }
  const snappy = await import('snappy')
  try {
    const decoded = await snappy.uncompress(body, { asBuffer: true })
    return decoded as Buffer
  } catch (cause) {
    throw new HttpError(400, 'snappy: corrupt input', { cause })
  }
}

/** The varint that a snappy block starts with; `undefined` when it is longer than 32 bits or cut off. */
function snappyDecodedLength(body: Buffer): number | undefined {
  let length = 0
  for (let index = 0; index < 5 && index < body.length; index++) {
    const byte = body[index]!
    length += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return length <= 0xffff_ffff ? length : undefined
  }
  return undefined
}
