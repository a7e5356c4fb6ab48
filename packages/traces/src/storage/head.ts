import {
  AttributeColumns,
  FIELD_KEY,
  FIELD_KEYS,
  INSTRUMENTATION_SCOPE,
  OtlpTracesReader,
  RESOURCE_SCOPE,
  VALUE_BOOL,
  VALUE_DOUBLE,
  VALUE_EMPTY,
  VALUE_INT,
} from '@quartet/model'
import type { GroupRange, SpanColumns } from '@quartet/model'
import { ByteInterner } from './byte-interner.ts'
import { ByteSlabs } from './byte-slabs.ts'
import { grownBigs, grownBytes, grownDoubles, grownInts, grownWords } from './grow.ts'
import { isBelow, TraceTable } from './trace-table.ts'

const EMPTY = new Uint8Array(0)
const SCOPES = 5
const FIELD_KEY_BYTES: readonly Uint8Array[] = FIELD_KEYS.map((key) => new TextEncoder().encode(key))

/** Attributes of many owners (spans, resources or scopes), with keys and contents numbered. */
export class AttributeLog {
  count = 0
  owner = new Uint32Array(0)
  key = new Uint32Array(0)
  type = new Uint8Array(0)
  low = new Uint32Array(0)
  high = new Uint32Array(0)

  add(): number {
    if (this.count === this.type.length) this.#grow()
    return this.count++
  }

  #grow(): void {
    const size = Math.max(1024, this.type.length * 2)
    this.owner = grownWords(this.owner, size)
    this.key = grownWords(this.key, size)
    this.low = grownWords(this.low, size)
    this.high = grownWords(this.high, size)
    this.type = grownBytes(this.type, size)
  }
}

/** Resources or scopes: each distinct pair of message and schema URL once. */
export class GroupTable {
  readonly contents: ByteInterner = new ByteInterner()
  readonly attributes: AttributeLog = new AttributeLog()
  /** Length of the message in each content; the schema URL follows it. */
  messageBytes = new Uint32Array(16)

  get count(): number {
    return this.contents.size
  }
}

/**
 * The newest spans, in memory, as columns in the order of arrival. Everything is append-only, so that a reader that notes
 * {@link spanCount} has a consistent view for as long as it likes. No object is kept per span or attribute.
 */
export class Head {
  readonly createdMs: number
  spanCount = 0
  /** Halves of the earliest start and the latest end: bigints would be allocated per span. */
  #minStartLow = 0xffffffff
  #minStartHigh = 0xffffffff
  #maxEndLow = 0
  #maxEndHigh = 0
  readonly values: ByteInterner = new ByteInterner()
  readonly keys: readonly ByteInterner[] = Array.from({ length: SCOPES }, () => new ByteInterner())
  readonly traces: TraceTable = new TraceTable()
  readonly attributes: AttributeLog = new AttributeLog()
  readonly resources: GroupTable = new GroupTable()
  readonly scopes: GroupTable = new GroupTable()
  readonly raw: ByteSlabs = new ByteSlabs()

  trace = new Uint32Array(0)
  previousRow = new Int32Array(0)
  start = new BigUint64Array(0)
  /** The same memory as {@link start}: low half, high half. */
  #startWords = new Uint32Array(0)
  duration = new Float64Array(0)
  kind = new Uint8Array(0)
  status = new Uint8Array(0)
  name = new Uint32Array(0)
  message = new Uint32Array(0)
  spanId = new Uint8Array(0)
  parentId = new Uint8Array(0)
  resource = new Uint32Array(0)
  scope = new Uint32Array(0)
  rawSlab = new Uint32Array(0)
  rawOffset = new Uint32Array(0)
  rawBytes = new Uint32Array(0)

  readonly #reader = new OtlpTracesReader()
  readonly #scratch = new AttributeColumns()
  /** Numbers in this head of the request's resources and scopes. */
  readonly #resourceNumbers: number[] = []
  readonly #scopeNumbers: number[] = []

  constructor(createdMs: number) {
    this.createdMs = createdMs
    this.values.intern(EMPTY, 0, 0) // number 0 is the empty text
  }

