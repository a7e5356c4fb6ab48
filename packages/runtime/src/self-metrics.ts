import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { getHeapStatistics } from 'node:v8'
import type * as PromClient from 'prom-client'
import type { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client'
import type { Clock } from './clock.ts'

/** Metrics that a system keeps about itself, under upstream's names where it has them. One registry per system. */
export class SelfMetrics {
  readonly registry: Registry
  readonly #client: typeof PromClient

  constructor(client: typeof PromClient) {
    this.#client = client
    this.registry = new client.Registry()
  }

  /** This and the next three return the metric that is there already when it was made before, by another component of its kind. */
  counter<L extends string = string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    const known = this.registry.getSingleMetric(name) as Counter<L> | undefined
    if (known) return known
    return new this.#client.Counter({ name, help, labelNames, registers: [this.registry] })
  }

  /** @param collect called at scrape time to set the value, instead of keeping it up to date all the time */
  gauge<L extends string = string>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    collect?: (gauge: Gauge<L>) => void | Promise<void>,
  ): Gauge<L> {
    const collector = collect
      ? {
          collect(this: Gauge<L>) {
            return collect(this)
          },
        }
      : {}
    const known = this.registry.getSingleMetric(name) as Gauge<L> | undefined
    if (known) return known
    return new this.#client.Gauge({ name, help, labelNames, registers: [this.registry], ...collector })
  }

  histogram<L extends string = string>(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames: readonly L[] = [],
  ): Histogram<L> {
    const known = this.registry.getSingleMetric(name) as Histogram<L> | undefined
    if (known) return known
    return new this.#client.Histogram({ name, help, labelNames, buckets: [...buckets], registers: [this.registry] })
  }

  /** Quantiles of what was observed in the last ten minutes. */
  summary<L extends string = string>(
    name: string,
    help: string,
    quantiles: readonly number[],
    labelNames: readonly L[] = [],
  ): Summary<L> {
    const known = this.registry.getSingleMetric(name) as Summary<L> | undefined
    if (known) return known
    return new this.#client.Summary({
      name,
      help,
      labelNames,
      percentiles: [...quantiles],
      maxAgeSeconds: 600,
      ageBuckets: 5,
      registers: [this.registry],
    })
  }

  /** A counter whose running total is kept elsewhere and read at scrape time. */
  counterOf(name: string, help: string, read: () => number): void {
    const counter: Counter = new this.#client.Counter({
      name,
      help,
      registers: [this.registry],
      collect() {
        counter.reset()
        counter.inc(read())
      },
    })
  }

  /** The text exposition format 0.0.4. */
  async render(): Promise<{ contentType: string; text: string }> {
    return { contentType: this.registry.contentType, text: await this.registry.metrics() }
  }
}

/**
 * A registry with the process's own metrics, all computed at scrape time (no timers, nothing when nobody scrapes).
 * `process_*` describe the whole process, also from a worker thread; `nodejs_*` and `quartet_thread_*` this thread.
 */
export function createSelfMetrics(options: { clock: Clock }): SelfMetrics {
  // Loaded here and not above: the main thread reads this module without keeping metrics.
  const metrics = new SelfMetrics(createRequire(import.meta.url)('prom-client') as typeof PromClient)
  addProcessMetrics(metrics, options.clock)
  addThreadMetrics(metrics)
  return metrics
}

function addProcessMetrics(metrics: SelfMetrics, clock: Clock): void {
  const startSeconds = clock.nowMs() / 1000 - process.uptime()
  metrics.counterOf('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  metrics.gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', [], (gauge) =>
    gauge.set(process.memoryUsage.rss()),
  )
  metrics
    .gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.')
    .set(startSeconds)
  metrics.gauge('process_open_fds', 'Number of open file descriptors.', [], async (gauge) => {
    const count = await countOpenFiles()
    if (count !== undefined) gauge.set(count)
  })
  metrics.gauge('process_max_fds', 'Maximum number of open file descriptors.', [], async (gauge) => {
    const limit = await readOpenFileLimit()
    if (limit !== undefined) gauge.set(limit)
  })
}

function addThreadMetrics(metrics: SelfMetrics): void {
  metrics.counterOf(
    'quartet_thread_cpu_seconds_total',
    'CPU time spent by the thread of this system in seconds.',
    () => {
      const { user, system } = process.threadCpuUsage()
      return (user + system) / 1e6
    },
  )
  metrics.gauge('nodejs_heap_size_used_bytes', 'Heap in use by the thread of this system.', [], (gauge) =>
    gauge.set(getHeapStatistics().used_heap_size),
  )
  metrics.gauge('nodejs_heap_size_total_bytes', 'Heap reserved by the thread of this system.', [], (gauge) =>
    gauge.set(getHeapStatistics().total_heap_size),
  )
  metrics.gauge('nodejs_heap_size_limit_bytes', 'Heap limit of the thread of this system.', [], (gauge) =>
    gauge.set(getHeapStatistics().heap_size_limit),
  )
  metrics.gauge('nodejs_external_memory_bytes', 'Memory of buffers outside of the heap of this thread.', [], (gauge) =>
    gauge.set(getHeapStatistics().external_memory),
  )
  let last = performance.eventLoopUtilization()
  metrics.gauge(
    'nodejs_eventloop_utilization_ratio',
    'Share of the time since the last scrape in which the event loop was busy.',
    [],
    (gauge) => {
      const now = performance.eventLoopUtilization()
      gauge.set(performance.eventLoopUtilization(now, last).utilization)
      last = now
    },
  )
  metrics.gauge(
    'nodejs_eventloop_lag_seconds',
    'Lag of the event loop, measured at scrape time.',
    [],
    async (gauge) => {
      const startMs = performance.now()
      await new Promise((resolve) => setImmediate(resolve))
      gauge.set((performance.now() - startMs) / 1000)
    },
  )
}

/** `undefined` where there is no /proc. */
async function countOpenFiles(): Promise<number | undefined> {
  try {
    return (await readdir('/proc/self/fd')).length
  } catch {
    return undefined
  }
}

async function readOpenFileLimit(): Promise<number | undefined> {
  try {
    const limits = await readFile('/proc/self/limits', 'utf8')
    const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1]
    return soft === undefined ? undefined : Number(soft)
  } catch {
    return undefined
  }
}
