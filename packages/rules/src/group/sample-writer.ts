import { bitsOf, labelsKey, writeStale } from '@quartet/model'
import type { AppendReport, Labels, NativeHistogram, SampleSink } from '@quartet/model'
import type { RuleSample } from './rule.ts'
import { slices } from './slices.ts'

/** Writes what rules give into the sink that everything else goes through. */
export class SampleWriter {
  readonly #sink: SampleSink

  constructor(sink: SampleSink) {
    this.#sink = sink
  }

  /**
   * In slices, so that a large result does not hold up what else is written.
   * @throws Error when a series is refused or the sink fails; nothing of that slice and those behind it is written then
   */
  async write(samples: readonly RuleSample[]): Promise<AppendReport> {
    const total = { outOfOrder: 0, tooOld: 0, duplicate: 0 }
    for await (const slice of slices(samples)) {
      const batch = columns(slice.length)
      let histograms: (NativeHistogram | undefined)[] | undefined
      for (const [index, { labels, timeMs, value, histogram }] of slice.entries()) {
        batch.refs[index] = this.#sink.resolve(labels)
        batch.timesMs[index] = timeMs
        batch.values[index] = value
        if (histogram !== undefined) (histograms ??= [])[index] = histogram
      }
      const report = await this.#sink.append({ count: slice.length, ...batch, ...(histograms && { histograms }) })
      total.outOfOrder += report.outOfOrder
      total.tooOld += report.tooOld
      total.duplicate += report.duplicate
    }
    return total
  }

  /** Ends series. A sample that another rule has written for that time stays. */
  async end(series: readonly Labels[], timeMs: number): Promise<void> {
    for await (const slice of slices(series)) {
      const batch = columns(slice.length)
      const bits = bitsOf(batch.values)
      for (const [index, labels] of slice.entries()) {
        batch.refs[index] = this.#sink.resolve(labels)
        batch.timesMs[index] = timeMs
        writeStale(bits, index)
      }
      await this.#sink.append({ count: slice.length, ...batch })
    }
  }
}

function columns(count: number): { refs: Uint32Array; timesMs: Float64Array; values: Float64Array } {
  return { refs: new Uint32Array(count), timesMs: new Float64Array(count), values: new Float64Array(count) }
}

/** Which series a rule wrote last time, to end those that it does not write again. */
export class WrittenSeries {
  readonly #byKey: ReadonlyMap<string, Labels>

  constructor(samples: readonly RuleSample[] = []) {
    this.#byKey = new Map(samples.map(({ labels }) => [labelsKey(labels), labels]))
  }

  get all(): Labels[] {
    return [...this.#byKey.values()]
  }

  /** Series of this that are not in `next`. */
  missingIn(next: WrittenSeries): Labels[] {
    const missing: Labels[] = []
    for (const [key, labels] of this.#byKey) if (!next.#byKey.has(key)) missing.push(labels)
    return missing
  }
}

/** What upstream's storage says of a sample that it refuses, as the rule's last error. */
export function refusalOf(report: AppendReport): string | undefined {
  if (report.outOfOrder > 0) return 'out of order sample'
  if (report.tooOld > 0) return 'too old sample'
  return report.duplicate > 0 ? 'duplicate sample for timestamp' : undefined
}
