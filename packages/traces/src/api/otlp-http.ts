import { otlpJsonToProto, ProtoWriter, WireError } from '@quartet/model'
import { HttpError, readBody } from '@quartet/runtime'
import type { HttpServer } from '@quartet/runtime'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { IngestError } from '../ingest/receiver.ts'
import type { SpanReceiver } from '../ingest/receiver.ts'

export interface OtlpHttpOptions {
  readonly path: string
  readonly maxBodyBytes: number
  readonly corsOrigins: readonly string[]
  readonly corsHeaders: readonly string[]
  readonly corsMaxAgeSeconds: number
}

const PROTOBUF = 'application/x-protobuf'
const JSON_TYPE = 'application/json'

/** HTTP status and google.rpc code by kind of refusal. */
const CODES: Record<IngestError['kind'], readonly [status: number, code: number]> = {
  bad_data: [400, 3],
  limit: [429, 8],
  unavailable: [503, 14],
}

/** OTLP/HTTP: `POST /v1/traces` in protobuf or JSON, with CORS when the configuration names origins. */
export function addOtlpHttp(server: HttpServer, receiver: SpanReceiver, options: OtlpHttpOptions): void {
  server.raw('POST', options.path, async (request, response) => {
    const type = (request.headers['content-type'] ?? '').split(';', 1)[0].trim().toLowerCase()
    addCors(request, response, options)
    if (type !== PROTOBUF && type !== JSON_TYPE) {
      throw new HttpError(415, `415 unsupported media type, supported: [${JSON_TYPE}, ${PROTOBUF}]`)
    }
    try {
      const body = await readBody(request, { maxBytes: options.maxBodyBytes })
      await receiver.receive(type === JSON_TYPE ? transcode(body, receiver) : body)
      response.setHeader('content-type', type)
      response.end(type === JSON_TYPE ? '{"partialSuccess":{}}' : '')
    } catch (error) {
      answerError(error, type, response)
    }
  })
  if (options.corsOrigins.length === 0) return
  server.api.options(options.path, (request, reply) => {
    addCors(request.raw, reply.raw, options)
    reply.raw.setHeader('access-control-allow-methods', 'POST')
    const wanted = request.headers['access-control-request-headers']
    const headers = options.corsHeaders.includes('*') ? wanted : ['Content-Type', ...options.corsHeaders].join(', ')
    if (headers) reply.raw.setHeader('access-control-allow-headers', headers)
    if (options.corsMaxAgeSeconds > 0) reply.raw.setHeader('access-control-max-age', String(options.corsMaxAgeSeconds))
    return reply.code(204).send()
  })
}

function transcode(body: Buffer, receiver: SpanReceiver): Uint8Array {
  try {
    return otlpJsonToProto('traces', body)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    receiver.countMalformed()
    throw new IngestError('bad_data', error.message, { cause: error })
  }
}

/** The body of an error is a google.rpc.Status in the encoding of the request. */
function answerError(error: unknown, type: string, response: ServerResponse): void {
  let status: number
  let code: number
  if (error instanceof IngestError) [status, code] = CODES[error.kind]
  else if (error instanceof HttpError) [status, code] = [error.status, error.status === 413 ? 8 : 3]
  else throw error
  if (response.req.complete === false) response.shouldKeepAlive = false
  response.statusCode = status
  response.setHeader('content-type', type)
  if (status === 429 || status === 503) response.setHeader('retry-after', '5')
  if (type === JSON_TYPE) response.end(JSON.stringify({ code, message: error.message }))
  else response.end(new ProtoWriter(256).uint(1, code).string(2, error.message).toBytes())
}

function addCors(request: IncomingMessage, response: ServerResponse, options: OtlpHttpOptions): void {
  const { origin } = request.headers
  if (origin === undefined || !options.corsOrigins.some((pattern) => matchesOrigin(pattern, origin))) return
  response.setHeader('access-control-allow-origin', origin)
  response.setHeader('vary', 'Origin')
}

/** `*` stands for any text, as in the collector. */
function matchesOrigin(pattern: string, origin: string): boolean {
  const parts = pattern.toLowerCase().split('*')
  const text = origin.toLowerCase()
  if (parts.length === 1) return text === parts[0]
  let at = parts[0].length
  if (!text.startsWith(parts[0])) return false
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  const last = parts.at(-1)!
  return text.length - last.length >= at && text.endsWith(last)
}
