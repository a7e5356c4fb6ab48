import type { OtlpSignal } from '@quartet/model'
import { body, type, withDefault } from '../../graph/index.ts'
import { Capsule } from '../../syntax/index.ts'
import type { ObjectValue } from '../../syntax/index.ts'

/** OTLP data of one signal as the protobuf bytes of an Export…ServiceRequest. Two of them are merged by concatenation. */
export interface OtlpBatch {
  readonly signal: OtlpSignal
  readonly bytes: Uint8Array
  /** Spans, data points or log records. */
  readonly items: number
}

/** A place that takes OTLP data: processors and exporters. */
export interface OtlpConsumer {
  /**
   * Resolves when the data is delivered or would survive the process, so that whoever sent it may forget it.
   * @throws DeliveryError
   */
  consume(batch: OtlpBatch): Promise<void>
}

/** The data was not taken over. */
export class DeliveryError extends Error {
  /** The same data may be taken later. */
  readonly isRetryable: boolean
  /** What the other side asked for, in milliseconds. */
  readonly retryAfterMs: number | undefined
  constructor(message: string, options: { isRetryable: boolean; retryAfterMs?: number | undefined; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.name = 'DeliveryError'
    this.isRetryable = options.isRetryable
    this.retryAfterMs = options.retryAfterMs
  }
}

export const SIGNALS: readonly OtlpSignal[] = ['traces', 'metrics', 'logs']

const consumer = type.capsule<OtlpConsumer>('otelcol.Consumer', 'otelcol.Consumer')

/** The `output` block that all receivers and processors have. */
export const outputSchema = body({
  metrics: withDefault(type.list(consumer), []),
  logs: withDefault(type.list(consumer), []),
  traces: withDefault(type.list(consumer), []),
})

export type Output = Readonly<Record<OtlpSignal, readonly OtlpConsumer[]>>

/** `input`, the export of processors and exporters. */
export function inputExport(input: OtlpConsumer): ObjectValue {
  return new Map([['input', new Capsule('otelcol.Consumer', 'otelcol.Consumer', input)]])
}

/** Hands a batch to all of them; the first that refuses it refuses it for all, and a repetition may repeat it for the others. */
export async function fanOut(consumers: readonly OtlpConsumer[], batch: OtlpBatch): Promise<void> {
  for (const consumer of consumers) await consumer.consume(batch)
}

/** How the counters of upstream name what a signal is made of. */
export const ITEM_NAMES: Readonly<Record<OtlpSignal, string>> = {
  traces: 'spans',
  metrics: 'metric_points',
  logs: 'log_records',
}

/** One byte for the signal, then the request: how a batch lies in a queue. */
export function encodeBatch(batch: OtlpBatch): Uint8Array {
  const encoded = Buffer.allocUnsafe(batch.bytes.length + 1)
  encoded[0] = SIGNALS.indexOf(batch.signal)
  encoded.set(batch.bytes, 1)
  return encoded
}

export function decodeBatch(encoded: Uint8Array, items: number): OtlpBatch {
  const signal = SIGNALS[encoded[0]]
  if (signal === undefined) throw new Error(`queue entry of unknown signal ${encoded[0]}`)
  return { signal, bytes: encoded.subarray(1), items }
}
