import {
  EVENT_NAME_KEY,
  EVENT_SCOPE,
  EVENT_TIME_KEY,
  INSTRUMENTATION_SCOPE,
  LINK_SCOPE,
  LINK_SPAN_KEY,
  LINK_TRACE_KEY,
  ProtoReader,
  readAnyValue,
  RESOURCE_SCOPE,
  SPAN_SCOPE,
  VALUE_ARRAY,
  VALUE_BOOL,
  VALUE_BYTES,
  VALUE_DOUBLE,
  VALUE_INT,
  VALUE_STRING,
} from '@quartet/model'
import type { AnyValue, SpanData, SpanSegment, TextColumn, TraceIndex, ValueColumn } from '@quartet/model'
import type { Attribute } from './ast.ts'
import type { RowSource } from './expression.ts'
import { acceptsNumber, compileTest, isNumeric, KINDS, NIL, STATUSES } from './static.ts'
import type { CompareOp, Static } from './static.ts'
import type { TreePosition } from './structure.ts'

/** What is only known of a trace as a whole, over all segments. Set while one trace is evaluated. */
export interface TraceContext {
  readonly durationNs: number
  readonly rootName: string
  readonly rootServiceName: string
  position(source: SegmentSource, row: number): TreePosition
}

type Needed = { [N in keyof SpanData]?: SpanData[N] }

/**
 * The columns of one segment that a query names, and expressions over them. A comparison with a literal runs over the entries
 * of its column once, each distinct text is tested once, and leaves one byte per row.
 */
export class SegmentSource implements RowSource {
  readonly segment: SpanSegment
  trace: TraceContext | undefined
  readonly #data: Needed = {}
  readonly #columns = new Map<string, AttributeRows | undefined>()
  #traces: TraceIndex | undefined

  constructor(segment: SpanSegment) {
    this.segment = segment
  }

  /** Opens the columns of these attributes; afterwards everything here is synchronous. */
  async load(attributes: Iterable<Attribute>, names: readonly (keyof SpanData)[] = []): Promise<void> {
    this.#traces ??= await this.segment.traces()
    for (const name of names) await this.#loadData(name)
    for (const attribute of attributes) {
      for (const name of dataOf(attribute)) await this.#loadData(name)
      for (const { scope, key } of columnsOf(attribute)) await this.#loadColumn(scope, key)
    }
  }

  get traces(): TraceIndex {
    return this.#traces!
  }

  data<N extends keyof SpanData>(name: N): SpanData[N] {
    const data = this.#data[name]
    if (data === undefined) throw new Error(`column ${name} was not loaded`)
    return data as SpanData[N]
  }

