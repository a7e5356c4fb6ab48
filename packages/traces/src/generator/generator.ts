import type { Label, MetricMetadata, SampleSink, SpanColumns } from '@quartet/model'
import type { Logger, SelfMetrics } from '@quartet/runtime'
import type { GeneratorConfig } from '../config/generator-config.ts'
import { HostInfo } from './host-info.ts'
import type { MetricColumn, Observation } from './metric-column.ts'
import { MetricGroup } from './metric-group.ts'
import type { Processor, ProcessorServices } from './processor.ts'
import { SampleWriter } from './sample-writer.ts'
import { GeneratorCounters } from './self-metrics.ts'
import { SeriesLimit } from './series-limit.ts'
import { ServiceGraphs } from './service-graphs.ts'
import { SpanBatch } from './span-batch.ts'
import { SpanMetrics } from './span-metrics.ts'
import { TextPool } from './text-pool.ts'

const MINUTE_MS = 60_000
const ROWS_AT_ONCE = 100
const SAMPLES_AT_ONCE = 4000

export interface GeneratorOptions {
  readonly config: GeneratorConfig
  readonly sink: SampleSink
  readonly nowMs: () => number
  readonly metrics: SelfMetrics
  readonly logger: Logger
  /** Value of the label __metrics_gen_instance. */
  readonly instance: string
}

/**
 * Makes metrics from spans as Tempo 2.9's metrics generator does, and hands them to a sink at every {@link collect}. Counters
 * live in memory: after a restart they begin anew, which `rate` takes for a reset.
 */
export class MetricsGenerator {
  readonly #options: GeneratorOptions
  readonly #pool: TextPool
  readonly #limit: SeriesLimit
  readonly #counters: GeneratorCounters
  readonly #processors: readonly Processor[]
  readonly #batch: SpanBatch
  readonly #observation: Observation
  #epoch: number
  #lastWrittenMs = 0
  #isCollecting = false
  /** A new series' zero must be later than this: another series of the same labels may have had samples until then. */
  #zeroAfterMs: number

