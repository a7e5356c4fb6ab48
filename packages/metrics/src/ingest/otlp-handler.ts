import type { IncomingMessage, ServerResponse } from 'node:http'
import { otlpJsonToProto, OtlpJsonError, OtlpMetricsReader } from '@quartet/model'
import { HttpError, readBody } from '@quartet/runtime'
import type { MetricsDatabase, WriteReport } from '../storage/database.ts'
import type { DeltaAccumulator } from './otlp-deltas.ts'
import { translateOtlp } from './otlp-translation.ts'
import type { OtlpTranslation, OtlpTranslationOptions } from './otlp-translation.ts'
import { refusalOf } from './remote-write-handler.ts'
import { sendText } from './send-text.ts'

const PROTOBUF = 'application/x-protobuf'
const JSON_TYPE = 'application/json'

export interface OtlpHandlerOptions {
  /** Asked for every request, so that a reload takes effect. */
  readonly translation: () => OtlpTranslationOptions
  /** Feature `otlp-deltatocumulative`: makes cumulative points of deltas first. */
  readonly deltas?: DeltaAccumulator | undefined
  /** Of the body as sent. Default 32 MiB. */
  readonly maxBytes?: number
  /** Of the body after decompression. Default 128 MiB. */
  readonly maxDecodedBytes?: number
  readonly onReport?: (report: WriteReport) => void
  readonly onRefused?: (status: number, message: string) => void
}

/**
 * `POST /api/v1/otlp/v1/metrics` of Prometheus: protobuf or JSON. As upstream, a request with anything that cannot be translated,
 * delta temporality for one, is refused as a whole with 500 and the reasons, and one with late samples with 400.
 */
export function otlpMetricsHandler(
  database: MetricsDatabase,
  options: OtlpHandlerOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { maxBytes = 32 << 20, maxDecodedBytes = 128 << 20 } = options
  return async (request, response) => {
    try {
      const isJson = wantsJson(request)
      const body = await readBody(request, { maxBytes, decodedMaxBytes: maxDecodedBytes })
      const message = isJson ? otlpJsonToProto('metrics', body) : body
      const { report } = await appendOtlp(database, message, options.translation(), options.deltas)
      options.onReport?.(report)
      response.writeHead(200).end()
    } catch (error) {
      const { status, message } = refusalOf(error instanceof OtlpJsonError ? new HttpError(400, error.message) : error)
      options.onRefused?.(status, message)
      sendText(request, response, status, message)
    }
  }
}

/**
 * Translates and stores one `ExportMetricsServiceRequest`.
 * @throws WireError when it is malformed, HttpError when it is refused, WalError when the disk refuses it; nothing is stored then
 */
export async function appendOtlp(
  database: MetricsDatabase,
  message: Uint8Array,
  options: OtlpTranslationOptions,
  deltas?: DeltaAccumulator,
): Promise<{ translation: OtlpTranslation; report: WriteReport }> {
  const resources = new OtlpMetricsReader().read(message)
  const translation = translateOtlp(deltas?.cumulative(resources) ?? resources, options)
  if (translation.problems.length > 0) throw new HttpError(500, translation.problems.join('; '))
  const report = await database.appendSamples(translation.samples, translation.metadata)
  if (report.problem !== undefined) throw new HttpError(400, report.problem)
  return { translation, report }
}

function wantsJson({ headers }: IncomingMessage): boolean {
  const contentType = (headers['content-type'] ?? '').split(';')[0].trim()
  if (contentType === PROTOBUF) return false
  if (contentType === JSON_TYPE) return true
  throw new HttpError(400, `unsupported content type: ${contentType}, supported: [${JSON_TYPE}, ${PROTOBUF}]`)
}
