import { ProtoWriter } from '@quartet/model'

import { seededRandom } from './random.ts'

const SERVICES = ['frontend', 'cart', 'orders', 'payments', 'shipping']
const OPERATIONS = ['GET /', 'GET /cart', 'POST /orders', 'charge', 'quote']
const SPANS_PER_TRACE = 10

export interface SpanRequest {
  readonly body: Uint8Array<ArrayBuffer>
  readonly spans: number
}

/** Traces of ten spans over five services as OTLP export requests (ExportTraceServiceRequest). */
export class SpanModel {
  readonly #random: () => number
  /** Ids of the last request's traces, hexadecimal. */
  traceIds: string[] = []

  constructor(seed = 1) {
    this.#random = seededRandom(seed)
  }

  request(startNs: bigint, traces: number): SpanRequest {
    const ids = Array.from({ length: traces }, () => this.#id(16))
    this.traceIds = ids.map((id) => Buffer.from(id).toString('hex'))
    const roots = ids.map(() => this.#id(8))
    const writer = new ProtoWriter(1 << 20)
    for (const [index, service] of SERVICES.entries()) {
      const resourceSpans = writer.begin(1)
      const resource = writer.begin(1)
      this.#attribute(writer, 1, 'service.name', service)
      this.#attribute(writer, 1, 'deployment.environment.name', 'prod')
      writer.finish(resource)
      const scopeSpans = writer.begin(2)
      for (const [trace, id] of ids.entries()) {
        for (let span = index; span < SPANS_PER_TRACE; span += SERVICES.length) {
          this.#span(writer, {
            traceId: id,
            root: roots[trace],
            span,
            operation: OPERATIONS[index],
            startNs: startNs + BigInt(trace) * 1_000_000n,
          })
        }
      }
      writer.finish(scopeSpans)
      writer.finish(resourceSpans)
    }
    return { body: writer.toBytes(), spans: traces * SPANS_PER_TRACE }
  }

  #span(
    writer: ProtoWriter,
    span: { traceId: Uint8Array; root: Uint8Array; span: number; operation: string; startNs: bigint },
  ): void {
    const durationNs = BigInt(Math.floor(this.#random() * 400_000_000))
    const start = writer.begin(2)
    writer.bytes(1, span.traceId).bytes(2, span.span === 0 ? span.root : this.#id(8))
    if (span.span > 0) writer.bytes(4, span.root)
    writer.string(5, span.operation).uint(6, span.span === 0 ? 2 : 3)
    writer.fixed64(7, span.startNs).fixed64(8, span.startNs + durationNs)
    this.#attribute(writer, 9, 'http.request.method', 'GET')
    this.#attribute(writer, 9, 'http.route', span.operation)
    this.#attribute(writer, 9, 'http.response.status_code', this.#random() < 0.03 ? 500 : 200)
    this.#attribute(writer, 9, 'user.id', `user-${Math.floor(this.#random() * 5000)}`)
    writer.finish(start)
  }

  #attribute(writer: ProtoWriter, field: number, key: string, value: string | number): void {
    const attribute = writer.begin(field)
    writer.string(1, key)
    const any = writer.begin(2)
    if (typeof value === 'string') writer.string(1, value)
    else writer.int64(3, value)
    writer.finish(any)
    writer.finish(attribute)
  }

  #id(size: number): Uint8Array {
    return Uint8Array.from({ length: size }, () => Math.floor(this.#random() * 255) + 1)
  }
}