  constructor(options: GeneratorOptions) {
    const { config, metrics, sink } = options
    this.#options = options
    this.#pool = new TextPool(config.maxLabelValueBytes)
    this.#limit = new SeriesLimit(config.maxActiveSeries)
    this.#counters = new GeneratorCounters(metrics, this.#limit)
    this.#batch = new SpanBatch(this.#pool)
    this.#observation = { multiplier: 1, nowMs: 0, traceId: new Uint8Array(0), traceIdStart: 0, traceIdEnd: 0 }
    this.#processors = this.#makeProcessors()
    for (const { name } of this.#processors) this.#counters.onProcessor(name)
    this.#epoch = sink.epoch
    // An earlier run may have written the same series until now.
    this.#zeroAfterMs = options.nowMs()
    sink.describe(this.#processors.flatMap(({ groups }) => groups.flatMap(({ columns }) => columns.map(metadataOf))))
  }

  get activeSeries(): number {
    return this.#limit.active
  }

  /** Distinct texts that are held for labels. */
  get textCount(): number {
    return this.#pool.size
  }

  /** Counts the spans of a request. The columns are not kept. */
  push(columns: SpanColumns): void {
    const nowMs = this.#options.nowMs()
    this.#counters.spans.total += columns.count
    this.#counters.bytes.total += columns.bytes.length
    const batch = this.#batch
    batch.columns = columns
    batch.nowMs = this.#observation.nowMs = nowMs
    this.#observation.traceId = columns.bytes
    const { slackMs } = this.#options.config
    let resource = -1
    let late = 0
    for (let row = 0; row < columns.count; row++) {
      const endMs = (columns.endHigh[row] * 4_294_967_296 + columns.endLow[row]) / 1e6
      if (endMs < nowMs - slackMs || endMs > nowMs + slackMs) {
        late++
        continue
      }
      if (columns.resource[row] !== resource) {
        resource = columns.resource[row]
        batch.enterResource(resource)
        for (const processor of this.#processors) processor.enterResource(batch)
      }
      batch.row = row
      this.#observation.traceIdStart = columns.traceIdStart[row]
      this.#observation.traceIdEnd = columns.traceIdEnd[row]
      for (const processor of this.#processors) processor.span(batch, this.#observation)
    }
    if (late > 0) this.#counters.onDiscarded('outside_metrics_ingestion_slack', '', late)
    if (this.#pool.needsRebuild) this.#rebuildTexts()
  }

  /** Lets time pass: requests whose other side did not come are settled. */
  tick(): void {
    const nowMs = this.#options.nowMs()
    for (const processor of this.#processors) processor.tick?.(nowMs)
  }

  /**
   * Writes all series' values, in batches between which others get their turn. Never rejects: what the sink refuses is counted
   * and logged, and the next round has it all.
   */
  async collect(): Promise<void> {
    const { config, nowMs, sink } = this.#options
    const timeMs = nowMs()
    // A clock that was set back: the receiver has later samples.
    if (config.disableCollection || this.#isCollecting || timeMs <= this.#lastWrittenMs) return
    this.#isCollecting = true
    const writer = new SampleWriter(sink, { timeMs, zeroMs: Math.max(endOfLastMinute(timeMs), this.#zeroAfterMs + 1) })
    this.#dropForgotten(writer)
    this.#lastWrittenMs = timeMs
    try {
      for (const processor of this.#processors) {
        for (const group of processor.groups) await this.#collectGroup(group, writer)
        processor.collect?.(writer)
        this.#dropForgotten(writer)
      }
      await this.#flush(writer)
    } finally {
      this.#isCollecting = false
    }
    this.#counters.onCollection()
  }

  /** Ends the series that no span has touched for `stale_duration`. */
  removeStale(): void {
    if (this.#isCollecting) return // rows must stay where they are; there is a next time
    const staleMs = this.#options.nowMs() - this.#options.config.staleMs
    let hasEnded = false
    for (const processor of this.#processors) {
      for (const group of processor.groups) if (group.dropStale(staleMs)) hasEnded = true
      processor.dropStale?.(staleMs)
    }
    if (!hasEnded) return
    this.#zeroAfterMs = this.#lastWrittenMs
    this.#rebuildTexts()
  }

  async #collectGroup(group: MetricGroup, writer: SampleWriter): Promise<void> {
    for (let from = 0; from < group.rowCount; from += ROWS_AT_ONCE) {
      group.collect(from, Math.min(from + ROWS_AT_ONCE, group.rowCount), writer)
      // The sink had to forget its series: what this batch refers to is gone, so these rows are written once more.
      if (this.#dropForgotten(writer)) from -= ROWS_AT_ONCE
      if (writer.count >= SAMPLES_AT_ONCE) await this.#flush(writer)
    }
  }

  #dropForgotten(writer: SampleWriter): boolean {
    if (this.#options.sink.epoch === this.#epoch) return false
    writer.clear()
    this.#forgetRefs()
    return true
  }

  async #flush(writer: SampleWriter): Promise<void> {
    if (writer.count === 0) return
    try {
      await this.#options.sink.append(writer.batch, writer.exemplars)
    } catch (error) {
      this.#counters.onCollectionFailed()
      const message = 'generated metrics could not be queued'
      this.#options.logger.error({ err: error, samples: writer.count }, message)
    }
    writer.clear()
  }

  #makeProcessors(): Processor[] {
    const { config, instance } = this.#options
    const constantLabels: Label[] = [...Object.entries(config.externalLabels), ['__metrics_gen_instance', instance]]
    const services: ProcessorServices = {
      pool: this.#pool,
      limit: this.#limit,
      traceIdLabel: config.traceIdLabel,
      constantLabels,
      maxLabelNameBytes: config.maxLabelNameBytes,
      newGroup: (names, columns, onInvalid) =>
        new MetricGroup({
          names: names.map((name) => name.slice(0, config.maxLabelNameBytes)),
          columns,
          pool: this.#pool,
          limit: this.#limit,
          constantLabels,
          onInvalid,
        }),
      onDiscarded: (reason, processor) => this.#counters.onDiscarded(reason, processor, 1),
    }
    const { hostInfo, serviceGraphs, spanMetrics } = config
    return [
      ...(spanMetrics ? [new SpanMetrics(spanMetrics, services)] : []),
      ...(serviceGraphs ? [new ServiceGraphs(serviceGraphs, services, this.#counters)] : []),
      ...(hostInfo ? [new HostInfo(hostInfo, services)] : []),
    ]
  }

  #forgetRefs(): void {
    this.#epoch = this.#options.sink.epoch
    for (const processor of this.#processors) {
      for (const group of processor.groups) group.forgetRefs()
      processor.forgetRefs?.()
    }
  }

  /** Throws out texts that no series and no edge has. */
  #rebuildTexts(): void {
    this.#pool.rebuild((move) => {
      for (const processor of this.#processors) {
        for (const group of processor.groups) group.moveTexts(move)
        processor.moveTexts?.(move)
      }
    })
  }
}

/** A second before the minute began: so far back that the zero is not averaged away together with the first value. */
function endOfLastMinute(timeMs: number): number {
  return timeMs - (timeMs % MINUTE_MS) - 1000
}

function metadataOf({ family, kind }: MetricColumn): MetricMetadata {
  return { family, type: kind, help: HELP[family] ?? '', unit: '' }
}

const HELP: Readonly<Record<string, string>> = {
  traces_spanmetrics_calls_total: 'Spans',
  traces_spanmetrics_latency: 'Duration of spans in seconds',
  traces_spanmetrics_size_total: 'Size of spans in bytes',
  traces_service_graph_request_total: 'Requests between two nodes',
  traces_service_graph_request_failed_total: 'Failed requests between two nodes',
  traces_service_graph_request_server_seconds: 'Duration of requests between two nodes as the server sees them',
  traces_service_graph_request_client_seconds: 'Duration of requests between two nodes as the client sees them',
  traces_service_graph_request_messaging_system_seconds: 'Time that messages spend between producer and consumer',
}
