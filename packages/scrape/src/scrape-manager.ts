import type { SampleSink } from '@quartet/model'
import type { Clock, Logger, SelfMetrics } from '@quartet/runtime'

import { scrapeObserver } from './scrape-observer.ts'
import type { LoopServices } from './loop/scrape-loop.ts'
import type { ScrapeConfig } from './scrape-config.ts'
import { ScrapePool } from './scrape-pool.ts'
import type { ActiveTarget, DroppedTarget } from './scrape-pool.ts'

/** Scrapes all jobs of a configuration into one sink. Used by `metrics` for prometheus.yml and by the collector's `prometheus.scrape`. */
export class ScrapeManager {
  readonly #services: LoopServices
  #pools = new Map<string, ScrapePool>()

  constructor(options: { sink: SampleSink; clock: Clock; logger: Logger; metrics: SelfMetrics }) {
    const { sink, clock, logger, metrics } = options
    this.#services = { sink, clock, logger, observe: scrapeObserver(metrics, () => this.active()) }
  }

  /**
   * Makes `configs` the running set: jobs whose configuration is unchanged keep their loops and caches, others are
   * stopped or started. Job names are unique.
   */
  async apply(configs: readonly ScrapeConfig[]): Promise<void> {
    const before = this.#pools
    const pools = new Map<string, ScrapePool>()
    const fresh: ScrapePool[] = []
    for (const config of configs) {
      const existing = before.get(config.jobName)
      if (existing && fingerprint(existing.config) === fingerprint(config)) {
        pools.set(config.jobName, existing)
        before.delete(config.jobName)
      } else {
        const pool = new ScrapePool(config, this.#services)
        pools.set(config.jobName, pool)
        fresh.push(pool)
      }
    }
    this.#pools = pools
    await Promise.all([...before.values()].map((pool) => pool.stop({ markStale: true })))
    for (const pool of fresh) pool.start()
  }

  /** Ends all loops without stale markers: the series go on after the restart. */
  async stop(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.stop({ markStale: false })))
  }

  get jobNames(): readonly string[] {
    return [...this.#pools.keys()]
  }

  active(job?: string): ActiveTarget[] {
    return this.#selected(job).flatMap((pool) => pool.active())
  }

  dropped(job?: string): DroppedTarget[] {
    return this.#selected(job).flatMap((pool) => [...pool.dropped()])
  }

  #selected(job: string | undefined): ScrapePool[] {
    return [...this.#pools.values()].filter((pool) => job === undefined || pool.config.jobName === job)
  }
}

/** Configurations are plain data but for the compiled expressions, whose source text is in `pattern`. */
function fingerprint(config: ScrapeConfig): string {
  return JSON.stringify(config, (key, value: unknown) => (key === 'regex' ? undefined : value))
}
