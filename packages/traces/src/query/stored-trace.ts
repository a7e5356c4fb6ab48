import type { SpanData, SpanSegment, TraceIndex } from '@quartet/model'
import type { Attribute, FieldExpression } from './ast.ts'
import { compilePredicate, compileValue } from './expression.ts'
import type { PipelineSpan } from './pipeline.ts'
import { SegmentSource, spanIdText } from './segment-source.ts'
import type { TraceContext } from './segment-source.ts'
import type { Static } from './static.ts'
import { buildTree } from './structure.ts'
import type { TreePosition } from './structure.ts'

export const SERVICE_NAME: Attribute = {
  scope: 'resource',
  isParent: false,
  name: 'service.name',
  intrinsic: undefined,
}

/** Columns that describe a trace in an answer. */
const TRACE_DATA: readonly (keyof SpanData)[] = [
  'trace',
  'start',
  'duration',
  'kind',
  'status',
  'name',
  'spanId',
  'parentId',
  'resource',
]

/** One segment in one query: its columns as they are needed, and each expression compiled once. */
export class QuerySegment {
  readonly segment: SpanSegment
  readonly source: SegmentSource
  readonly #attributes: readonly Attribute[]
  readonly #predicates = new Map<FieldExpression, (row: number) => boolean>()
  readonly #values = new Map<FieldExpression, (row: number) => Static>()
  #isLoaded = false
  #isDescribed = false
  #serviceName: ((row: number) => Static) | undefined

  constructor(segment: SpanSegment, attributes: readonly Attribute[]) {
    this.segment = segment
    this.source = new SegmentSource(segment)
    this.#attributes = attributes
  }

  /** Opens the columns that the query names. */
  async load(): Promise<void> {
    if (this.#isLoaded) return
    await this.source.load(this.#attributes, ['trace'])
    this.#isLoaded = true
  }

  /** Opens, besides, what answers say about every trace. */
  async loadTraces(): Promise<void> {
    if (this.#isDescribed) return
    await this.load()
    await this.source.load([SERVICE_NAME], TRACE_DATA)
    this.#serviceName = this.source.value(SERVICE_NAME)
    this.#isDescribed = true
  }

  get traces(): TraceIndex {
    return this.source.traces
  }

  predicate(expression: FieldExpression): (row: number) => boolean {
    let predicate = this.#predicates.get(expression)
    if (predicate === undefined) {
      predicate = compilePredicate(expression, this.source)
      this.#predicates.set(expression, predicate)
    }
    return predicate
  }

  value(expression: FieldExpression): (row: number) => Static {
    let value = this.#values.get(expression)
    if (value === undefined) {
      value = compileValue(expression, this.source)
      this.#values.set(expression, value)
    }
    return value
  }

  serviceName(row: number): string {
    const value = this.#serviceName!(row)
    return value.type === 'string' ? value.value : ''
  }
}

export class StoredSpan implements PipelineSpan {
  readonly part: QuerySegment
  readonly row: number
  readonly #trace: StoredTrace

  constructor(trace: StoredTrace, part: QuerySegment, row: number) {
    this.#trace = trace
    this.part = part
    this.row = row
  }

  matches(filter: FieldExpression): boolean {
    return this.part.predicate(filter)(this.row)
  }

  value(expression: FieldExpression): Static {
    return this.part.value(expression)(this.row)
  }

  position(): TreePosition {
    return this.#trace.positionOf(this)
  }
}

const ROOT_MISSING = '<root span not yet received>'

/** A trace put together from all segments that hold spans of it; a span that was sent twice is there once. */
export class StoredTrace implements TraceContext {
  readonly id: Uint8Array
  readonly spans: readonly StoredSpan[]
  readonly startNs: bigint
  readonly endNs: bigint
  readonly rootName: string
  readonly rootServiceName: string
  #positions: Map<StoredSpan, TreePosition> | undefined
  #bySource: Map<SegmentSource, Map<number, StoredSpan>> | undefined

  constructor(id: Uint8Array, parts: readonly { part: QuerySegment; trace: number }[]) {
    this.id = id
    this.spans = this.#collect(parts)
    this.startNs = parts.reduce((least, { part, trace }) => smaller(least, part.traces.startNs[trace]), 1n << 64n)
    this.endNs = parts.reduce((most, { part, trace }) => larger(most, part.traces.endNs[trace]), 0n)
    const root = parts.find(({ part, trace }) => part.traces.rootRow[trace] >= 0)
    const rootRow = root?.part.traces.rootRow[root.trace] ?? -1
    const names = root?.part.source.data('name')
    this.rootName = names ? names.dictionary.text(names.ids[rootRow]) : ROOT_MISSING
    this.rootServiceName = root ? root.part.serviceName(rootRow) : ROOT_MISSING
  }

  get durationNs(): number {
    return Number(this.endNs - this.startNs)
  }

  position(source: SegmentSource, row: number): TreePosition {
    this.#bySource ??= this.#indexBySource()
    const span = this.#bySource.get(source)?.get(row)
    return span ? this.positionOf(span) : { left: 0, right: 0, parent: 0 }
  }

  positionOf(span: StoredSpan): TreePosition {
    this.#positions ??= this.#buildPositions()
    return this.#positions.get(span)!
  }

  #indexBySource(): Map<SegmentSource, Map<number, StoredSpan>> {
    const index = new Map<SegmentSource, Map<number, StoredSpan>>()
    for (const span of this.spans) {
      const { source } = span.part
      const rows = index.get(source) ?? new Map<number, StoredSpan>()
      index.set(source, rows.set(span.row, span))
    }
    return index
  }

  #buildPositions(): Map<StoredSpan, TreePosition> {
    const positions = buildTree(
      this.spans.map(({ part, row }) => ({
        id: spanIdText(part.source.data('spanId'), row),
        parentId: spanIdText(part.source.data('parentId'), row),
      })),
    )
    return new Map(this.spans.map((span, index) => [span, positions[index]]))
  }

  #collect(parts: readonly { part: QuerySegment; trace: number }[]): StoredSpan[] {
    const spans = new Map<string, StoredSpan>()
    for (const { part, trace } of parts) {
      const rows = part.traces.rows(trace)
      const ids = part.source.data('spanId')
      const kinds = part.source.data('kind')
      for (let index = 0; index < rows.length; index++) {
        const row = rows[index]
        // Upstream's notion of the same span: Zipkin's client and server halves share an id.
        const key = `${spanIdText(ids, row)}/${kinds[row]}`
        if (!spans.has(key)) spans.set(key, new StoredSpan(this, part, row))
      }
    }
    return [...spans.values()]
  }
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
