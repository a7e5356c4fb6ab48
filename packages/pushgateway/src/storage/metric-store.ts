import type { FamilyLabel, FamilyType, MetricFamily } from '@quartet/model'
import { Wal } from '@quartet/storage'
import type { FileSystem } from '@quartet/storage'
import { checkFamily, InconsistentError, seriesSignature } from './consistency.ts'
import { groupKey, PUSH_FAILURE_TIME, PUSH_TIME, timeFamily, withGroupLabels } from './metric-group.ts'
import type { MetricGroup, StoredFamily } from './metric-group.ts'
import { decodeChange, encodeChange } from './record.ts'
import type { Change } from './record.ts'

export interface MetricStoreOptions {
  readonly fileSystem: FileSystem
  /** Of the write-ahead log; `undefined` keeps everything in memory. */
  readonly directory: string | undefined
  readonly nowNs: () => bigint
  readonly every: (ms: number, action: () => void) => { cancel(): void }
  readonly checkConsistency: boolean
  /** Types of the metrics that the Pushgateway exposes about itself: a push must agree with them. */
  readonly ownType: (name: string) => FamilyType | undefined
  readonly onProblem: (problem: { kind: string; message: string; cause?: unknown }) => void
  /** Metrics that may be stored, all groups together. Default one million. */
  readonly maxMetrics?: number
  /** The log is rewritten when it has grown by this much beyond its last snapshot. Default 4 MiB. */
  readonly compactBytes?: number
}

export interface PushRequest {
  /** With `job`, sorted by name. */
  readonly labels: readonly FamilyLabel[]
  readonly families: readonly MetricFamily[]
  /** PUT: the group has nothing but this afterwards. POST: families of other names stay. */
  readonly replace: boolean
}

/** Metrics of one name over all groups. */
interface NameEntry {
  readonly types: Map<string, FamilyType>
  /** From series to the group that has it. */
  readonly owners: Map<string, string>
}

/**
 * Pushed metric groups. Every change is in the log before it is visible or acknowledged, so `kill -9` loses nothing. Changes happen
 * one after the other; what is checked is what is written.
 */
export class MetricStore {
  readonly #options: MetricStoreOptions
  readonly #groups = new Map<string, MetricGroup>()
  readonly #names = new Map<string, NameEntry>()
  readonly #maxMetrics: number
  #metricCount = 0
  #wal: Wal | undefined
  #snapshotBytes = 0
  #queue: Promise<unknown> = Promise.resolve()

  static async open(options: MetricStoreOptions): Promise<MetricStore> {
    const store = new MetricStore(options)
    if (options.directory !== undefined) await store.#openWal(options.directory)
    return store
  }

  private constructor(options: MetricStoreOptions) {
    this.#options = options
    this.#maxMetrics = options.maxMetrics ?? 1_000_000
  }

