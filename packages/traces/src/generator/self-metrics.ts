import type { SelfMetrics } from '@quartet/runtime'
import type { SeriesLimit } from './series-limit.ts'

const tenant = 'single-tenant'

/** Something that is counted per span, so in a plain number; {@link GeneratorCounters.publish} brings it over. */
class Tally {
  total = 0
  #published = 0
  readonly #publish: (increase: number) => void

  constructor(publish: (increase: number) => void) {
    this.#publish = publish
  }

  publish(total = this.total): void {
    if (total > this.#published) this.#publish(total - this.#published)
    this.#published = this.total = total
  }
}

/** What the generator says about itself, under Tempo's names. */
export class GeneratorCounters {
  readonly edges: Tally
  readonly droppedSpans: Tally
  readonly expiredEdges: Tally
  readonly spans: Tally
  readonly bytes: Tally
  readonly #registry: readonly (readonly [Tally, () => number])[]
  readonly #discarded = new Map<string, Tally>()
  readonly #discardedTotal
  readonly #collections
  readonly #failed
  readonly #processors

  constructor(metrics: SelfMetrics, limit: SeriesLimit) {
    const counter = (name: string, help: string, labels: readonly string[] = []) =>
      metrics.counter(`tempo_metrics_generator_${name}`, help, ['tenant', ...labels])
    const tally = (name: string, help: string): Tally => {
      const made = counter(name, help)
      made.inc({ tenant }, 0)
      return new Tally((increase) => made.inc({ tenant }, increase))
    }
    this.spans = tally('spans_received_total', 'The total number of spans received per tenant')
    this.bytes = tally('bytes_received_total', 'The total number of proto bytes received per tenant')
    this.edges = tally('processor_service_graphs_edges', 'Total number of unique edges')
    this.droppedSpans = tally(
      'processor_service_graphs_dropped_spans',
      'Number of spans dropped when trying to add edges',
    )
    this.expiredEdges = tally(
      'processor_service_graphs_expired_edges',
      'Number of edges that expired before finding its matching span',
    )
    this.#registry = [
      [tally('registry_series_added_total', 'The total amount of series created per tenant'), () => limit.added],
      [
        tally('registry_series_removed_total', 'The total amount of series removed after they have become stale'),
        () => limit.removed,
      ],
      [
        tally('registry_series_limited_total', 'The total amount of series not created because of limits per tenant'),
        () => limit.refused,
      ],
    ]
    this.#discardedTotal = counter('spans_discarded_total', 'The total number of discarded spans received per tenant', [
      'reason',
      'processor',
    ])
    this.#collections = counter('registry_collections_total', 'The total amount of metrics collections per tenant')
    this.#failed = counter(
      'registry_collections_failed_total',
      'The total amount of failed metrics collections per tenant',
    )
    this.#processors = metrics.gauge('tempo_metrics_generator_active_processors', 'The active processors per tenant', [
      'tenant',
      'processor',
    ])
    const gauge = (name: string, help: string, read: () => number): void =>
      void metrics.gauge(`tempo_metrics_generator_registry_${name}`, help, ['tenant'], (made) =>
        made.set({ tenant }, read()),
      )
    gauge('active_series', 'The active series per tenant', () => limit.active)
    gauge('max_active_series', 'The maximum active series per tenant', () => limit.max)
  }

  onProcessor(processor: string): void {
    this.#processors.set({ tenant, processor }, 1)
  }

  /** @param processor empty for what no processor sees */
  onDiscarded(reason: string, processor: string, spans: number): void {
    const key = `${reason}/${processor}`
    let tally = this.#discarded.get(key)
    if (tally === undefined) {
      tally = new Tally((increase) => this.#discardedTotal.inc({ tenant, reason, processor }, increase))
      this.#discarded.set(key, tally)
    }
    tally.total += spans
  }

  onCollection(): void {
    this.#collections.inc({ tenant })
    this.publish()
  }

  onCollectionFailed(): void {
    this.#failed.inc({ tenant })
  }

  /** Brings the registry up to date. */
  publish(): void {
    for (const tally of [this.edges, this.droppedSpans, this.expiredEdges, this.spans, this.bytes]) tally.publish()
    for (const tally of this.#discarded.values()) tally.publish()
    for (const [tally, read] of this.#registry) tally.publish(read())
  }
}
