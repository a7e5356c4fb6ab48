import { dimensionLabel, INTRINSICS } from '../config/generator-config.ts'
import type { SpanMetricsConfig } from '../config/generator-config.ts'
import { AttributeFinder } from './attribute-finder.ts'
import { HistogramColumn, ValueColumn } from './metric-column.ts'
import type { MetricColumn, Observation } from './metric-column.ts'
import { NO_ROW } from './metric-group.ts'
import type { MetricGroup } from './metric-group.ts'
import type { Processor, ProcessorServices } from './processor.ts'
import type { SpanBatch } from './span-batch.ts'
import { kindText, SpanFilter, statusText } from './span-filter.ts'
import { TargetInfo } from './target-info.ts'
import { NO_TEXT } from './text-pool.ts'

const UNKNOWN = 0xffffffff

/**
 * Tempo's span-metrics processor: calls, latency and size by service, name, kind and status, and by configured dimensions.
 * Source: Tempo 2.9, "Generate metrics from spans".
 */
export class SpanMetrics implements Processor {
  readonly name = 'span-metrics'
  readonly groups: readonly MetricGroup[]
  readonly #config: SpanMetricsConfig
  readonly #services: ProcessorServices
  readonly #group: MetricGroup
  readonly #calls: ValueColumn | undefined
  readonly #latency: HistogramColumn | undefined
  readonly #size: ValueColumn | undefined
  readonly #targetInfo: TargetInfo | undefined
  readonly #filter: SpanFilter
  /** Dimensions, sources of mappings, the multiplier: what is looked for in resource and span alike. */
  readonly #shared: AttributeFinder
  readonly #ofSpan: AttributeFinder
  readonly #identity = new AttributeFinder(['service.name', 'service.namespace', 'service.instance.id'])
  readonly #multiplierIndex: number
  readonly #resourceTexts: Uint32Array
  #service = NO_TEXT
  #job = NO_TEXT
  #instance = NO_TEXT
  /** Texts of kinds and statuses, filled when first met. */
  readonly #kinds = new Uint32Array(256).fill(UNKNOWN)
  readonly #statuses = new Uint32Array(256).fill(UNKNOWN)
  #hasTargetInfo = false

