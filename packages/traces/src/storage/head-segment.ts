import { INSTRUMENTATION_SCOPE, RESOURCE_SCOPE } from '@quartet/model'
import type { AttributeKey, RawGroup, RawSpan, SpanData, SpanSegment, TraceIndex, ValueColumn } from '@quartet/model'
import type { AttributeLog, GroupTable, Head } from './head.ts'
import { logKey } from './head.ts'

/** A head as it was when this view was made: spans that arrive later are not seen. */
export class HeadSegment implements SpanSegment {
  readonly id: string
  readonly spanCount: number
  readonly resourceCount: number
  readonly scopeCount: number
  readonly sizeBytes: number
  readonly minStartNs: bigint
  readonly maxEndNs: bigint
  readonly #head: Head
  readonly #traceCount: number
  readonly #attributeCount: number
  #keys: readonly AttributeKey[] | undefined

  constructor(head: Head, id = 'head') {
    this.id = id
    this.#head = head
    this.spanCount = head.spanCount
    this.resourceCount = head.resources.count
    this.scopeCount = head.scopes.count
    this.sizeBytes = head.raw.sizeBytes
    this.minStartNs = head.minStartNs
    this.maxEndNs = head.maxEndNs
    this.#traceCount = head.traces.count
    this.#attributeCount = head.attributes.count
  }

  get keys(): readonly AttributeKey[] {
    return (this.#keys ??= this.#head.keys.flatMap((keys, scope) =>
      Array.from({ length: keys.size }, (_, id) => ({ scope, key: keys.text(id) })),
    ))
  }

  span<N extends keyof SpanData>(name: N): Promise<SpanData[N]> {
    const head = this.#head
    const data: SpanData = {
      trace: head.trace,
      start: head.start,
      duration: head.duration,
      kind: head.kind,
      status: head.status,
      name: { ids: head.name, dictionary: head.values },
      message: { ids: head.message, dictionary: head.values },
      spanId: head.spanId,
      parentId: head.parentId,
      resource: head.resource,
      scope: head.scope,
    }
    return Promise.resolve(data[name])
  }

  attribute(scope: number, key: string): Promise<ValueColumn | undefined> {
    const number = this.#head.keys[scope].find(Buffer.from(key))
    if (number < 0) return Promise.resolve(undefined)
    const log = this.#logOf(scope)
    const count = log === this.#head.attributes ? this.#attributeCount : log.count
    return Promise.resolve(collect(log, count, logKey(scope, number), this.#head))
  }

  traces(): Promise<TraceIndex> {
    const { traces } = this.#head
    return Promise.resolve({
      count: this.#traceCount,
      id: (trace) => traces.id(trace),
      find: (id) => {
        const trace = traces.find(id, 0)
        return trace < this.#traceCount ? trace : -1
      },
      rows: (trace) => this.#rows(trace),
      startNs: traces.startNs,
      endNs: traces.endNs,
      rootRow: traces.rootRow,
    })
  }

  async findTrace(id: Uint8Array): Promise<number> {
    return (await this.traces()).find(id)
  }

  rawTrace(trace: number): Promise<readonly RawSpan[]> {
    const head = this.#head
    const groups = new Map<string, RawGroup>()
    const spans = this.#rows(trace).map((row) => ({
      span: head.raw.view(head.rawSlab[row], head.rawOffset[row], head.rawBytes[row]),
      resource: groupOf(head.resources, head.resource[row], groups, 'r'),
      scope: groupOf(head.scopes, head.scope[row], groups, 's'),
    }))
    return Promise.resolve(spans)
  }

  scopeMessages(): Promise<readonly Uint8Array[]> {
    const { contents, messageBytes } = this.#head.scopes
    const messages = Array.from({ length: this.scopeCount }, (_, number) =>
      contents.bytes(number).subarray(0, messageBytes[number]),
    )
    return Promise.resolve(messages)
  }

  #rows(trace: number): number[] {
    const rows: number[] = []
    const { previousRow, traces } = this.#head
    for (let row = traces.lastRow[trace]; row >= 0; row = previousRow[row]) if (row < this.spanCount) rows.push(row)
    return rows.reverse()
  }

  #logOf(scope: number): AttributeLog {
    if (scope === RESOURCE_SCOPE) return this.#head.resources.attributes
    return scope === INSTRUMENTATION_SCOPE ? this.#head.scopes.attributes : this.#head.attributes
  }
}

function collect(log: AttributeLog, total: number, key: number, head: Head): ValueColumn {
  let count = 0
  const keys = log.key
  for (let index = 0; index < total; index++) if (keys[index] === key) count++
  const rows = new Uint32Array(count)
  const type = new Uint8Array(count)
  const low = new Uint32Array(count)
  const high = new Uint32Array(count)
  for (let index = 0, at = 0; index < total; index++) {
    if (keys[index] !== key) continue
    rows[at] = log.owner[index]
    type[at] = log.type[index]
    low[at] = log.low[index]
    high[at] = log.high[index]
    at++
  }
  return { count, rows, type, low, high, dictionary: head.values }
}

function groupOf(table: GroupTable, number: number, cache: Map<string, RawGroup>, prefix: string): RawGroup {
  const key = prefix + number
  let group = cache.get(key)
  if (group === undefined) {
    const content = table.contents.bytes(number)
    const messageBytes = table.messageBytes[number]
    group = { message: content.subarray(0, messageBytes), schemaUrl: content.subarray(messageBytes) }
    cache.set(key, group)
  }
  return group
}
