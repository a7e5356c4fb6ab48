import type { Label } from '@quartet/model'
import type { MetricColumn, Observation } from './metric-column.ts'
import type { MetricGroup } from './metric-group.ts'
import type { SampleWriter } from './sample-writer.ts'
import type { SeriesLimit } from './series-limit.ts'
import type { SpanBatch } from './span-batch.ts'
import type { TextPool } from './text-pool.ts'

/** What the generator gives to every processor. */
export interface ProcessorServices {
  readonly pool: TextPool
  readonly limit: SeriesLimit
  /** Label of exemplars. */
  readonly traceIdLabel: string
  readonly constantLabels: readonly Label[]
  readonly maxLabelNameBytes: number
  newGroup(names: readonly string[], columns: readonly MetricColumn[], onInvalid: () => void): MetricGroup
  onDiscarded(reason: string, processor: string): void
}

/** Makes metrics from spans. Resources come before their spans; everything happens on one thread. */
export interface Processor {
  readonly name: string
  readonly groups: readonly MetricGroup[]
  enterResource(batch: SpanBatch): void
  span(batch: SpanBatch, observation: Observation): void
  /** Series that are in none of the groups. */
  collect?(writer: SampleWriter): void
  dropStale?(staleMs: number): void
  forgetRefs?(): void
  /** Text numbers change: those that are kept from span to span are moved, or forgotten. */
  moveTexts?(move: (id: number) => number): void
  /** Called about every two seconds. */
  tick?(nowMs: number): void
}