  value(attribute: Attribute): (row: number) => Static {
    const { intrinsic } = attribute
    if (intrinsic === undefined) {
      const columns = columnsOf(attribute).flatMap(({ scope, key }) => this.#column(scope, key) ?? [])
      return (row) => {
        for (const column of columns) {
          const value = column.value(row)
          if (value.type !== 'nil') return value
        }
        return NIL
      }
    }
    return this.#intrinsic(attribute)
  }

  test(attribute: Attribute, op: CompareOp, literal: Static): ((row: number) => boolean) | undefined {
    switch (attribute.intrinsic) {
      case 'duration': {
        if (!isNumeric(literal.type)) return () => false
        const durations = this.data('duration')
        const right = (literal as { value: number }).value
        return (row) => acceptsNumber(op, durations[row], right)
      }
      case 'name':
        return textTest(this.data('name'), op, literal)
      case 'statusMessage':
        return textTest(this.data('message'), op, literal)
      case 'status':
        return byteTest(this.data('status'), statusOf, compileTest(op, literal))
      case 'kind':
        return byteTest(this.data('kind'), kindOf, compileTest(op, literal))
      case undefined:
        return this.#attributeTest(attribute, compileTest(op, literal))
      default:
        return undefined
    }
  }

  exists(attribute: Attribute): ((row: number) => boolean) | undefined {
    return attribute.intrinsic === undefined
      ? this.#attributeTest(attribute, (value) => value.type !== 'nil')
      : undefined
  }

  #attributeTest(attribute: Attribute, test: (value: Static) => boolean): (row: number) => boolean {
    const columns = columnsOf(attribute).flatMap(({ scope, key }) => this.#column(scope, key) ?? [])
    if (columns.length === 0) return () => false
    const tests = columns.map((column) => column.compile(test))
    if (tests.length === 1) return (row) => tests[0](row) === MATCHES
    // An unscoped name means the span's attribute, and only without one the resource's.
    return (row) => {
      for (const state of tests) {
        const result = state(row)
        if (result !== ABSENT) return result === MATCHES
      }
      return false
    }
  }

  #intrinsic(attribute: Attribute): (row: number) => Static {
    switch (attribute.intrinsic!) {
      case 'duration': {
        const durations = this.data('duration')
        return (row) => ({ type: 'duration', value: durations[row] })
      }
      case 'name':
        return textValue(this.data('name'))
      case 'statusMessage':
        return textValue(this.data('message'))
      case 'status': {
        const status = this.data('status')
        return (row) => statusOf(status[row])
      }
      case 'kind': {
        const kind = this.data('kind')
        return (row) => kindOf(kind[row])
      }
      case 'trace:id': {
        const trace = this.data('trace')
        return (row) => ({ type: 'string', value: hexId(this.traces.id(trace[row])) })
      }
      case 'span:id':
        return idValue(this.data('spanId'))
      case 'span:parentID':
        return idValue(this.data('parentId'))
      case 'traceDuration':
        return () => (this.trace ? { type: 'duration', value: this.trace.durationNs } : NIL)
      case 'rootName':
        return () => (this.trace ? { type: 'string', value: this.trace.rootName } : NIL)
      case 'rootServiceName':
        return () => (this.trace ? { type: 'string', value: this.trace.rootServiceName } : NIL)
      case 'nestedSetLeft':
        return (row) => this.#position(row, 'left')
      case 'nestedSetRight':
        return (row) => this.#position(row, 'right')
      case 'nestedSetParent':
        return (row) => this.#position(row, 'parent')
      case 'event:timeSinceStart':
        return this.#timeSinceStart()
      case 'instrumentation:name':
      case 'instrumentation:version':
        return this.#scopeField(attribute.intrinsic === 'instrumentation:name' ? 1 : 2)
      case 'event:name':
      case 'link:traceID':
      case 'link:spanID': {
        const [{ scope, key }] = columnsOf(attribute)
        const column = this.#column(scope, key)
        return (row) => column?.value(row) ?? NIL
      }
      case 'childCount':
      case 'parent':
        return () => NIL
    }
  }

  #position(row: number, side: keyof TreePosition): Static {
    return this.trace ? { type: 'int', value: this.trace.position(this, row)[side] } : NIL
  }

  #timeSinceStart(): (row: number) => Static {
    const column = this.#column(EVENT_SCOPE, EVENT_TIME_KEY)
    const start = this.data('start')
    if (column === undefined) return () => NIL
    return (row) => {
      const times = column.times(row)
      if (times.length === 0) return NIL
      const values = times.map((time): Static => ({ type: 'duration', value: Number(time - start[row]) }))
      return values.length === 1 ? values[0] : { type: 'array', value: values }
    }
  }

  /** Name and version of a scope lie in its message, of which a segment has few. */
  #scopeField(field: 1 | 2): (row: number) => Static {
    const scope = this.data('scope')
    const texts = this.#scopeTexts
    return (row) => texts?.[scope[row]]?.[field - 1] ?? NIL
  }

  #scopeTexts: (readonly [Static, Static])[] | undefined

  async #loadData(name: keyof SpanData): Promise<void> {
    if (this.#data[name] !== undefined) return
    Object.assign(this.#data, { [name]: await this.segment.span(name) })
    if (name === 'scope') this.#scopeTexts = (await this.segment.scopeMessages()).map(scopeNameAndVersion)
  }

  async #loadColumn(scope: number, key: string): Promise<void> {
    const id = `${scope}/${key}`
    if (this.#columns.has(id)) return
    const column = await this.segment.attribute(scope, key)
    this.#columns.set(id, column && new AttributeRows(column, this.segment, await this.#ownerOf(scope)))
  }

  async #ownerOf(scope: number): Promise<Uint32Array | undefined> {
    if (scope !== RESOURCE_SCOPE && scope !== INSTRUMENTATION_SCOPE) return undefined
    const name = scope === RESOURCE_SCOPE ? 'resource' : 'scope'
    await this.#loadData(name)
    return this.data(name)
  }

  #column(scope: number, key: string): AttributeRows | undefined {
    const id = `${scope}/${key}`
    if (!this.#columns.has(id)) throw new Error(`attribute ${id} was not loaded`)
    return this.#columns.get(id)
  }
}

