import type { AppendReport, Exemplar, Labels, MetricMetadata, SampleBatch, SampleSink, SeriesRef } from '@quartet/model'
import { labelsKey, LimitError } from '@quartet/model'
import { type } from '../../graph/index.ts'
import { Capsule } from '../../syntax/index.ts'
import type { ObjectValue } from '../../syntax/index.ts'

const KIND = 'prometheus.Appendable'
const TYPE_NAME = 'storage.Appendable'

/** `forward_to` of prometheus.* components. */
export const appendables = type.list(type.capsule<SampleSink>(KIND, TYPE_NAME))

export function receiverExport(sink: SampleSink): ObjectValue {
  return new Map([['receiver', new Capsule(KIND, TYPE_NAME, sink)]])
}

const NONE: AppendReport = { outOfOrder: 0, tooOld: 0, duplicate: 0 }

/** A place that exists from the moment a component is built, for a sink that exists once it has started. */
export class DeferredSink implements SampleSink {
  #inner: SampleSink | undefined
  #generation = 0

  get epoch(): number {
    return this.#generation * 2 ** 24 + (this.#inner?.epoch ?? 0)
  }

  connect(inner: SampleSink | undefined): void {
    this.#inner = inner
    this.#generation++
  }

  resolve(labels: Labels): SeriesRef {
    return this.#running().resolve(labels)
  }

  append(batch: SampleBatch, exemplars?: readonly Exemplar[]): Promise<AppendReport> {
    return this.#running().append(batch, exemplars)
  }

  describe(metadata: readonly MetricMetadata[]): void {
    this.#inner?.describe(metadata)
  }

  #running(): SampleSink {
    if (!this.#inner) throw new LimitError('component', 'the component that samples are forwarded to is not running')
    return this.#inner
  }
}

const MAX_SERIES = 1_000_000

/** One sink for several: a ref of its own stands for one ref in each of them. */
export class FanOutSink implements SampleSink {
  readonly #sinks: readonly SampleSink[]
  #refs = new Map<string, SeriesRef>()
  #inner: SeriesRef[][]
  #forgotten = 0
  #columns = new Uint32Array(256)

  constructor(sinks: readonly SampleSink[]) {
    this.#sinks = sinks
    this.#inner = sinks.map(() => [])
  }

  get epoch(): number {
    let epoch = this.#forgotten
    for (const sink of this.#sinks) epoch += sink.epoch
    return epoch
  }

  resolve(labels: Labels): SeriesRef {
    const key = labelsKey(labels)
    const known = this.#refs.get(key)
    const ref = known ?? (this.#refs.size as SeriesRef)
    // Asked again even when known: a sink may have forgotten its refs since.
    this.#sinks.forEach((sink, index) => (this.#inner[index][ref] = sink.resolve(labels)))
    if (known === undefined) this.#refs.set(key, ref)
    if (this.#refs.size > MAX_SERIES) this.#forget()
    return ref
  }

  async append(batch: SampleBatch, exemplars?: readonly Exemplar[]): Promise<AppendReport> {
    let report = NONE
    for (const [index, sink] of this.#sinks.entries()) {
      const inner = this.#inner[index]
      if (this.#columns.length < batch.count) this.#columns = new Uint32Array(batch.count * 2)
      // A sink may keep the column while it works, so that each gets its own.
      const refs = this.#columns.slice(0, batch.count)
      for (let at = 0; at < batch.count; at++) refs[at] = inner[batch.refs[at]]
      const own = exemplars?.map((exemplar) => ({ ...exemplar, ref: inner[exemplar.ref] }))
      report = worst(report, await sink.append({ ...batch, refs }, own))
    }
    return report
  }

  describe(metadata: readonly MetricMetadata[]): void {
    for (const sink of this.#sinks) sink.describe(metadata)
  }

  #forget(): void {
    this.#refs = new Map()
    this.#inner = this.#sinks.map(() => [])
    this.#forgotten++
  }
}

function worst(a: AppendReport, b: AppendReport): AppendReport {
  return {
    outOfOrder: Math.max(a.outOfOrder, b.outOfOrder),
    tooOld: Math.max(a.tooOld, b.tooOld),
    duplicate: Math.max(a.duplicate, b.duplicate),
  }
}
