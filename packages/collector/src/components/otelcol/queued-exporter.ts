import type { Component, ComponentContext } from '../../graph/index.ts'
import { inputExport } from './consumer.ts'
import type { OtlpBatch } from './consumer.ts'
import { SendingQueue } from './sending-queue.ts'
import type { RetrySettings, SendingQueueSettings } from './sending-queue.ts'

/** What every OTLP exporter's arguments have. */
export interface QueuedSettings {
  readonly sending_queue: SendingQueueSettings
  readonly retry_on_failure: RetrySettings
}

/** One way to deliver a batch; made anew when the arguments change. */
export interface Sender {
  /** One attempt. @throws DeliveryError */
  send(batch: OtlpBatch, signal: AbortSignal): Promise<void>
  close(): void
}

/** The life of an exporter: a {@link SendingQueue} in front of a sender. */
export function queuedExporter<Settings extends QueuedSettings>(
  context: ComponentContext,
  first: Settings,
  connect: (settings: Settings) => Sender,
): Component<Settings> {
  let sender = connect(first)
  const queue = new SendingQueue(context, sending(first), (batch, signal) => sender.send(batch, signal))
  return {
    exports: inputExport(queue),
    start: () => queue.start(),
    async update(next) {
      sender.close()
      sender = connect(next)
      await queue.update(sending(next))
    },
    async stop() {
      await queue.stop()
      sender.close()
    },
    debugInfo: () =>
      new Map([
        ['queued_requests', BigInt(queue.queued.entries)],
        ['queued_bytes', BigInt(queue.queued.bytes)],
      ]),
  }
}

function sending(settings: QueuedSettings): { queue: SendingQueueSettings; retry: RetrySettings } {
  return { queue: settings.sending_queue, retry: settings.retry_on_failure }
}
