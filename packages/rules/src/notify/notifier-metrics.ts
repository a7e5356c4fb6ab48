import type { SelfMetrics } from '@quartet/runtime'

const QUANTILES = [0.5, 0.9, 0.99]

/** What the notifier says about itself, under upstream's names. */
export interface NotifierMetrics {
  readonly sent: (url: string, count: number, seconds: number) => void
  readonly failed: (url: string, count: number) => void
  readonly dropped: (count: number) => void
  /** Series of a destination stand at zero from the beginning and go with it. */
  readonly setDestinations: (urls: readonly string[]) => void
}

export function createNotifierMetrics(
  metrics: SelfMetrics,
  sources: { readonly capacity: number; readonly queued: () => number },
  prefix = 'prometheus',
): NotifierMetrics {
  const labels = ['alertmanager'] as const
  const name = (rest: string): string => `${prefix}_notifications_${rest}`
  const latency = metrics.summary(
    name('latency_seconds'),
    'Latency quantiles for sending alert notifications.',
    QUANTILES,
    labels,
  )
  const errors = metrics.counter(name('errors_total'), 'Total number of sent alerts affected by errors.', labels)
  const sent = metrics.counter(name('sent_total'), 'Total number of alerts sent.', labels)
  const dropped = metrics.counter(
    name('dropped_total'),
    'Total number of alerts dropped due to errors when sending to Alertmanager.',
  )
  metrics.gauge(name('queue_capacity'), 'The capacity of the alert notifications queue.').set(sources.capacity)
  metrics.gauge(name('queue_length'), 'The number of alert notifications in the queue.', [], (gauge) =>
    gauge.set(sources.queued()),
  )
  const discovered = metrics.gauge(
    name('alertmanagers_discovered'),
    'The number of alertmanagers discovered and active.',
  )
  let known: readonly string[] = []
  return {
    sent: (url, count, seconds) => {
      sent.inc({ alertmanager: url }, count)
      latency.observe({ alertmanager: url }, seconds)
    },
    failed: (url, count) => errors.inc({ alertmanager: url }, count),
    dropped: (count) => dropped.inc(count),
    setDestinations: (urls) => {
      for (const url of known) {
        if (!urls.includes(url)) for (const one of [latency, errors, sent]) one.remove({ alertmanager: url })
      }
      for (const url of urls) for (const one of [errors, sent]) one.inc({ alertmanager: url }, 0)
      known = urls
      discovered.set(urls.length)
    },
  }
}
