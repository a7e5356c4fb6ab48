import type { Labels, MetricMetadata, NativeHistogram } from '@quartet/model'
import { bitsOf, compareLabels, labelsKey, labelValue, storedHint, writeStale } from '@quartet/model'
import type { Matcher } from '@quartet/query'
import type { LabelRequest, SampleColumns, SelectRequest, SeriesSelection, SeriesSource } from '../../query/source.ts'

export interface MemorySample {
  readonly timeMs: number
  readonly value: number | 'stale' | NativeHistogram
}

interface MemorySeries {
  readonly labels: Labels
  readonly samples: MemorySample[]
}

/** A {@link SeriesSource} over plain arrays: for unit tests of rules, and of everything above storage. */
export class MemorySource implements SeriesSource {
  readonly #series = new Map<string, MemorySeries>()

  add(labels: Labels, samples: readonly MemorySample[]): void {
    const key = labelsKey(labels)
    const existing = this.#series.get(key) ?? { labels, samples: [] }
    for (const sample of samples) existing.samples.push(sample)
    existing.samples.sort((a, b) => a.timeMs - b.timeMs)
    let previous: NativeHistogram | undefined
    for (const [index, { timeMs, value }] of existing.samples.entries()) {
      const current = typeof value === 'object' ? { ...value, resetHint: storedHint(previous, value) } : undefined
      if (current !== undefined) existing.samples[index] = { timeMs, value: current }
      previous = current
    }
    this.#series.set(key, existing)
  }

  clear(): void {
    this.#series.clear()
  }

  async select({ matchers, minMs, maxMs }: SelectRequest): Promise<SeriesSelection> {
    const series = this.#matching([matchers])
      .map(({ labels, samples }) => ({ labels, samples: samples.filter(within(minMs, maxMs)) }))
      .filter(({ samples }) => samples.length > 0)
      .map(({ labels, samples }) => ({ labels, read: (into: SampleColumns) => fill(into, samples) }))
    return { series, release: () => undefined }
  }

  async labelNames(request: LabelRequest): Promise<readonly string[]> {
    const names = new Set<string>()
    for (const { labels } of this.#within(request)) for (const [name] of labels) names.add(name)
    return [...names].sort()
  }

  async labelValues(name: string, request: LabelRequest): Promise<readonly string[]> {
    const values = new Set<string>()
    for (const { labels } of this.#within(request)) values.add(labelValue(labels, name))
    values.delete('')
    return [...values].sort()
  }

  *metadata(): Iterable<MetricMetadata> {
    // Scripts load samples only.
  }

  #within({ matcherSets, minMs, maxMs }: LabelRequest): MemorySeries[] {
    return this.#matching(matcherSets).filter(({ samples }) => samples.some(within(minMs, maxMs)))
  }

  #matching(matcherSets: readonly (readonly Matcher[])[]): MemorySeries[] {
    const matches = (labels: Labels, matchers: readonly Matcher[]): boolean =>
      matchers.every((matcher) => matcher.matches(labelValue(labels, matcher.name)))
    return [...this.#series.values()]
      .filter(({ labels }) => matcherSets.length === 0 || matcherSets.some((matchers) => matches(labels, matchers)))
      .sort((a, b) => compareLabels(a.labels, b.labels))
  }
}

function within(minMs: number, maxMs: number): (sample: MemorySample) => boolean {
  return ({ timeMs }) => timeMs >= minMs && timeMs <= maxMs
}

function fill(into: SampleColumns, samples: readonly MemorySample[]): void {
  into.reserve(samples.length)
  into.histograms = undefined
  const bits = bitsOf(into.values)
  for (const [index, { timeMs, value }] of samples.entries()) {
    into.timesMs[index] = timeMs
    if (value === 'stale') writeStale(bits, index)
    else if (typeof value !== 'number') (into.histograms ??= [])[index] = value
    else into.values[index] = value
  }
  into.count = samples.length
  into.timesId = 0
}