  constructor(config: SpanMetricsConfig, services: ProcessorServices) {
    const { limit, traceIdLabel } = services
    this.#config = config
    this.#services = services
    this.#filter = new SpanFilter(config.policies)
    const sources = [...config.dimensions, ...config.mappings.flatMap((mapping) => mapping.sources)]
    const keys = config.multiplierKey === '' ? sources : [...sources, config.multiplierKey]
    this.#shared = new AttributeFinder(keys)
    this.#ofSpan = new AttributeFinder(keys)
    this.#multiplierIndex = config.multiplierKey === '' ? -1 : this.#shared.indexOf(config.multiplierKey)
    this.#resourceTexts = new Uint32Array(this.#shared.keys.length)
    if (config.count) this.#calls = new ValueColumn('traces_spanmetrics_calls_total', limit)
    if (config.latency) {
      const options = { buckets: config.buckets, traceIdLabel }
      this.#latency = new HistogramColumn('traces_spanmetrics_latency', limit, options)
    }
    if (config.size) this.#size = new ValueColumn('traces_spanmetrics_size_total', limit)
    const columns = [this.#calls, this.#latency, this.#size].filter(
      (column): column is NonNullable<typeof column> & MetricColumn => column !== undefined,
    )
    this.#group = services.newGroup(labelNames(config), columns, () => this.#discard('invalid_utf8'))
    if (config.enableTargetInfo) this.#targetInfo = new TargetInfo(config, services)
    this.groups = [this.#group]
  }

  enterResource(batch: SpanBatch): void {
    batch.findInResource(this.#identity)
    const [name, namespace, instance] = this.#identity.found
    this.#service = batch.resourceText(name)
    this.#job = this.#instance = NO_TEXT
    if (this.#config.enableTargetInfo) this.#enterTarget(batch, namespace, instance)
    this.#filter.enterResource(batch)
    if (this.#shared.keys.length === 0) return
    batch.findInResource(this.#shared)
    for (const [key, index] of this.#shared.found.entries()) this.#resourceTexts[key] = batch.resourceText(index)
  }

  span(batch: SpanBatch, observation: Observation): void {
    if (!this.#filter.passes(batch)) return this.#discard('span_metrics_filtered')
    this.#fillTuple(batch)
    const row = this.#group.row()
    if (row === NO_ROW) return
    const { columns, nowMs } = batch
    const index = this.#multiplierIndex
    observation.multiplier = index < 0 ? 1 : batch.multiplier(this.#ofSpan.found[index], this.#shared.found[index])
    this.#calls?.add(row, observation.multiplier, nowMs)
    this.#latency?.observe(row, batch.seconds, observation)
    this.#size?.add(row, columns.spanEnd[batch.row] - columns.spanStart[batch.row], nowMs)
    if (this.#targetInfo === undefined || this.#hasTargetInfo) return
    this.#targetInfo.add(batch, this.#job, this.#config.enableInstanceLabel ? this.#instance : NO_TEXT)
    this.#hasTargetInfo = true
  }

  collect(writer: Parameters<NonNullable<Processor['collect']>>[0]): void {
    this.#targetInfo?.collect(writer)
  }

  dropStale(staleMs: number): void {
    this.#targetInfo?.dropStale(staleMs)
  }

  forgetRefs(): void {
    this.#targetInfo?.forgetRefs()
  }

  moveTexts(): void {
    this.#kinds.fill(UNKNOWN)
    this.#statuses.fill(UNKNOWN)
  }

  #enterTarget(batch: SpanBatch, namespace: number, instance: number): void {
    const { pool } = batch
    this.#hasTargetInfo = false
    if (this.#service !== NO_TEXT) {
      const prefix = batch.resourceText(namespace)
      this.#job =
        prefix === NO_TEXT ? this.#service : pool.internText(`${pool.text(prefix)}/${pool.text(this.#service)}`)
    }
    if (this.#config.enableInstanceLabel) this.#instance = batch.resourceText(instance)
  }

  #fillTuple(batch: SpanBatch): void {
    const { config, tuple } = { config: this.#config, tuple: this.#group.tuple }
    const { intrinsics } = config
    const { columns, pool, row } = batch
    let at = 0
    if (intrinsics.service) tuple[at++] = this.#service
    if (intrinsics.span_name) tuple[at++] = pool.intern(columns.bytes, columns.nameStart[row], columns.nameEnd[row])
    if (intrinsics.span_kind) tuple[at++] = this.#enumText(this.#kinds, columns.kind[row], kindText)
    if (intrinsics.status_code) tuple[at++] = this.#enumText(this.#statuses, columns.status[row], statusText)
    if (intrinsics.status_message) {
      tuple[at++] = pool.intern(columns.bytes, columns.messageStart[row], columns.messageEnd[row])
    }
    if (this.#ofSpan.keys.length > 0) at = this.#fillDimensions(batch, tuple, at)
    if (config.enableTargetInfo) {
      tuple[at++] = this.#job
      if (config.enableInstanceLabel) tuple[at] = this.#instance
    }
  }

  #fillDimensions(batch: SpanBatch, tuple: Uint32Array, start: number): number {
    const { dimensions, mappings } = this.#config
    batch.findInSpan(this.#ofSpan)
    let at = start
    for (const dimension of dimensions) tuple[at++] = this.#valueOf(batch, dimension)
    for (const { join, sources } of mappings) {
      const values = sources.map((source) => this.#valueOf(batch, source)).filter((id) => id !== NO_TEXT)
      tuple[at++] =
        values.length < 2
          ? (values[0] ?? NO_TEXT)
          : batch.pool.internText(values.map((id) => batch.pool.text(id)).join(join))
    }
    return at
  }

  /** The resource's attribute, else the span's. */
  #valueOf(batch: SpanBatch, key: string): number {
    const index = this.#shared.indexOf(key)
    return this.#shared.found[index] >= 0 ? this.#resourceTexts[index] : batch.spanText(this.#ofSpan.found[index])
  }

  #enumText(known: Uint32Array, value: number, text: (value: number) => string): number {
    if (known[value] === UNKNOWN) known[value] = this.#services.pool.internText(text(value))
    return known[value]
  }

  #discard(reason: string): void {
    this.#services.onDiscarded(reason, this.name)
  }
}

function labelNames(config: SpanMetricsConfig): string[] {
  const { dimensions, enableInstanceLabel, enableTargetInfo, intrinsics, mappings } = config
  return [
    ...INTRINSICS.filter((name) => intrinsics[name]),
    ...dimensions.map(dimensionLabel),
    ...mappings.map(({ name }) => dimensionLabel(name)),
    ...(enableTargetInfo ? ['job'] : []),
    ...(enableTargetInfo && enableInstanceLabel ? ['instance'] : []),
  ]
}