const ABSENT = 0
const DIFFERS = 1
const MATCHES = 2

/** One attribute column, found by the row of a span. */
class AttributeRows {
  readonly #column: ValueColumn
  /** Entry at which a row's values begin, plus one; 0: none. */
  readonly #first: Uint32Array
  /** For resources and scopes: the owner of each span's row. */
  readonly #owner: Uint32Array | undefined
  readonly #texts: (Static | undefined)[] = []

  constructor(column: ValueColumn, segment: SpanSegment, owner: Uint32Array | undefined) {
    this.#column = column
    this.#owner = owner
    const size = owner === undefined ? segment.spanCount : Math.max(segment.resourceCount, segment.scopeCount)
    this.#first = new Uint32Array(size)
    const { rows, count } = column
    for (let entry = count - 1; entry >= 0; entry--) if (rows[entry] < size) this.#first[rows[entry]] = entry + 1
  }

  value(spanRow: number): Static {
    const row = this.#owner === undefined ? spanRow : this.#owner[spanRow]
    const first = this.#first[row]
    if (first === 0) return NIL
    const { count, rows } = this.#column
    const value = this.#entry(first - 1)
    if (first >= count || rows[first] !== row) return value
    const values = [value]
    for (let entry = first; entry < count && rows[entry] === row; entry++) values.push(this.#entry(entry))
    return { type: 'array', value: values.flatMap((member) => (member.type === 'array' ? member.value : [member])) }
  }

  /** 64-bit times, exact. */
  times(row: number): bigint[] {
    const { count, high, low, rows } = this.#column
    const times: bigint[] = []
    for (let entry = this.#first[row] - 1; entry >= 0 && entry < count && rows[entry] === row; entry++) {
      times.push((BigInt(high[entry]) << 32n) | BigInt(low[entry]))
    }
    return times
  }

  /** One test over all entries; a row with several values matches when any does. */
  compile(test: (value: Static) => boolean): (row: number) => number {
    const { count, dictionary, low, rows, type } = this.#column
    const states = new Uint8Array(this.#first.length)
    const decided = new Uint8Array(dictionary.size)
    for (let entry = 0; entry < count; entry++) {
      const row = rows[entry]
      if (row >= states.length || states[row] === MATCHES) continue
      let state: number
      if (type[entry] === VALUE_STRING) {
        state = decided[low[entry]]
        if (state === 0) decided[low[entry]] = state = test(this.#entry(entry)) ? MATCHES : DIFFERS
      } else state = test(this.#entry(entry)) ? MATCHES : DIFFERS
      states[row] = state
    }
    const owner = this.#owner
    return owner === undefined ? (row) => states[row] : (row) => states[owner[row]]
  }

  #entry(entry: number): Static {
    const { dictionary, high, low, type } = this.#column
    switch (type[entry]) {
      case VALUE_STRING:
        return (this.#texts[low[entry]] ??= { type: 'string', value: dictionary.text(low[entry]) })
      case VALUE_INT:
        return { type: 'int', value: (high[entry] | 0) * 4294967296 + low[entry] }
      case VALUE_BOOL:
        return { type: 'bool', value: low[entry] !== 0 }
      case VALUE_DOUBLE:
        return { type: 'float', value: doubleOf(low[entry], high[entry]) }
      case VALUE_ARRAY:
        return listOf(dictionary.bytes(low[entry]))
      case VALUE_BYTES:
        return { type: 'string', value: Buffer.from(dictionary.bytes(low[entry])).toString('hex') }
      default:
        return NIL // upstream cannot compare maps either
    }
  }
}

const doubles = new Float64Array(1)
const halves = new Uint32Array(doubles.buffer)

function doubleOf(low: number, high: number): number {
  halves[0] = low
  halves[1] = high
  return doubles[0]
}

function listOf(message: Uint8Array): Static {
  const reader = new ProtoReader(message)
  const members: Static[] = []
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) members.push(staticOf(readAnyValue(reader)))
    else reader.skip()
  }
  return { type: 'array', value: members }
}

export function staticOf(value: AnyValue): Static {
  switch (value.kind) {
    case 'string':
    case 'bool':
      return { type: value.kind, value: value.value } as Static
    case 'int':
      return { type: 'int', value: Number(value.value) }
    case 'double':
      return { type: 'float', value: value.value }
    case 'array':
      return { type: 'array', value: value.value.map(staticOf) }
    case 'empty':
    case 'kvlist':
    case 'bytes':
      return NIL
  }
}

function scopeNameAndVersion(message: Uint8Array): readonly [Static, Static] {
  const reader = new ProtoReader(message)
  const texts = ['', '']
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1 || field === 2) texts[field - 1] = reader.string()
    else reader.skip()
  }
  return [
    { type: 'string', value: texts[0] },
    { type: 'string', value: texts[1] },
  ]
}

