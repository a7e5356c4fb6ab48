import { decodeUtf8, isValidUtf8, labelsKey } from '@quartet/model'
import type { Label } from '@quartet/model'
import { sanitizeLabelName } from '../config/generator-config.ts'
import type { SpanMetricsConfig } from '../config/generator-config.ts'
import { InfoGauge } from './info-gauge.ts'
import type { ProcessorServices } from './processor.ts'
import type { SampleWriter } from './sample-writer.ts'
import type { SpanBatch } from './span-batch.ts'
import { NO_TEXT } from './text-pool.ts'

/** Become `job` and `instance`. */
const IDENTITY = ['service.name', 'service.namespace', 'service.instance.id']

/** `traces_target_info`: a resource's attributes as labels, so that queries can join them to a job's metrics. */
export class TargetInfo {
  readonly #gauge: InfoGauge
  readonly #left: ReadonlySet<string>
  readonly #services: ProcessorServices

  constructor({ targetInfoExcluded }: SpanMetricsConfig, services: ProcessorServices) {
    this.#gauge = new InfoGauge('traces_target_info', services.limit, services.constantLabels)
    this.#left = new Set([...IDENTITY, ...targetInfoExcluded])
    this.#services = services
  }

  /** Takes the resource at hand; one without job and instance, or with nothing else, gives no series. */
  add(batch: SpanBatch, job: number, instance: number): void {
    const labels = this.#labelsOf(batch)
    if (labels.length === 0 || (job === NO_TEXT && instance === NO_TEXT)) return
    const { pool } = batch
    if (job !== NO_TEXT) labels.push(['job', pool.text(job)])
    if (instance !== NO_TEXT) labels.push(['instance', pool.text(instance)])
    const sorted = new Map([...new Map(labels)].sort(([a], [b]) => (a < b ? -1 : 1)))
    this.#gauge.set(labelsKey([...sorted]), () => sorted, batch.nowMs)
  }

  collect(writer: SampleWriter): void {
    this.#gauge.collect(writer)
  }

  dropStale(staleMs: number): void {
    this.#gauge.dropStale(staleMs)
  }

  forgetRefs(): void {
    this.#gauge.forgetRefs()
  }

  #labelsOf(batch: SpanBatch): Label[] {
    const { pool, resourceAttributes: attributes, resourceBytes: bytes } = batch
    const labels: Label[] = []
    for (let index = 0; index < attributes.count; index++) {
      const [start, end] = [attributes.keyStart[index], attributes.keyEnd[index]]
      if (!isValidUtf8(bytes, start, end)) continue
      const key = decodeUtf8(bytes, start, end)
      // A label's name cannot be empty or begin with a digit.
      if (key === '' || /^\d/.test(key) || this.#left.has(key)) continue
      const value = batch.resourceText(index)
      if (pool.isValid(value)) labels.push([this.#labelOf(key), pool.text(value)])
    }
    return labels
  }

  #labelOf(key: string): string {
    const label = sanitizeLabelName(key).slice(0, this.#services.maxLabelNameBytes)
    return label === 'job' || label === 'instance' ? `__${label}` : label
  }
}