  get minStartNs(): bigint {
    return (BigInt(this.#minStartHigh) << 32n) | BigInt(this.#minStartLow)
  }

  get maxEndNs(): bigint {
    return (BigInt(this.#maxEndHigh) << 32n) | BigInt(this.#maxEndLow)
  }

  /** Roughly what this head holds in memory. */
  get sizeBytes(): number {
    return this.raw.sizeBytes + this.values.arenaBytes + this.spanCount * 80 + this.attributes.count * 17
  }

  /** Adds all spans of a request that has been validated and logged. */
  apply(columns: SpanColumns): void {
    const { bytes } = columns
    this.#reserve(this.spanCount + columns.count)
    this.#numberGroups(columns.resources, bytes, this.resources, this.#resourceNumbers, RESOURCE_SCOPE)
    this.#numberGroups(columns.scopes, bytes, this.scopes, this.#scopeNumbers, INSTRUMENTATION_SCOPE)
    for (let index = 0; index < columns.count; index++) this.#addSpan(columns, index)
  }

  #addSpan(columns: SpanColumns, index: number): void {
    const { bytes } = columns
    const row = this.spanCount
    this.#startWords[2 * row] = columns.startLow[index]
    this.#startWords[2 * row + 1] = columns.startHigh[index]
    const durationNs =
      (columns.endHigh[index] - columns.startHigh[index]) * 4294967296 +
      (columns.endLow[index] - columns.startLow[index])
    // Ends before starts come from skewed clocks; upstream counts them as no time at all.
    this.duration[row] = durationNs > 0 ? durationNs : 0
    this.kind[row] = columns.kind[index]
    this.status[row] = columns.status[index]
    this.name[row] = this.values.intern(bytes, columns.nameStart[index], columns.nameEnd[index])
    this.message[row] = this.values.intern(bytes, columns.messageStart[index], columns.messageEnd[index])
    copyId(bytes, columns.spanIdStart[index], columns.spanIdEnd[index], this.spanId, row)
    const hasParent = copyId(bytes, columns.parentIdStart[index], columns.parentIdEnd[index], this.parentId, row)
    this.resource[row] = this.#resourceNumbers[columns.resource[index]]
    this.scope[row] = this.#scopeNumbers[columns.scope[index]]
    this.rawSlab[row] = this.raw.append(bytes, columns.spanStart[index], columns.spanEnd[index])
    this.rawOffset[row] = this.raw.lastOffset
    this.rawBytes[row] = columns.spanEnd[index] - columns.spanStart[index]
    this.#addToTrace(row, columns, index, hasParent)
    this.#addAttributes(columns.attributes, {
      bytes,
      from: columns.firstAttribute[index],
      to: columns.firstAttribute[index + 1],
      owner: row,
      log: this.attributes,
    })
    this.spanCount = row + 1
  }

  #addToTrace(row: number, columns: SpanColumns, index: number, hasParent: boolean): void {
    const { traces } = this
    const trace = traces.resolve(columns.bytes, columns.traceIdStart[index])
    const startLow = columns.startLow[index]
    const startHigh = columns.startHigh[index]
    const hasDuration = this.duration[row] > 0
    const endLow = hasDuration ? columns.endLow[index] : startLow
    const endHigh = hasDuration ? columns.endHigh[index] : startHigh
    this.trace[row] = trace
    this.previousRow[row] = traces.lastRow[trace]
    traces.widen(trace, startLow, startHigh, endLow, endHigh)
    traces.lastRow[trace] = row
    traces.sizeBytes[trace] += this.rawBytes[row]
    if (!hasParent && traces.rootRow[trace] < 0) traces.rootRow[trace] = row
    if (isBelow(startLow, startHigh, this.#minStartLow, this.#minStartHigh)) {
      this.#minStartLow = startLow
      this.#minStartHigh = startHigh
    }
    if (isBelow(this.#maxEndLow, this.#maxEndHigh, endLow, endHigh)) {
      this.#maxEndLow = endLow
      this.#maxEndHigh = endHigh
    }
  }

  #numberGroups(
    groups: readonly GroupRange[],
    bytes: Uint8Array,
    table: GroupTable,
    numbers: number[],
    scope: number,
  ): void {
    numbers.length = 0
    for (const group of groups) numbers.push(this.#numberGroup(group, bytes, table, scope))
  }

  #numberGroup(group: GroupRange, bytes: Uint8Array, table: GroupTable, scope: number): number {
    const before = table.count
    const messageBytes = group.messageEnd - group.messageStart
    const content =
      group.schemaEnd === group.schemaStart
        ? bytes.subarray(group.messageStart, group.messageEnd)
        : Buffer.concat([
            bytes.subarray(group.messageStart, group.messageEnd),
            bytes.subarray(group.schemaStart, group.schemaEnd),
          ])
    const number = table.contents.intern(content, 0, content.length)
    if (number < before) return number
    if (number >= table.messageBytes.length) table.messageBytes = grownWords(table.messageBytes, number * 2)
    table.messageBytes[number] = messageBytes
    const message = table.contents.bytes(number).subarray(0, messageBytes)
    this.#addGroupAttributes(message, number, table, scope)
    return number
  }

  #addGroupAttributes(message: Uint8Array, owner: number, table: GroupTable, scope: number): void {
    const scratch = this.#scratch
    scratch.count = 0
    this.#reader.readGroupAttributes(message, { field: scope === RESOURCE_SCOPE ? 1 : 3, scope, into: scratch })
    this.#addAttributes(scratch, { bytes: message, from: 0, to: scratch.count, owner, log: table.attributes })
  }

