import { classicToNative, labelsFromPairs, labelsKey, labelValue, METRIC_NAME } from '@quartet/model'
import type { Label, Labels, NativeHistogram } from '@quartet/model'

import type { EntryKind, ExpositionParser, ParsedExemplar } from './entry.ts'
import { parseFloatText } from './float.ts'

interface Group {
  readonly labels: Labels
  readonly buckets: Map<number, number>
  count: number | undefined
  sum: number
  readonly exemplars: ParsedExemplar[]
  timeMs: number | undefined
  createdMs: number | undefined
}

/**
 * Makes one native histogram with custom buckets of the series of each classic one that another parser finds, after them
 * (`convert_classic_histograms_to_nhcb`). Histograms that are native already are left as they are.
 */
export class CustomBucketsParser implements ExpositionParser {
  readonly #inner: ExpositionParser
  readonly #keepsClassic: boolean
  /** The name of the histogram family that is being read. */
  #family: string | undefined
  #group: Group | undefined
  /** Key of labels that have a native histogram in this family. */
  #nativeKey: string | undefined
  /** The finished histogram, and what the inner parser has found behind it. */
  #emitted: { readonly group: Group; readonly histogram: NativeHistogram; readonly bytes: Uint8Array } | undefined
  #pending: EntryKind | undefined

  /** @param keepsClassic the classic series are entries, too (`always_scrape_classic_histograms`) */
  constructor(inner: ExpositionParser, keepsClassic: boolean) {
    this.#inner = inner
    this.#keepsClassic = keepsClassic
  }

  next(): EntryKind {
    this.#emitted = undefined
    for (;;) {
      const kind = this.#pending ?? this.#inner.next()
      this.#pending = undefined
      if (kind === 'series' && this.#collect()) {
        if (this.#emitted !== undefined) {
          // The series belongs to the next group, which has begun with it.
          this.#pending = this.#keepsClassic ? 'series' : undefined
          this.#isCollected = true
          return 'histogram'
        }
        if (this.#keepsClassic) return 'series'
        continue
      }
      if (this.#group !== undefined && this.#finish()) {
        this.#pending = kind
        return 'histogram'
      }
      if (kind === 'type') this.#family = isHistogramType(this.#inner.text) ? this.#inner.family : undefined
      if (kind === 'histogram') this.#nativeKey = labelsKey(this.#inner.labels())
      return kind
    }
  }

  /** Set when {@link #pending} has been collected. */
  #isCollected = false

  /** Labels must be looked at: nothing is taken by its text alone. */
  nextIfKnown(): boolean {
    return false
  }

  /** Takes the current series into a group; false when it is no part of a classic histogram. May finish the group before. */
  #collect(): boolean {
    if (this.#isCollected) {
      this.#isCollected = false
      return true
    }
    const family = this.#family
    if (family === undefined) return false
    const labels = this.#inner.labels()
    const name = labelValue(labels, METRIC_NAME)
    const part = name.startsWith(family) ? name.slice(family.length) : ''
    if (part !== '_bucket' && part !== '_count' && part !== '_sum') return false
    const own = labelsFromPairs([
      ...labels.filter(([key]) => key !== 'le' && key !== METRIC_NAME),
      [METRIC_NAME, family],
    ] as Label[])
    const key = labelsKey(own)
    if (key === this.#nativeKey) return false
    if (this.#group !== undefined && labelsKey(this.#group.labels) !== key) this.#finish()
    this.#group ??= {
      labels: own,
      buckets: new Map(),
      count: undefined,
      sum: 0,
      exemplars: [],
      timeMs: undefined,
      createdMs: undefined,
    }
    const group = this.#group
    const { value, timeMs, createdMs } = this.#inner
    group.timeMs = timeMs
    group.createdMs ??= createdMs
    if (part === '_count') group.count = value
    else if (part === '_sum') group.sum = value
    else {
      group.buckets.set(parseFloatText(labelValue(labels, 'le')), value)
      const exemplar = this.#inner.exemplar()
      if (exemplar?.timeMs !== undefined) group.exemplars.push(exemplar)
    }
    return true
  }

  /** Ends the group; false when its counts contradict each other and make no histogram. */
  #finish(): boolean {
    const group = this.#group!
    this.#group = undefined
    const { buckets, count, sum } = group
    const histogram = classicToNative({ buckets, count, sum })
    if (typeof histogram === 'string') return false
    this.#emitted = { group, histogram, bytes: Buffer.from(JSON.stringify([group.labels, 'histogram'])) }
    return true
  }

  get bytes(): Uint8Array {
    return this.#emitted?.bytes ?? this.#inner.bytes
  }

  get seriesStart(): number {
    return this.#emitted ? 0 : this.#inner.seriesStart
  }

  get seriesEnd(): number {
    return this.#emitted?.bytes.length ?? this.#inner.seriesEnd
  }

  get value(): number {
    return this.#inner.value
  }

  get histogram(): NativeHistogram | undefined {
    return this.#emitted?.histogram ?? this.#inner.histogram
  }

  get timeMs(): number | undefined {
    return this.#emitted ? this.#emitted.group.timeMs : this.#inner.timeMs
  }

  get createdMs(): number | undefined {
    return this.#emitted ? this.#emitted.group.createdMs : this.#inner.createdMs
  }

  labels(): Labels {
    return this.#emitted?.group.labels ?? this.#inner.labels()
  }

  exemplar(): ParsedExemplar | undefined {
    return this.#inner.exemplar()
  }

  histogramExemplars(): readonly ParsedExemplar[] {
    return this.#emitted?.group.exemplars ?? this.#inner.histogramExemplars?.() ?? []
  }

  get family(): string {
    return this.#inner.family
  }

  get text(): string {
    return this.#inner.text
  }
}

function isHistogramType(text: string): boolean {
  return text === 'histogram'
}
