import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { otlpJsonToProto, scanOtlp, WireError } from '@quartet/model'
import type { OtlpSignal } from '@quartet/model'
import { HttpError, nodeHttp, PortTakenError, readBody } from '@quartet/runtime'
import type { Clock, Logger } from '@quartet/runtime'
import { DeliveryError } from './consumer.ts'
import type { OtlpBatch } from './consumer.ts'
import { handleCors } from './cors.ts'
import type { CorsSettings } from './cors.ts'
import { encodeStatus, RpcCode } from './otlp-reply.ts'

export interface OtlpHttpOptions {
  readonly host: string
  readonly port: number
  readonly maxBodyBytes: number
  /** Signal by path; only what has somewhere to go. */
  readonly paths: ReadonlyMap<string, OtlpSignal>
  readonly cors: CorsSettings | undefined
  /** False closes the connection after every answer. */
  readonly keepsAlive: boolean
  /** Content encodings that are taken, `''` for none; all that can be read when absent. */
  readonly encodings: readonly string[] | undefined
  readonly clock: Clock
  readonly logger: Logger
  /** @throws DeliveryError */
  readonly accept: (batch: OtlpBatch) => Promise<void>
}

type Encoding = 'proto' | 'json'

const CONTENT_TYPES: Readonly<Record<Encoding, string>> = { proto: 'application/x-protobuf', json: 'application/json' }
const STOP_GRACE_MS = 5000

/**
 * OTLP over HTTP as upstream's receiver serves it: statuses, texts and the google.rpc.Status in the encoding of the request.
 * Source: opentelemetry.io/docs/specs/otlp (OTLP/HTTP), receiver/otlpreceiver/otlphttp.go.
 */
export class OtlpHttpServer {
  readonly #options: OtlpHttpOptions
  readonly #server: Server

  constructor(options: OtlpHttpOptions) {
    this.#options = options
    this.#server = nodeHttp.createServer((request, response) => void this.#handle(request, response))
  }

  /** @throws PortTakenError */
  listen(): Promise<{ host: string; port: number }> {
    const { host, port } = this.#options
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => {
        const isAddress = cause.code === 'EADDRINUSE' || cause.code === 'EACCES' || cause.code === 'EADDRNOTAVAIL'
        const name = 'otelcol.receiver.otlp http (its endpoint is set in config.alloy)'
        reject(isAddress ? new PortTakenError({ name, host, port, flag: 'config.file', cause }) : cause)
      })
      this.#server.listen(port, host, () => resolve({ host, port: (this.#server.address() as AddressInfo).port }))
    })
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeIdleConnections()
    const grace = this.#options.clock.after(STOP_GRACE_MS, () => this.#server.closeAllConnections())
    await closed
    grace.cancel()
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#options.keepsAlive) response.shouldKeepAlive = false
    try {
      if (handleCors(this.#options.cors, request, response)) return
      const path = (request.url ?? '').split('?', 1)[0]
      const signal = this.#options.paths.get(path)
      if (!signal) return text(request, response, 404, '404 page not found\n')
      if (request.method !== 'POST') return text(request, response, 405, '405 method not allowed, supported: [POST]')
      const encoding = encodingOf(request)
      if (!encoding)
        return text(
          request,
          response,
          415,
          '415 unsupported media type, supported: [application/json, application/x-protobuf]',
        )
      await this.#receive(request, response, signal, encoding)
    } catch (error) {
      this.#options.logger.error({ err: error }, 'OTLP request handler failed')
      if (!response.headersSent) text(request, response, 500, 'internal server error\n')
      else response.destroy()
    }
  }

  async #receive(
    request: IncomingMessage,
    response: ServerResponse,
    signal: OtlpSignal,
    encoding: Encoding,
  ): Promise<void> {
    let batch: OtlpBatch
    try {
      batch = await this.#read(request, signal, encoding)
    } catch (error) {
      if (!(error instanceof HttpError) && !(error instanceof WireError)) throw error
      return status(request, response, encoding, 400, RpcCode.invalidArgument, error.message)
    }
    try {
      await this.#options.accept(batch)
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error
      if (!error.isRetryable) return status(request, response, encoding, 500, RpcCode.internal, error.message)
      response.setHeader('Retry-After', String(Math.max(1, Math.ceil((error.retryAfterMs ?? 1000) / 1000))))
      return status(request, response, encoding, 503, RpcCode.unavailable, error.message)
    }
    send(response, 200, CONTENT_TYPES[encoding], encoding === 'json' ? '{"partialSuccess":{}}' : '')
  }

  async #read(request: IncomingMessage, signal: OtlpSignal, encoding: Encoding): Promise<OtlpBatch> {
    const { maxBodyBytes, encodings } = this.#options
    const compression = request.headers['content-encoding'] ?? ''
    if (encodings && !encodings.includes(compression))
      throw new HttpError(400, `unsupported Content-Encoding: ${compression}`)
    const body = await readBody(request, { maxBytes: maxBodyBytes }).catch((error: unknown) => {
      throw error instanceof HttpError && error.status === 413
        ? new HttpError(413, 'http: request body too large', { cause: error })
        : error
    })
    const bytes = encoding === 'json' ? otlpJsonToProto(signal, body) : body
    return { signal, bytes, items: scanOtlp(signal, bytes).items }
  }
}

function encodingOf(request: IncomingMessage): Encoding | undefined {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0].trim().toLowerCase()
  return type === CONTENT_TYPES.json ? 'json' : type === CONTENT_TYPES.proto ? 'proto' : undefined
}

function status(
  request: IncomingMessage,
  response: ServerResponse,
  encoding: Encoding,
  http: number,
  code: number,
  message: string,
): void {
  refuseRest(request, response)
  const body = encoding === 'json' ? JSON.stringify({ code, message }) : encodeStatus(code, message)
  send(response, http, CONTENT_TYPES[encoding], body)
}

function text(request: IncomingMessage, response: ServerResponse, code: number, message: string): void {
  refuseRest(request, response)
  send(response, code, 'text/plain', message)
}

/** A body that nobody has read to its end must not be taken for the next request. */
function refuseRest(request: IncomingMessage, response: ServerResponse): void {
  if (!request.complete) response.setHeader('Connection', 'close')
}

function send(response: ServerResponse, code: number, contentType: string, body: string | Uint8Array): void {
  response.writeHead(code, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }).end(body)
}