  /** Sorted by grouping key. What it returns is not changed later. */
  get groups(): readonly MetricGroup[] {
    return [...this.#groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
  }

  get groupCount(): number {
    return this.#groups.size
  }

  get metricCount(): number {
    return this.#metricCount
  }

  get walBytes(): number {
    return this.#wal?.sizeBytes ?? 0
  }

  /** @throws InconsistentError when it is refused; the group then is as before, but for the time of the failure */
  push({ families, labels, replace }: PushRequest): Promise<void> {
    return this.#exclusively(async () => {
      const timeNs = this.#options.nowNs()
      try {
        this.#check({ families, labels, replace })
      } catch (error) {
        // At the limit not even the two times of a new group fit.
        const fits = this.#groups.has(groupKey(labels)) || this.#metricCount + 2 <= this.#maxMetrics
        if (error instanceof InconsistentError && fits) await this.#commit({ kind: 'failure', labels, timeNs })
        throw error
      }
      await this.#commit({ kind: 'push', replace, labels, timeNs, families })
    })
  }

  delete(labels: readonly FamilyLabel[]): Promise<void> {
    return this.#exclusively(async () => {
      if (this.#groups.has(groupKey(labels))) await this.#commit({ kind: 'delete', labels })
    })
  }

  wipe(): Promise<void> {
    return this.#exclusively(() => this.#commit({ kind: 'wipe' }))
  }

  /** Metrics of all groups by family, sorted by name; help and type are those of the first group. */
  families(): MetricFamily[] {
    const merged = new Map<string, MetricFamily>()
    for (const { families } of this.groups) {
      for (const { family } of families.values()) {
        const known = merged.get(family.name)
        if (known) known.metrics.push(...family.metrics)
        else merged.set(family.name, { ...family, metrics: [...family.metrics] })
      }
    }
    return [...merged.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async close(): Promise<void> {
    await this.#queue
    await this.#wal?.close()
  }

  #check({ families, labels, replace }: PushRequest): void {
    if (families.some(({ metrics }) => metrics.some(({ timestampMs }) => timestampMs !== undefined))) {
      throw new InconsistentError('pushed metrics must not have timestamps')
    }
    const added = families.reduce((sum, { metrics }) => sum + metrics.length, 0)
    if (this.#metricCount + added > this.#maxMetrics) {
      const limit = `the limit is ${this.#maxMetrics}`
      throw new InconsistentError(`${this.#metricCount} metrics are stored and ${added} pushed, ${limit}`)
    }
    if (!this.#options.checkConsistency) return
    const key = groupKey(labels)
    const pushed = new Map(families.map((family) => [family.name, family]))
    const kept = replace ? undefined : this.#groups.get(key)?.families
    const known = {
      typeOf: (name: string) =>
        this.#otherType(name, key) ??
        this.#options.ownType(name) ??
        pushed.get(name)?.type ??
        kept?.get(name)?.family.type,
      has: (name: string, signature: string) => {
        const owner = this.#names.get(name)?.owners.get(signature)
        return owner !== undefined && owner !== key
      },
    }
    for (const family of families) checkFamily(withGroupLabels(family, labels), known)
  }

  /** The type that a name has in other groups. */
  #otherType(name: string, key: string): FamilyType | undefined {
    for (const [group, type] of this.#names.get(name)?.types ?? []) if (group !== key) return type
    return undefined
  }

  async #commit(change: Change): Promise<void> {
    if (this.#wal) await this.#wal.append(encodeChange(change))
    this.#apply(change)
    await this.#compactIfDue()
  }

  #apply(change: Change): void {
    switch (change.kind) {
      case 'push':
        this.#applyPush(change)
        return
      case 'failure': {
        const { labels, timeNs } = change
        const families = new Map(this.#groups.get(groupKey(labels))?.families)
        families.set(PUSH_FAILURE_TIME, stored(timeFamily(PUSH_FAILURE_TIME, labels, timeNs), timeNs))
        if (!families.has(PUSH_TIME)) families.set(PUSH_TIME, stored(timeFamily(PUSH_TIME, labels, 0n), timeNs))
        this.#setGroup({ labels, families })
        return
      }
      case 'delete':
        this.#removeGroup(groupKey(change.labels))
        return
      case 'wipe':
        for (const key of this.#groups.keys()) this.#removeGroup(key)
        return
      case 'snapshot':
        for (const key of this.#groups.keys()) this.#removeGroup(key)
        for (const group of change.groups) this.#setGroup(group)
    }
  }

  #applyPush({ families: pushed, labels, replace, timeNs }: Extract<Change, { kind: 'push' }>): void {
    const before = this.#groups.get(groupKey(labels))?.families ?? new Map<string, StoredFamily>()
    const families = replace ? new Map<string, StoredFamily>() : new Map(before)
    for (const family of pushed) families.set(family.name, stored(withGroupLabels(family, labels), timeNs))
    families.set(PUSH_TIME, stored(timeFamily(PUSH_TIME, labels, timeNs), timeNs))
    const failure = before.get(PUSH_FAILURE_TIME) ?? stored(timeFamily(PUSH_FAILURE_TIME, labels, 0n), timeNs)
    families.set(PUSH_FAILURE_TIME, failure)
    this.#setGroup({ labels, families })
  }

  #setGroup(group: MetricGroup): void {
    const key = groupKey(group.labels)
    this.#removeGroup(key)
    this.#groups.set(key, group)
    for (const { family } of group.families.values()) {
      let entry = this.#names.get(family.name)
      if (!entry) this.#names.set(family.name, (entry = { types: new Map(), owners: new Map() }))
      entry.types.set(key, family.type)
      for (const metric of family.metrics) entry.owners.set(seriesSignature(metric), key)
      this.#metricCount += family.metrics.length
    }
  }

  #removeGroup(key: string): void {
    const group = this.#groups.get(key)
    if (!group) return
    this.#groups.delete(key)
    for (const { family } of group.families.values()) {
      const entry = this.#names.get(family.name)!
      entry.types.delete(key)
      for (const metric of family.metrics) {
        const signature = seriesSignature(metric)
        if (entry.owners.get(signature) === key) entry.owners.delete(signature)
      }
      if (entry.types.size === 0) this.#names.delete(family.name)
      this.#metricCount -= family.metrics.length
    }
  }

  async #openWal(directory: string): Promise<void> {
    const { every, fileSystem, onProblem } = this.#options
    this.#wal = await Wal.open({ fileSystem, directory, every, onProblem })
    await this.#wal.replay((record) => {
      try {
        this.#apply(decodeChange(record))
      } catch (cause) {
        onProblem({ kind: 'record', message: 'a record of the log cannot be read and was skipped', cause })
      }
    })
  }

  async #compactIfDue(): Promise<void> {
    const wal = this.#wal
    if (!wal) return
    const growth = wal.sizeBytes - this.#snapshotBytes
    if (growth < Math.max(this.#options.compactBytes ?? 4 << 20, this.#snapshotBytes)) return
    try {
      const segment = await wal.cut()
      await wal.append(encodeChange({ kind: 'snapshot', groups: this.groups }))
      await wal.removeBefore(segment)
      this.#snapshotBytes = wal.sizeBytes
    } catch (cause) {
      // The change itself is safe; the log is only longer than need be, and the next change tries again.
      this.#options.onProblem({ kind: 'compact', message: 'the log could not be rewritten', cause })
    }
  }

  #exclusively<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(action)
    this.#queue = result.catch(() => undefined) // its caller gets the error; the next change does not care
    return result
  }
}

function stored(family: MetricFamily, pushedNs: bigint): StoredFamily {
  return { family, pushedNs }
}
