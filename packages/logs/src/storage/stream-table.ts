import { labelsKey } from '@quartet/model'
import type { Labels } from '@quartet/model'
import { matchesEmpty } from '@quartet/query'
import type { Matcher } from '@quartet/query'
import { formatStreamLabels } from '@quartet/model'

/** A stream that the store knows, from the head or from a block. */
export interface StoredStream {
  readonly id: number
  readonly labels: Labels
  readonly key: string
  /** Canonical text: what the WAL and blocks keep. */
  readonly text: string
  /** Time of the newest entry, for the out-of-order window. */
  newestSeconds: number
}

/** All streams and the postings over their labels: label name → value → ids. */
export class StreamTable {
  readonly #streams = new Map<number, StoredStream>()
  readonly #byKey = new Map<string, StoredStream>()
  readonly #postings = new Map<string, Map<string, Set<number>>>()
  #nextId = 1

  get size(): number {
    return this.#streams.size
  }

  get(id: number): StoredStream | undefined {
    return this.#streams.get(id)
  }

  find(labels: Labels): StoredStream | undefined {
    return this.#byKey.get(labelsKey(labels))
  }

  resolve(labels: Labels): StoredStream {
    const key = labelsKey(labels)
    const known = this.#byKey.get(key)
    if (known) return known
    const stream: StoredStream = { id: this.#nextId++, labels, key, text: formatStreamLabels(labels), newestSeconds: 0 }
    this.#streams.set(stream.id, stream)
    this.#byKey.set(key, stream)
    for (const [name, value] of labels) {
      let values = this.#postings.get(name)
      if (!values) this.#postings.set(name, (values = new Map()))
      const ids = values.get(value)
      if (ids) ids.add(stream.id)
      else values.set(value, new Set([stream.id]))
    }
    return stream
  }

  /** Forgets streams that nothing holds entries of any more. */
  removeUnused(isUsed: (id: number) => boolean): void {
    for (const stream of this.#streams.values()) {
      if (isUsed(stream.id)) continue
      this.#streams.delete(stream.id)
      this.#byKey.delete(stream.key)
      for (const [name, value] of stream.labels) {
        const values = this.#postings.get(name)
        const ids = values?.get(value)
        ids?.delete(stream.id)
        if (ids?.size === 0) values?.delete(value)
        if (values?.size === 0) this.#postings.delete(name)
      }
    }
  }

  /** Streams that satisfy all matchers. */
  select(matchers: readonly Matcher[]): StoredStream[] {
    let selected: Set<number> | undefined
    const rest: Matcher[] = []
    for (const matcher of matchers) {
      if (matchesEmpty(matcher)) {
        rest.push(matcher)
        continue
      }
      const ids = this.#idsOf(matcher)
      const before: Set<number> | undefined = selected
      selected = before ? new Set([...ids].filter((id) => before.has(id))) : ids
      if (selected.size === 0) return []
    }
    const streams: StoredStream[] = []
    for (const id of selected ?? this.#streams.keys()) {
      const stream = this.#streams.get(id)
      if (stream && rest.every((matcher) => matcher.matches(valueOf(stream.labels, matcher.name)))) streams.push(stream)
    }
    return streams
  }

  #idsOf(matcher: Matcher): Set<number> {
    const values = this.#postings.get(matcher.name)
    if (!values) return new Set()
    if (matcher.op === '=') return values.get(matcher.value) ?? new Set()
    const ids = new Set<number>()
    const candidates = matcher.op === '=~' ? matcher.setMatches : undefined
    for (const value of candidates ?? values.keys()) {
      if (candidates === undefined && !matcher.matches(value)) continue
      for (const id of values.get(value) ?? []) ids.add(id)
    }
    return ids
  }
}

function valueOf(labels: Labels, name: string): string {
  for (const [key, value] of labels) if (key === name) return value
  return ''
}