  #addAttributes(
    columns: AttributeColumns,
    range: { bytes: Uint8Array; from: number; to: number; owner: number; log: AttributeLog },
  ): void {
    const { bytes, log, owner } = range
    for (let index = range.from; index < range.to; index++) {
      const type = columns.type[index]
      if (type === VALUE_EMPTY) continue // as if absent, which is how upstream stores it
      const at = log.add()
      const scope = columns.scope[index]
      log.owner[at] = owner
      log.key[at] = this.#keyOf(columns, index, scope, bytes) * SCOPES + scope
      log.type[at] = type
      if (type === VALUE_INT || type === VALUE_DOUBLE || type === VALUE_BOOL) {
        log.low[at] = columns.low[index]
        log.high[at] = columns.high[index]
      } else {
        log.low[at] = this.values.intern(bytes, columns.valueStart[index], columns.valueEnd[index])
        log.high[at] = 0
      }
    }
  }

  #keyOf(columns: AttributeColumns, index: number, scope: number, bytes: Uint8Array): number {
    if (columns.keyStart[index] !== FIELD_KEY) {
      return this.keys[scope].intern(bytes, columns.keyStart[index], columns.keyEnd[index])
    }
    const name = FIELD_KEY_BYTES[columns.keyEnd[index]]
    return this.keys[scope].intern(name, 0, name.length)
  }

  #reserve(rows: number): void {
    if (rows <= this.trace.length) return
    const size = Math.max(rows, this.trace.length * 2, 256)
    for (const name of WORD_COLUMNS) this[name] = grownWords(this[name], size)
    this.previousRow = grownInts(this.previousRow, size)
    this.start = grownBigs(this.start, size)
    this.#startWords = new Uint32Array(this.start.buffer)
    this.duration = grownDoubles(this.duration, size)
    this.kind = grownBytes(this.kind, size)
    this.status = grownBytes(this.status, size)
    this.spanId = grownBytes(this.spanId, size * 8)
    this.parentId = grownBytes(this.parentId, size * 8)
  }
}

/** The number under which {@link AttributeLog.key} has a key, from its number in `keys[scope]`. */
export function logKey(scope: number, key: number): number {
  return key * SCOPES + scope
}

export function scopeOfLogKey(logged: number): number {
  return logged % SCOPES
}

export function keyOfLogKey(logged: number): number {
  return (logged - (logged % SCOPES)) / SCOPES
}

const WORD_COLUMNS = ['trace', 'name', 'message', 'resource', 'scope', 'rawSlab', 'rawOffset', 'rawBytes'] as const

/** Right-aligned in eight bytes, longer ones cut to their end; true when any byte is not zero. */
function copyId(bytes: Uint8Array, start: number, end: number, into: Uint8Array, row: number): boolean {
  let hasBits = false
  const from = Math.max(start, end - 8)
  const base = row * 8 + 8 - (end - from)
  for (let index = from; index < end; index++) {
    into[base + index - from] = bytes[index]
    if (bytes[index] !== 0) hasBits = true
  }
  return hasBits
}
