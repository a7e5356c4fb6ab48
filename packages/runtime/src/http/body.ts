import type { IncomingMessage } from 'node:http'
import { decodeContent } from './content-encoding.ts'
import { HttpError } from './http-error.ts'

/**
 * Reads the body and undoes its Content-Encoding: `gzip`, `deflate`, `zstd`, `snappy` (block format), `identity`.
 * @param options.maxBytes limit of the bytes on the wire, enforced while they arrive
 * @param options.decodedMaxBytes limit after decompression, enforced while decompressing; `maxBytes` when absent
 * @returns bytes owned by the caller
 * @throws HttpError 413 over a limit, 415 unknown encoding, 400 damaged or truncated
 */
export async function readBody(
  request: IncomingMessage,
  options: { maxBytes: number; decodedMaxBytes?: number },
): Promise<Buffer> {
  const encodings = request.headers['content-encoding']
  const body = await readRawBody(request, options)
  if (!encodings) return body
  return decodeContent(body, encodings, options.decodedMaxBytes ?? options.maxBytes)
}

/**
 * Reads the body as it is on the wire, for callers that bring their own decoder.
 * @throws HttpError 413 over `maxBytes`, 400 when the client stops in the middle
 */
export function readRawBody(request: IncomingMessage, options: { maxBytes: number }): Promise<Buffer> {
  const { maxBytes } = options
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > maxBytes) return Promise.reject(tooLarge(announced, maxBytes))
  if (request.destroyed && !request.complete) return Promise.reject(cutShort())
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const settle = (error?: HttpError): void => {
      request.off('data', onData).off('end', onEnd).off('error', onError).off('close', onError)
      if (error) {
        // The rest is neither wanted nor kept; the error response closes the connection.
        request.pause()
        reject(error)
      } else resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size))
    }
    const onData = (chunk: Buffer): void => {
      size += chunk.length
      if (size > maxBytes) settle(tooLarge(size, maxBytes))
      else chunks.push(chunk)
    }
    const onEnd = (): void => settle()
    const onError = (): void => settle(cutShort())
    request.on('data', onData).on('end', onEnd).on('error', onError).on('close', onError)
  })
}

function tooLarge(size: number, maxBytes: number): HttpError {
  return new HttpError(413, `request body too large: ${size} bytes, limit is ${maxBytes}`)
}

function cutShort(): HttpError {
  return new HttpError(400, 'unexpected EOF: the client closed the connection before the body was complete')
}
