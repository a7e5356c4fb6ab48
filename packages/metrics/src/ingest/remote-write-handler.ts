import type { IncomingMessage, ServerResponse } from 'node:http'
import { SnappyDecoder, WireError } from '@quartet/model'
import { HttpError, readRawBody } from '@quartet/runtime'
import { WalError } from '@quartet/storage'
import type { MetricsDatabase, WriteReport } from '../storage/database.ts'
import { sendText } from './send-text.ts'

const PROTOBUF = 'application/x-protobuf'
const V1 = 'prometheus.WriteRequest'
const V2 = 'io.prometheus.write.v2.Request'
/** A decoder's buffer larger than this is given back after the request. */
const KEEP_BYTES = 4 << 20

export interface RemoteWriteHandlerOptions {
  /** Of the body as sent. Default 32 MiB. */
  readonly maxBytes?: number
  /** Of the body after decompression. Default 128 MiB. */
  readonly maxDecodedBytes?: number
  /** Told of every request, for metrics. */
  readonly onReport?: (report: WriteReport) => void
  readonly onRefused?: (status: number, message: string) => void
}

type RawHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/**
 * `POST /api/v1/write` of Prometheus, remote write 1.0: 204, or upstream's status and text. Version 2.0 is refused with 415, as a
 * server that does not accept it does.
 */
export function remoteWriteHandler(database: MetricsDatabase, options: RemoteWriteHandlerOptions = {}): RawHandler {
  const { maxBytes = 32 << 20, maxDecodedBytes = 128 << 20 } = options
  const decoder = new SnappyDecoder(maxDecodedBytes)
  return async (request, response) => {
    try {
      checkHeaders(request)
      const body = await readRawBody(request, { maxBytes })
      // Decoding and resolving are done when this returns its promise, so that requests can share one decoder.
      const writing = database.appendRemoteWrite(decoder.decode(body))
      decoder.shrink(KEEP_BYTES)
      const report = await writing
      options.onReport?.(report)
      if (report.problem !== undefined) throw new HttpError(400, report.problem)
      response.writeHead(204).end()
    } catch (error) {
      const { status, message } = refusalOf(error)
      options.onRefused?.(status, message)
      sendText(request, response, status, message)
    }
  }
}

/** Status and text of what went wrong with a write; rethrows what is nobody's input. */
export function refusalOf(error: unknown): { status: number; message: string } {
  if (error instanceof HttpError) return { status: error.status, message: error.message }
  if (error instanceof WireError) return { status: 400, message: error.message }
  if (error instanceof WalError) return { status: 500, message: error.message }
  throw error
}

function checkHeaders({ headers }: IncomingMessage): void {
  const contentType = (headers['content-type'] ?? PROTOBUF).trim()
  const [media, ...parameters] = contentType.split(';')
  if (media !== PROTOBUF) {
    throw new HttpError(415, `expected ${PROTOBUF} as the first (media) part, got ${contentType} content-type`)
  }
  for (const parameter of parameters) checkParameter(parameter, contentType)
  const encoding = headers['content-encoding'] ?? ''
  if (encoding !== '' && encoding.toLowerCase() !== 'snappy') {
    const message = `${encoding} encoding (compression) is not accepted by this server; only snappy is acceptable`
    throw new HttpError(415, message)
  }
}

function checkParameter(parameter: string, contentType: string): void {
  const pair = parameter.split('=')
  if (pair.length !== 2) {
    const rfc = 'as per https://www.rfc-editor.org/rfc/rfc9110#parameter expected parameters to be key-values'
    throw new HttpError(415, `${rfc}, got ${parameter} in ${contentType} content-type`)
  }
  if (pair[0].trim() !== 'proto' || pair[1] === V1) return
  if (pair[1] === V2)
    throw new HttpError(415, `${V2} protobuf message is not accepted by this server; only accepts ${V1}`)
  throw new HttpError(
    415,
    `got ${contentType} content type; unknown type for remote write protobuf message ${pair[1]}, supported: ${V1}, ${V2}`,
  )
}