function textValue({ ids, dictionary }: TextColumn): (row: number) => Static {
  const values: (Static | undefined)[] = []
  return (row) => (values[ids[row]] ??= { type: 'string', value: dictionary.text(ids[row]) })
}

function textTest({ ids, dictionary }: TextColumn, op: CompareOp, literal: Static): (row: number) => boolean {
  const test = compileTest(op, literal)
  const decided = new Uint8Array(dictionary.size)
  return (row) => {
    const id = ids[row]
    let state = decided[id]
    if (state === 0) decided[id] = state = test({ type: 'string', value: dictionary.text(id) }) ? MATCHES : DIFFERS
    return state === MATCHES
  }
}

function byteTest(
  column: Uint8Array,
  valueOf: (byte: number) => Static,
  test: (value: Static) => boolean,
): (row: number) => boolean {
  const decided = Uint8Array.from({ length: 256 }, (_, byte) => (test(valueOf(byte)) ? 1 : 0))
  return (row) => decided[column[row]] === 1
}

function statusOf(byte: number): Static {
  return { type: 'status', value: STATUSES[byte] ?? 'unset' }
}

function kindOf(byte: number): Static {
  return { type: 'kind', value: KINDS[byte] ?? 'unspecified' }
}

function idValue(column: Uint8Array): (row: number) => Static {
  return (row) => ({ type: 'string', value: spanIdText(column, row) })
}

/** 16 hexadecimal digits; '' for a span without the id. */
export function spanIdText(column: Uint8Array, row: number): string {
  const bytes = column.subarray(8 * row, 8 * row + 8)
  return bytes.every((byte) => byte === 0) ? '' : Buffer.from(bytes).toString('hex')
}

/** As upstream writes trace ids in search results: without leading zeros. */
export function hexId(id: Uint8Array): string {
  return Buffer.from(id).toString('hex').replace(/^0+/, '')
}

function dataOf({ intrinsic }: Attribute): readonly (keyof SpanData)[] {
  switch (intrinsic) {
    case 'duration':
    case 'name':
    case 'status':
    case 'kind':
      return [intrinsic]
    case 'statusMessage':
      return ['message']
    case 'span:id':
      return ['spanId']
    case 'span:parentID':
      return ['parentId']
    case 'trace:id':
      return ['trace']
    case 'event:timeSinceStart':
      return ['start']
    case 'instrumentation:name':
    case 'instrumentation:version':
      return ['scope']
    default:
      return []
  }
}

function columnsOf({ intrinsic, name, scope }: Attribute): readonly { scope: number; key: string }[] {
  switch (intrinsic) {
    case undefined:
      break
    case 'event:name':
      return [{ scope: EVENT_SCOPE, key: EVENT_NAME_KEY }]
    case 'event:timeSinceStart':
      return [{ scope: EVENT_SCOPE, key: EVENT_TIME_KEY }]
    case 'link:traceID':
      return [{ scope: LINK_SCOPE, key: LINK_TRACE_KEY }]
    case 'link:spanID':
      return [{ scope: LINK_SCOPE, key: LINK_SPAN_KEY }]
    default:
      return []
  }
  switch (scope) {
    case 'none':
      return [
        { scope: SPAN_SCOPE, key: name },
        { scope: RESOURCE_SCOPE, key: name },
      ]
    case 'span':
      return [{ scope: SPAN_SCOPE, key: name }]
    case 'resource':
      return [{ scope: RESOURCE_SCOPE, key: name }]
    case 'event':
      return [{ scope: EVENT_SCOPE, key: name }]
    case 'link':
      return [{ scope: LINK_SCOPE, key: name }]
    case 'instrumentation':
      return [{ scope: INSTRUMENTATION_SCOPE, key: name }]
  }
}
