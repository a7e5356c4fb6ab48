import { compareText, METRIC_NAME } from '@quartet/model'
import type { Label, Labels } from '@quartet/model'
import { LabelTable } from './label-table.ts'
import type { MetricColumn } from './metric-column.ts'
import type { SampleWriter } from './sample-writer.ts'
import type { SeriesLimit } from './series-limit.ts'
import { NO_TEXT } from './text-pool.ts'
import type { TextPool } from './text-pool.ts'

/** Returned by {@link MetricGroup.row} for a label set that gets no series. */
export const NO_ROW = -1

export interface MetricGroupOptions {
  readonly names: readonly string[]
  readonly columns: readonly MetricColumn[]
  readonly pool: TextPool
  readonly limit: SeriesLimit
  /** Win over the row's own. */
  readonly constantLabels: readonly Label[]
  /** Counts an update that was left out because a label is not UTF-8. */
  readonly onInvalid: () => void
}

/** Metrics that share their labels: one row per label set, one column per metric. */
export class MetricGroup {
  readonly #options: MetricGroupOptions
  readonly #fewestSeries: number
  readonly #table: LabelTable
  /** Write a row's labels here, as numbers of the pool, and call {@link row}. */
  readonly tuple: Uint32Array

  constructor(options: MetricGroupOptions) {
    this.#options = options
    this.#fewestSeries = Math.min(...options.columns.map(({ seriesCount }) => seriesCount))
    this.#table = new LabelTable(options.names.length)
    this.tuple = new Uint32Array(options.names.length)
  }

  get rowCount(): number {
    return this.#table.count
  }

  get columns(): readonly MetricColumn[] {
    return this.#options.columns
  }

  /** The row of {@link tuple}, made when it is new. */
  row(): number {
    const known = this.#table.find(this.tuple)
    if (known >= 0) return known
    const { limit, onInvalid, pool } = this.#options
    for (const id of this.tuple) {
      if (pool.isValid(id)) continue
      onInvalid()
      return NO_ROW
    }
    // A row that no metric has room for would never be dropped again.
    if (!limit.hasRoom(this.#fewestSeries)) return NO_ROW
    return this.#table.add(this.tuple)
  }

  /** Writes the rows [from, to). */
  collect(from: number, to: number, writer: SampleWriter): void {
    const labelsOf = (row: number, name: string, le?: string): Labels => this.#labelsOf(row, name, le)
    for (const column of this.#options.columns) column.collect(from, to, writer, labelsOf)
  }

  /** @returns whether a series ended */
  dropStale(staleMs: number): boolean {
    const { columns, limit } = this.#options
    const before = limit.removed
    for (const column of columns) column.dropStale(staleMs)
    if (limit.removed === before) return false
    const origin = this.#table.retain((row) => columns.some((column) => column.has(row)))
    for (const column of columns) column.retain(origin)
    return true
  }

  forgetRefs(): void {
    for (const column of this.#options.columns) column.forgetRefs()
  }

  moveTexts(move: (id: number) => number): void {
    this.#table.remap(move)
  }

  #labelsOf(row: number, name: string, le?: string): Labels {
    const { constantLabels, names, pool } = this.#options
    const byName = new Map<string, string>()
    for (const [column, label] of names.entries()) {
      const id = this.#table.cell(row, column)
      if (id !== NO_TEXT) byName.set(label, pool.text(id))
    }
    for (const [label, value] of constantLabels) byName.set(label, value)
    byName.set(METRIC_NAME, name)
    if (le !== undefined) byName.set('le', le)
    return [...byName].filter(([, value]) => value !== '').sort((a, b) => compareText(a[0], b[0]))
  }
}
