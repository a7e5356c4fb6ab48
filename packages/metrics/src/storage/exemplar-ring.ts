import { labelsKey } from '@quartet/model'
import type { Labels } from '@quartet/model'

/** Upstream's limit on the characters of an exemplar's labels (OpenMetrics). */
const MAX_LABEL_CHARACTERS = 128

interface Entry {
  /** Key of the series' labels: refs change when the head is renumbered. */
  readonly key: string
  readonly seriesLabels: Labels
  readonly labels: Labels
  readonly value: number
  readonly timeMs: number
}

export type ExemplarVerdict = 'stored' | 'repeated' | 'out of order' | 'too long' | 'off'

/** The newest exemplars of all series; memory is taken as they come. */
export class ExemplarRing {
  #capacity: number
  #entries: Entry[] = []
  #oldest = 0
  readonly #lastByKey = new Map<string, Entry>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get count(): number {
    return this.#entries.length
  }

  get seriesCount(): number {
    return this.#lastByKey.size
  }

  add(seriesLabels: Labels, labels: Labels, value: number, timeMs: number): ExemplarVerdict {
    if (this.#capacity === 0) return 'off'
    let characters = 0
    for (const [name, text] of labels) characters += [...name].length + [...text].length
    if (characters > MAX_LABEL_CHARACTERS) return 'too long'
    const key = labelsKey(seriesLabels)
    const last = this.#lastByKey.get(key)
    if (last) {
      if (timeMs === last.timeMs && value === last.value && labelsKey(labels) === labelsKey(last.labels))
        return 'repeated'
      if (timeMs <= last.timeMs) return 'out of order'
    }
    this.#put({ key, seriesLabels: last?.seriesLabels ?? seriesLabels, labels, value, timeMs })
    return 'stored'
  }

  /** Keeps the newest that fit. */
  resize(capacity: number): void {
    const kept = [...this.entries()].slice(-capacity || this.#entries.length)
    this.#capacity = capacity
    this.#entries = []
    this.#oldest = 0
    this.#lastByKey.clear()
    if (capacity > 0) for (const entry of kept) this.#put(entry)
  }

  /** From old to new in the order of arrival. */
  *entries(): IterableIterator<Entry> {
    for (let index = 0; index < this.#entries.length; index++) {
      yield this.#entries[(this.#oldest + index) % this.#entries.length]
    }
  }

  #put(entry: Entry): void {
    if (this.#entries.length < this.#capacity) this.#entries.push(entry)
    else {
      const gone = this.#entries[this.#oldest]
      if (this.#lastByKey.get(gone.key) === gone) this.#lastByKey.delete(gone.key)
      this.#entries[this.#oldest] = entry
      this.#oldest = (this.#oldest + 1) % this.#capacity
    }
    this.#lastByKey.set(entry.key, entry)
  }
}
