import type { IncomingMessage, ServerResponse } from 'node:http'
import { LimitError, SnappyDecoder, WireError } from '@quartet/model'
import { HttpError, readRawBody } from '@quartet/runtime'
import { WalError } from '@quartet/storage'
import type { MetricsDatabase, WriteReport } from '../storage/database.ts'
import { REMOTE_WRITE_MESSAGES } from '../config/flags.ts'
import type { RemoteWriteMessage } from '../config/flags.ts'
import { sendText } from './send-text.ts'

const PROTOBUF = 'application/x-protobuf'
const [V1, V2] = REMOTE_WRITE_MESSAGES

/** A decoder's buffer larger than this is given back after the request. */
const KEEP_BYTES = 4 << 20

export interface RemoteWriteHandlerOptions {
  /** Of the body as sent. Default 32 MiB. */
  readonly maxBytes?: number
  /** Of the body after decompression. Default 128 MiB. */
  readonly maxDecodedBytes?: number
  /** `--web.remote-write-receiver.accepted-protobuf-messages`. Default both. */
  readonly accepted?: readonly RemoteWriteMessage[]
  /** Feature `created-timestamp-zero-ingestion`: a zero where a series of version 2.0 says that it began. */
  readonly createdZeros?: boolean
  /** Told of every request, for metrics. */
  readonly onReport?: (report: WriteReport) => void
  readonly onRefused?: (status: number, message: string) => void
}

type RawHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/**
 * `POST /api/v1/write` of Prometheus, remote write 1.0 and 2.0: 204, or upstream's status and text. Of a request in version 2.0 the good
 * part is stored, and headers say how much that was.
 */
export function remoteWriteHandler(database: MetricsDatabase, options: RemoteWriteHandlerOptions = {}): RawHandler {
  const { maxBytes = 32 << 20, maxDecodedBytes = 128 << 20, accepted = REMOTE_WRITE_MESSAGES } = options
  const decoder = new SnappyDecoder(maxDecodedBytes)
  const appendV2 = (body: Uint8Array): Promise<WriteReport> => {
    const writing = database.appendRemoteWriteV2(decoder.decode(body), options)
    decoder.shrink(KEEP_BYTES)
    return writing
  }
  return async (request, response) => {
    let isV2 = false
    let written = NOTHING_WRITTEN
    try {
      const message = messageOf(request, accepted)
      isV2 = message === V2
      const body = await readRawBody(request, { maxBytes })
      // Decoding and resolving are done when this returns its promise, so that requests can share one decoder.
      const writing = isV2 ? appendV2(body) : database.appendSnappyRemoteWrite(body, decoder)
      const report = await writing
      options.onReport?.(report)
      written = report
      if (report.problem !== undefined) throw new HttpError(400, report.problem)
      if (isV2) setWritten(response, written)
      response.writeHead(204).end()
    } catch (error) {
      const { status, message } = refusalOf(error)
      options.onRefused?.(status, message)
      if (isV2) setWritten(response, written)
      sendText(request, response, status, message)
    }
  }
}

/** Status and text of what went wrong with a write; rethrows what is nobody's input. */
export function refusalOf(error: unknown): { status: number; message: string } {
  if (error instanceof HttpError) return { status: error.status, message: error.message }
  if (error instanceof WireError) return { status: 400, message: error.message }
  if (error instanceof LimitError) return { status: 500, message: error.message }
  if (error instanceof WalError) return { status: 500, message: error.message }
  throw error
}

const NOTHING_WRITTEN = { samples: 0, histograms: 0, exemplars: 0 }

function setWritten(response: ServerResponse, { samples, histograms, exemplars }: typeof NOTHING_WRITTEN): void {
  response.setHeader('X-Prometheus-Remote-Write-Samples-Written', samples - histograms)
  response.setHeader('X-Prometheus-Remote-Write-Histograms-Written', histograms)
  response.setHeader('X-Prometheus-Remote-Write-Exemplars-Written', exemplars)
}

function messageOf({ headers }: IncomingMessage, accepted: readonly RemoteWriteMessage[]): RemoteWriteMessage {
  const contentType = (headers['content-type'] ?? PROTOBUF).trim()
  const [media, ...parameters] = contentType.split(';')
  if (media !== PROTOBUF) {
    throw new HttpError(415, `expected ${PROTOBUF} as the first (media) part, got ${contentType} content-type`)
  }
  const message =
    parameters.map((parameter) => protoOf(parameter, contentType)).find((name) => name !== undefined) ?? V1
  if (!accepted.includes(message)) {
    const names = accepted.join(', ')
    throw new HttpError(415, `${message} protobuf message is not accepted by this server; only accepts ${names}`)
  }
  const encoding = headers['content-encoding'] ?? ''
  if (encoding !== '' && encoding.toLowerCase() !== 'snappy') {
    const text = `${encoding} encoding (compression) is not accepted by this server; only snappy is acceptable`
    throw new HttpError(415, text)
  }
  return message
}

function protoOf(parameter: string, contentType: string): RemoteWriteMessage | undefined {
  const pair = parameter.split('=')
  if (pair.length !== 2) {
    const rfc = 'as per https://www.rfc-editor.org/rfc/rfc9110#parameter expected parameters to be key-values'
    throw new HttpError(415, `${rfc}, got ${parameter} in ${contentType} content-type`)
  }
  if (pair[0].trim() !== 'proto') return undefined
  const known = REMOTE_WRITE_MESSAGES.find((name) => name === pair[1])
  if (known !== undefined) return known
  throw new HttpError(
    415,
    `got ${contentType} content type; unknown type for remote write protobuf message ${pair[1]}, supported: ${V1}, ${V2}`,
  )
}
