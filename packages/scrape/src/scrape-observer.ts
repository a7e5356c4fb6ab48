import type { SelfMetrics } from '@quartet/runtime'

import type { ScrapeEvent } from './loop/scrape-loop.ts'
import type { ActiveTarget } from './scrape-pool.ts'

/** Counts what scraping does, under upstream's names. */
export function scrapeObserver(
  metrics: SelfMetrics,
  active: () => readonly ActiveTarget[],
): (event: ScrapeEvent) => void {
  const exceededSamples = metrics.counter(
    'prometheus_target_scrapes_exceeded_sample_limit_total',
    'Total number of scrapes that hit the sample limit and were rejected.',
  )
  const exceededBody = metrics.counter(
    'prometheus_target_scrapes_exceeded_body_size_limit_total',
    'Total number of scrapes that hit the body size limit.',
  )
  const outOfOrder = metrics.counter(
    'prometheus_target_scrapes_sample_out_of_order_total',
    'Total number of samples rejected due to not being out of the expected order.',
  )
  const outOfBounds = metrics.counter(
    'prometheus_target_scrapes_sample_out_of_bounds_total',
    'Total number of samples rejected due to timestamp falling outside of the time bounds.',
  )
  const duplicate = metrics.counter(
    'prometheus_target_scrapes_sample_duplicate_timestamp_total',
    'Total number of samples rejected due to duplicate timestamps but different values.',
  )
  const targets = metrics.gauge(
    'prometheus_target_scrape_pool_targets',
    'Current number of targets in this scrape pool.',
    ['scrape_job'],
  )
  return (event) => {
    switch (event.kind) {
      case 'sample limit':
        return exceededSamples.inc()
      case 'body size limit':
        return exceededBody.inc()
      case 'scraped':
        outOfOrder.inc(event.report.outOfOrder)
        outOfBounds.inc(event.report.tooOld)
        duplicate.inc(event.report.duplicate)
        targets.set({ scrape_job: event.job }, active().filter(({ job }) => job === event.job).length)
    }
  }
}
