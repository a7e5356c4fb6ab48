import { compareText, METRIC_NAME } from '@quartet/model'
import type { Label, Labels } from '@quartet/model'
import type { SampleWriter } from './sample-writer.ts'
import type { SeriesLimit } from './series-limit.ts'

interface Entry {
  readonly labels: Labels
  updatedMs: number
  ref: number | undefined
}

/**
 * A gauge that is 1 for each of its label sets, whose names differ from one to the next. Meant for what changes per resource,
 * not per span.
 */
export class InfoGauge {
  readonly family: string
  readonly #limit: SeriesLimit
  readonly #constantLabels: readonly Label[]
  readonly #entries = new Map<string, Entry>()

  constructor(family: string, limit: SeriesLimit, constantLabels: readonly Label[]) {
    this.family = family
    this.#limit = limit
    this.#constantLabels = constantLabels
  }

  get size(): number {
    return this.#entries.size
  }

  /** @param key equal exactly for equal labels */
  set(key: string, labels: () => ReadonlyMap<string, string>, nowMs: number): void {
    const known = this.#entries.get(key)
    if (known !== undefined) {
      known.updatedMs = nowMs
      return
    }
    if (!this.#limit.claim(1)) return
    const byName = new Map([...labels(), ...this.#constantLabels, [METRIC_NAME, this.family]])
    const complete = [...byName].filter(([, value]) => value !== '').sort((a, b) => compareText(a[0], b[0]))
    this.#entries.set(key, { labels: complete, updatedMs: nowMs, ref: undefined })
  }

  collect(writer: SampleWriter): void {
    for (const entry of this.#entries.values()) writer.add((entry.ref ??= writer.resolve(entry.labels)), 1)
  }

  dropStale(staleMs: number): void {
    for (const [key, { updatedMs }] of this.#entries) {
      if (updatedMs >= staleMs) continue
      this.#entries.delete(key)
      this.#limit.release(1)
    }
  }

  forgetRefs(): void {
    for (const entry of this.#entries.values()) entry.ref = undefined
  }
}
