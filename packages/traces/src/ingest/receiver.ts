import { LimitError, WireError } from '@quartet/model'
import type { SpanColumns } from '@quartet/model'
import type { SelfMetrics } from '@quartet/runtime'
import { WalError } from '@quartet/storage'
import type { AppendResult } from '../storage/store.ts'

/** What a receiver needs of the store. */
export interface SpanSink {
  append(request: Uint8Array, check?: (columns: SpanColumns) => void): Promise<AppendResult>
}

/** Why a request was refused; api/ turns the kind into HTTP and gRPC codes. */
export class IngestError extends Error {
  readonly kind: 'bad_data' | 'limit' | 'unavailable'
  constructor(kind: IngestError['kind'], message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'IngestError'
    this.kind = kind
  }
}

const TENANT = 'single-tenant'

/** Takes OTLP requests as protobuf, counts them under Tempo's names, and stores them wholly or not at all. */
export class SpanReceiver {
  readonly #sink: SpanSink
  readonly #spans
  readonly #bytes
  readonly #discarded

  constructor(sink: SpanSink, metrics: SelfMetrics) {
    this.#sink = sink
    this.#spans = metrics.counter(
      'tempo_distributor_spans_received_total',
      'The total number of spans received per tenant',
      ['tenant'],
    )
    this.#bytes = metrics.counter(
      'tempo_distributor_bytes_received_total',
      'The total number of proto bytes received per tenant',
      ['tenant'],
    )
    this.#discarded = metrics.counter(
      'tempo_discarded_spans_total',
      'The total number of samples that were discarded.',
      ['reason', 'tenant'],
    )
  }

  /** Resolves once the spans are durable and visible. @throws IngestError */
  async receive(request: Uint8Array): Promise<void> {
    let spanCount = 0
    try {
      const result = await this.#sink.append(request, (columns) => {
        spanCount = columns.count
        checkTraceIds(columns)
      })
      this.#spans.inc({ tenant: TENANT }, result.spanCount)
      this.#bytes.inc({ tenant: TENANT }, result.sizeBytes)
    } catch (error) {
      throw this.#refuse(error, spanCount)
    }
  }

  /** Counts a request that could not even be read. */
  countMalformed(): void {
    this.#discarded.inc({ reason: 'malformed', tenant: TENANT }, 1)
  }

  #refuse(error: unknown, spanCount: number): unknown {
    const count = (reason: string): void => this.#discarded.inc({ reason, tenant: TENANT }, Math.max(1, spanCount))
    if (error instanceof IngestError || error instanceof WireError) {
      count(error instanceof IngestError ? 'invalid_trace_id' : 'malformed')
      return error instanceof IngestError ? error : new IngestError('bad_data', error.message, { cause: error })
    }
    if (error instanceof LimitError) {
      count(error.limit === 'max_bytes_per_trace' ? 'trace_too_large' : 'live_traces_exceeded')
      return new IngestError('limit', error.message, { cause: error })
    }
    if (error instanceof WalError) {
      count('internal_error')
      return new IngestError('unavailable', error.message, { cause: error })
    }
    return error
  }
}

function checkTraceIds(columns: SpanColumns): void {
  for (let row = 0; row < columns.count; row++) {
    const size = columns.traceIdEnd[row] - columns.traceIdStart[row]
    if (size !== 16) throw new IngestError('bad_data', `trace ids must be 128 bit, received ${size * 8} bits`)
  }
}
