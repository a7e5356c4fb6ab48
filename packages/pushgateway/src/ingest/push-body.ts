import { FamilyTextError, parseFamilies, readDelimitedFamilies, WireError } from '@quartet/model'
import type { MetricFamily, NameRules } from '@quartet/model'
import { decodeContent, HttpError, readRawBody } from '@quartet/runtime'
import type { IncomingMessage } from 'node:http'
import { decodeSnappyStream } from './snappy-stream.ts'

/** On the wire and after decompression. Upstream has none; a job that pushes more has lost its way. */
const MAX_BYTES = 64 << 20

export interface PushBody {
  readonly families: MetricFamily[]
  /** On the wire. */
  readonly sizeBytes: number
}

/**
 * Reads what a client pushes: delimited protobuf when the Content-Type says so, else the text format, gzipped or snappy-framed.
 * @throws HttpError 400 with upstream's text, 413 over a limit
 */
export async function readPushBody(
  request: IncomingMessage,
  contentEncoding: string | undefined,
  rules: NameRules,
): Promise<PushBody> {
  const raw = await readRawBody(request, { maxBytes: MAX_BYTES })
  const bytes = await decode(raw, contentEncoding?.trim().toLowerCase())
  const parse = isDelimitedProtobuf(request.headers['content-type']) ? readDelimitedFamilies : parseFamilies
  try {
    return { families: [...parse(bytes, rules).values()], sizeBytes: raw.length }
  } catch (cause) {
    if (cause instanceof FamilyTextError || cause instanceof WireError)
      throw new HttpError(400, cause.message, { cause })
    throw cause
  }
}

/** Upstream leaves bodies of any other encoding as they are, which then do not parse. */
async function decode(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  if (encoding === 'gzip') return decodeContent(body, 'gzip', MAX_BYTES)
  if (encoding === 'snappy') return decodeSnappyStream(body, MAX_BYTES)
  return body
}

function isDelimitedProtobuf(contentType: string | undefined): boolean {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase())
  return (
    type === 'application/vnd.google.protobuf' &&
    parameters.includes('encoding=delimited') &&
    parameters.includes('proto=io.prometheus.client.metricfamily')
  )
}
