import type { OtlpSignal } from '@quartet/model'
import type { SelfMetrics } from '@quartet/runtime'
import { ITEM_NAMES, SIGNALS } from './consumer.ts'

/** One counter per signal under upstream's names, such as `otelcol_receiver_accepted_spans_total`. */
export function signalCounters(
  metrics: SelfMetrics,
  name: (items: string) => string,
  help: (items: string) => string,
  labels: Readonly<Record<string, string>>,
): (signal: OtlpSignal, count: number) => void {
  const counters = new Map(
    SIGNALS.map((signal) => {
      const items = ITEM_NAMES[signal]
      const counter = metrics.counter(name(items), help(items.replace('_', ' ')), Object.keys(labels))
      return [signal, counter.labels(labels)]
    }),
  )
  return (signal, count) => counters.get(signal)!.inc(count)
}
