import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import * as zlib from 'node:zlib'

/** Smaller bodies are sent as they are: the header costs more than gzip saves. */
export const GZIP_MIN_BYTES = 1024

/** Level 1: query results are large and repetitive, latency matters more than the last percent. */
const GZIP_OPTIONS = { level: 1 }
const gzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gzip)

/**
 * Sends a whole body, gzipped when the client accepts that and it is worth it. For raw handlers; fastify routes get the same
 * without asking.
 */
export async function sendBody(
  request: IncomingMessage,
  response: ServerResponse,
  answer: { status?: number; contentType: string; body: string | Buffer | Uint8Array },
): Promise<void> {
  const plain = toBuffer(answer.body)
  const packed = await gzipIfAccepted(request.headers['accept-encoding'], plain)
  const body = packed ?? plain
  response.statusCode = answer.status ?? 200
  response.setHeader('content-type', answer.contentType)
  response.setHeader('vary', 'Accept-Encoding')
  if (packed) response.setHeader('content-encoding', 'gzip')
  response.setHeader('content-length', body.length)
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** @returns the gzipped body, or `undefined` when the plain one is to be sent */
export async function gzipIfAccepted(acceptEncoding: unknown, body: Buffer): Promise<Buffer | undefined> {
  if (body.length < GZIP_MIN_BYTES || !acceptsGzip(acceptEncoding)) return undefined
  return gzip(body, GZIP_OPTIONS)
}

function acceptsGzip(header: unknown): boolean {
  if (typeof header !== 'string') return false
  return header.split(',').some((part) => {
    const [name, ...parameters] = part.trim().toLowerCase().split(';')
    return name === 'gzip' && !parameters.some((parameter) => /^\s*q=0(\.0*)?\s*$/.test(parameter))
  })
}

export function toBuffer(body: string | Uint8Array): Buffer {
  if (typeof body === 'string') return Buffer.from(body)
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength)
}
