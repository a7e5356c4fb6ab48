import { VALUE_STRING } from '@quartet/model'
import type { HostInfoConfig } from '../config/generator-config.ts'
import { AttributeFinder } from './attribute-finder.ts'
import { ValueColumn } from './metric-column.ts'
import { NO_ROW } from './metric-group.ts'
import type { MetricGroup } from './metric-group.ts'
import type { Processor, ProcessorServices } from './processor.ts'
import type { SpanBatch } from './span-batch.ts'
import { NO_TEXT } from './text-pool.ts'

/** Tempo's host-info processor: one series per host that sends spans. */
export class HostInfo implements Processor {
  readonly name = 'host-info'
  readonly groups: readonly MetricGroup[]
  readonly #group: MetricGroup
  readonly #gauge: ValueColumn
  readonly #finder: AttributeFinder

  constructor({ identifiers, metricName }: HostInfoConfig, services: ProcessorServices) {
    this.#finder = new AttributeFinder(identifiers)
    this.#gauge = new ValueColumn(metricName, services.limit, 'gauge')
    this.#group = services.newGroup(['grafana_host_id', 'host_source'], [this.#gauge], () =>
      services.onDiscarded('invalid_utf8', this.name),
    )
    this.groups = [this.#group]
  }

  enterResource(batch: SpanBatch): void {
    batch.findInResource(this.#finder)
    for (const [key, index] of this.#finder.found.entries()) {
      if (index < 0 || batch.resourceAttributes.type[index] !== VALUE_STRING) continue
      const host = batch.resourceText(index)
      if (host === NO_TEXT) continue
      this.#group.tuple[0] = host
      this.#group.tuple[1] = batch.pool.internText(this.#finder.keys[key])
      const row = this.#group.row()
      if (row !== NO_ROW) this.#gauge.set(row, 1, batch.nowMs)
      return
    }
  }

  span(): void {
    // What counts is the resource.
  }
}
