import { LogBatch, lokiPushFromJson, LokiPushReader, otlpJsonToProto, SnappyDecoder } from '@quartet/model'
import { HttpError, readBody, readRawBody } from '@quartet/runtime'
import type { HttpServer, Logger } from '@quartet/runtime'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Distributor } from '../ingest/distributor.ts'
import { otlpLogsToBatch } from '../ingest/otlp.ts'
import { toAnswer } from './errors.ts'

const MAX_BODY_BYTES = 100 << 20
const MAX_POOLED = 4

/** What one push works in; the decoder's output belongs to the slot until the batch is in the WAL. */
interface Slot {
  readonly batch: LogBatch
  readonly snappy: SnappyDecoder
}

export interface PushOptions {
  readonly distributor: Distributor
  readonly nowNs: () => bigint
  readonly logger: Logger
  /** Throws HttpError 401 when tenants are required and none is named. */
  readonly authorize: (request: IncomingMessage) => void
}

/** POST /loki/api/v1/push, /api/prom/push and /otlp/v1/logs, straight from node:http. */
export function addPushApi(server: HttpServer, options: PushOptions): void {
  const reader = new LokiPushReader()
  const pool: Slot[] = []
  const withBatch = async (
    request: IncomingMessage,
    response: ServerResponse,
    fill: (slot: Slot) => Promise<void>,
    status: number,
  ): Promise<void> => {
    const slot = pool.pop() ?? { batch: new LogBatch(), snappy: new SnappyDecoder(MAX_BODY_BYTES) }
    const { batch } = slot
    try {
      options.authorize(request)
      await fill(slot)
      await options.distributor.push(batch)
      response.writeHead(status).end()
    } catch (error) {
      answerError(response, error, options.logger)
    } finally {
      // A borrowed body must not stay alive with the batch.
      batch.reset()
      if (pool.length < MAX_POOLED) pool.push(slot)
    }
  }
  const push = (request: IncomingMessage, response: ServerResponse): Promise<void> =>
    withBatch(
      request,
      response,
      async ({ batch, snappy }) => {
        const type = mediaType(request)
        if (type === 'application/json') {
          const encoding = request.headers['content-encoding'] ?? ''
          if (encoding === 'snappy')
            throw new HttpError(400, `Content-Encoding ${JSON.stringify(encoding)} not supported`)
          const body = await readBody(request, { maxBytes: MAX_BODY_BYTES })
          lokiPushFromJson(body.toString('utf8'), batch)
        } else if (type === 'application/x-protobuf' || type === '') {
          const body = await readRawBody(request, { maxBytes: MAX_BODY_BYTES })
          reader.read(snappy.decode(body), batch)
        } else throw new HttpError(400, `mime: unsupported media type ${JSON.stringify(type)}`)
      },
      204,
    )
  server.raw('POST', '/loki/api/v1/push', push)
  server.raw('POST', '/api/prom/push', push)
  server.raw('POST', '/otlp/v1/logs', (request, response) =>
    withBatch(
      request,
      response,
      async ({ batch }) => {
        const type = mediaType(request)
        if (type !== 'application/json' && type !== 'application/x-protobuf') {
          throw new HttpError(400, `content type: ${type} is not supported`)
        }
        const body = await readBody(request, { maxBytes: MAX_BODY_BYTES })
        otlpLogsToBatch(type === 'application/json' ? otlpJsonToProto('logs', body) : body, batch, {
          nowNs: options.nowNs(),
        })
      },
      204,
    ),
  )
}

/** The media type without parameters; a malformed header is refused as Go's mime package refuses it. */
function mediaType(request: IncomingMessage): string {
  const header = request.headers['content-type'] ?? ''
  const [type, ...parameters] = header.split(';').map((part) => part.trim())
  if (parameters.some((parameter) => parameter !== '' && !/^[^\s=]+=.+$/.test(parameter))) {
    throw new HttpError(400, 'mime: invalid media parameter')
  }
  return type.toLowerCase()
}

export function answerError(response: ServerResponse, error: unknown, logger: Logger): void {
  const answer = toAnswer(error)
  if (!answer) logger.error({ err: error }, 'request failed')
  if (response.headersSent) {
    response.destroy()
    return
  }
  const { status, message } = answer ?? { status: 500, message: 'internal server error' }
  response
    .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' })
    .end(`${message}\n`)
}
