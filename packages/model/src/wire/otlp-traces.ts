import { ProtoReader, WIRE_BYTES, WIRE_FIXED32, WIRE_FIXED64, WIRE_VARINT } from './proto-reader.ts'

/** Whose attribute it is. The last two hold what OTLP has as fields of events and links, under the names that TraceQL uses. */
export const SPAN_SCOPE = 0
export const RESOURCE_SCOPE = 1
export const INSTRUMENTATION_SCOPE = 2
export const EVENT_SCOPE = 3
export const LINK_SCOPE = 4

/** AnyValue's members by their field numbers; 0 is an empty AnyValue. */
export const VALUE_EMPTY = 0
export const VALUE_STRING = 1
export const VALUE_BOOL = 2
export const VALUE_INT = 3
export const VALUE_DOUBLE = 4
export const VALUE_ARRAY = 5
export const VALUE_KVLIST = 6
export const VALUE_BYTES = 7

/**
 * Attributes as columns. Keys and variable-length values are ranges of the message that was read; numbers are the two halves of
 * their 64 bits (int: two's complement, double: IEEE bits, bool: 0 or 1 in the low half). Strings and bytes are ranges of their
 * content, lists and maps ranges of their ArrayValue or KeyValueList message.
 */
export class AttributeColumns {
  count = 0
  scope = new Uint8Array(0)
  type = new Uint8Array(0)
  keyStart = new Uint32Array(0)
  keyEnd = new Uint32Array(0)
  valueStart = new Uint32Array(0)
  valueEnd = new Uint32Array(0)
  low = new Uint32Array(0)
  high = new Uint32Array(0)

  add(): number {
    if (this.count === this.type.length) this.#grow()
    return this.count++
  }

  #grow(): void {
    const size = Math.max(256, this.type.length * 2)
    this.scope = grown8(this.scope, size)
    this.type = grown8(this.type, size)
    this.keyStart = grown32(this.keyStart, size)
    this.keyEnd = grown32(this.keyEnd, size)
    this.valueStart = grown32(this.valueStart, size)
    this.valueEnd = grown32(this.valueEnd, size)
    this.low = grown32(this.low, size)
    this.high = grown32(this.high, size)
  }
}

/** Resource or scope with its schema URL, as ranges of the message; both empty when the sender left them out. */
export interface GroupRange {
  messageStart: number
  messageEnd: number
  schemaStart: number
  schemaEnd: number
}

/** The spans of one request as columns. Offsets are into {@link SpanColumns.bytes}; valid until the next `read`. */
export class SpanColumns {
  bytes: Uint8Array = new Uint8Array(0)
  count = 0
  /** The whole Span message. */
  spanStart = new Uint32Array(0)
  spanEnd = new Uint32Array(0)
  traceIdStart = new Uint32Array(0)
  traceIdEnd = new Uint32Array(0)
  spanIdStart = new Uint32Array(0)
  spanIdEnd = new Uint32Array(0)
  parentIdStart = new Uint32Array(0)
  parentIdEnd = new Uint32Array(0)
  nameStart = new Uint32Array(0)
  nameEnd = new Uint32Array(0)
  messageStart = new Uint32Array(0)
  messageEnd = new Uint32Array(0)
  startLow = new Uint32Array(0)
  startHigh = new Uint32Array(0)
  endLow = new Uint32Array(0)
  endHigh = new Uint32Array(0)
  kind = new Uint8Array(0)
  status = new Uint8Array(0)
  /** Index into {@link resources} and {@link scopes}. */
  resource = new Uint32Array(0)
  scope = new Uint32Array(0)
  /** The span's attributes are [firstAttribute[i], firstAttribute[i + 1]). */
  firstAttribute = new Uint32Array(1)
  readonly attributes: AttributeColumns = new AttributeColumns()
  readonly resources: GroupRange[] = []
  readonly scopes: GroupRange[] = []

  clear(bytes: Uint8Array): void {
    this.bytes = bytes
    this.count = 0
    this.attributes.count = 0
    this.resources.length = 0
    this.scopes.length = 0
  }

  add(): number {
    if (this.count === this.kind.length) this.#grow()
    const row = this.count++
    this.traceIdStart[row] = this.traceIdEnd[row] = 0
    this.spanIdStart[row] = this.spanIdEnd[row] = 0
    this.parentIdStart[row] = this.parentIdEnd[row] = 0
    this.nameStart[row] = this.nameEnd[row] = 0
    this.messageStart[row] = this.messageEnd[row] = 0
    this.startLow[row] = this.startHigh[row] = this.endLow[row] = this.endHigh[row] = 0
    this.kind[row] = this.status[row] = 0
    this.firstAttribute[row] = this.attributes.count
    return row
  }

  #grow(): void {
    const size = Math.max(64, this.kind.length * 2)
    for (const name of COLUMNS_32) this[name] = grown32(this[name], size)
    this.firstAttribute = grown32(this.firstAttribute, size + 1)
    this.kind = grown8(this.kind, size)
    this.status = grown8(this.status, size)
  }
}

const COLUMNS_32 = [
  'spanStart',
  'spanEnd',
  'traceIdStart',
  'traceIdEnd',
  'spanIdStart',
  'spanIdEnd',
  'parentIdStart',
  'parentIdEnd',
  'nameStart',
  'nameEnd',
  'messageStart',
  'messageEnd',
  'startLow',
  'startHigh',
  'endLow',
  'endHigh',
  'resource',
  'scope',
] as const

/** Names under which event and link fields appear among the attributes. */
export const EVENT_NAME_KEY = 'event:name'
export const EVENT_TIME_KEY = 'event:time'
export const LINK_TRACE_KEY = 'link:traceID'
export const LINK_SPAN_KEY = 'link:spanID'

/** Stands in `keyStart` of an attribute that is one of the four fields above; `keyEnd` is its index in this list. */
export const FIELD_KEY = 0xffffffff
export const FIELD_KEYS: readonly string[] = [EVENT_NAME_KEY, EVENT_TIME_KEY, LINK_TRACE_KEY, LINK_SPAN_KEY]

/**
 * Reads an ExportTraceServiceRequest (also TracesData, also Tempo's Trace: the same on the wire) into reused columns.
 * It checks the whole message and allocates nothing per span once the columns have grown.
 */
export class OtlpTracesReader {
  readonly columns: SpanColumns = new SpanColumns()
  readonly #reader = new ProtoReader()

  /** @throws WireError */
  read(bytes: Uint8Array): SpanColumns {
    const { columns } = this
    const reader = this.#reader.reset(bytes)
    columns.clear(bytes)
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) this.#resourceSpans()
      else reader.skip()
    }
    columns.firstAttribute[columns.count] = columns.attributes.count
    return columns
  }

  /** Attributes of a Resource or InstrumentationScope message, appended to `into`. `field` is 1 or 3. */
  readGroupAttributes(bytes: Uint8Array, options: { field: number; scope: number; into: AttributeColumns }): void {
    const reader = this.#reader.reset(bytes)
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === options.field) readAttribute(reader, options.scope, options.into)
      else reader.skip()
    }
  }

  #resourceSpans(): void {
    const reader = this.#reader
    reader.expect(WIRE_BYTES, 'resource_spans')
    const outer = reader.enter()
    const group: GroupRange = { messageStart: 0, messageEnd: 0, schemaStart: 0, schemaEnd: 0 }
    const index = this.columns.resources.push(group) - 1
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) this.#group(group, 1)
      else if (field === 2) this.#scopeSpans(index)
      else if (field === 3) this.#schema(group)
      else reader.skip()
    }
    reader.leave(outer)
  }

  #scopeSpans(resource: number): void {
    const reader = this.#reader
    reader.expect(WIRE_BYTES, 'scope_spans')
    const outer = reader.enter()
    const group: GroupRange = { messageStart: 0, messageEnd: 0, schemaStart: 0, schemaEnd: 0 }
    const index = this.columns.scopes.push(group) - 1
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) this.#group(group, 3)
      else if (field === 2) this.#span(resource, index)
      else if (field === 3) this.#schema(group)
      else reader.skip()
    }
    reader.leave(outer)
  }

  /** Notes where a resource or scope lies, and checks it once here, so that it can be read later without fear. */
  #group(group: GroupRange, attributesField: number): void {
    const reader = this.#reader
    reader.expect(WIRE_BYTES, attributesField === 1 ? 'resource' : 'scope')
    const outer = reader.enter()
    group.messageStart = reader.position
    group.messageEnd = reader.end
    const { attributes } = this.columns
    const before = attributes.count
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === attributesField) readAttribute(reader, RESOURCE_SCOPE, attributes)
      else reader.skip()
    }
    attributes.count = before
    reader.leave(outer)
  }

  #schema(group: GroupRange): void {
    const reader = this.#reader
    reader.expect(WIRE_BYTES, 'schema_url')
    reader.range()
    group.schemaStart = reader.rangeStart
    group.schemaEnd = reader.rangeEnd
  }

  #span(resource: number, scope: number): void {
    const reader = this.#reader
    const { columns } = this
    reader.expect(WIRE_BYTES, 'span')
    const outer = reader.enter()
    const row = columns.add()
    columns.spanStart[row] = reader.position
    columns.spanEnd[row] = reader.end
    columns.resource[row] = resource
    columns.scope[row] = scope
    for (let field = reader.field(); field !== 0; field = reader.field()) this.#spanField(field, row)
    reader.leave(outer)
  }

  #spanField(field: number, row: number): void {
    const reader = this.#reader
    const { columns } = this
    switch (field) {
      case 1:
        reader.expect(WIRE_BYTES, 'trace_id')
        reader.range()
        columns.traceIdStart[row] = reader.rangeStart
        columns.traceIdEnd[row] = reader.rangeEnd
        return
      case 2:
        reader.expect(WIRE_BYTES, 'span_id')
        reader.range()
        columns.spanIdStart[row] = reader.rangeStart
        columns.spanIdEnd[row] = reader.rangeEnd
        return
      case 4:
        reader.expect(WIRE_BYTES, 'parent_span_id')
        reader.range()
        columns.parentIdStart[row] = reader.rangeStart
        columns.parentIdEnd[row] = reader.rangeEnd
        return
      case 5:
        reader.expect(WIRE_BYTES, 'name')
        reader.range()
        columns.nameStart[row] = reader.rangeStart
        columns.nameEnd[row] = reader.rangeEnd
        return
      case 6:
        reader.expect(WIRE_VARINT, 'kind')
        columns.kind[row] = Math.min(255, reader.uint32())
        return
      case 7:
        reader.expect(WIRE_FIXED64, 'start_time_unix_nano')
        reader.fixed64Halves()
        columns.startLow[row] = reader.fixed64Low
        columns.startHigh[row] = reader.fixed64High
        return
      case 8:
        reader.expect(WIRE_FIXED64, 'end_time_unix_nano')
        reader.fixed64Halves()
        columns.endLow[row] = reader.fixed64Low
        columns.endHigh[row] = reader.fixed64High
        return
      case 9:
        readAttribute(reader, SPAN_SCOPE, columns.attributes)
        return
      case 11:
        this.#event()
        return
      case 13:
        this.#link()
        return
      case 15:
        this.#status(row)
        return
      case 16:
        reader.expect(WIRE_FIXED32, 'flags')
        reader.skip()
        return
      case 3:
        reader.expect(WIRE_BYTES, 'trace_state')
        reader.skip()
        return
      default:
        reader.skip()
    }
  }

  #status(row: number): void {
    const reader = this.#reader
    reader.expect(WIRE_BYTES, 'status')
    const outer = reader.enter()
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 2) {
        reader.expect(WIRE_BYTES, 'message')
        reader.range()
        this.columns.messageStart[row] = reader.rangeStart
        this.columns.messageEnd[row] = reader.rangeEnd
      } else if (field === 3) {
        reader.expect(WIRE_VARINT, 'code')
        this.columns.status[row] = Math.min(255, reader.uint32())
      } else reader.skip()
    }
    reader.leave(outer)
  }

  #event(): void {
    const reader = this.#reader
    reader.expect(WIRE_BYTES, 'event')
    const outer = reader.enter()
    const { attributes } = this.columns
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) {
        reader.expect(WIRE_FIXED64, 'time_unix_nano')
        reader.fixed64Halves()
        const at = this.#field(EVENT_SCOPE, 1)
        attributes.type[at] = VALUE_INT
        attributes.low[at] = reader.fixed64Low
        attributes.high[at] = reader.fixed64High
      } else if (field === 2) this.#rangeField(EVENT_SCOPE, 0, VALUE_STRING)
      else if (field === 3) readAttribute(reader, EVENT_SCOPE, attributes)
      else reader.skip()
    }
    reader.leave(outer)
  }

  #link(): void {
    const reader = this.#reader
    reader.expect(WIRE_BYTES, 'link')
    const outer = reader.enter()
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) this.#rangeField(LINK_SCOPE, 2, VALUE_BYTES)
      else if (field === 2) this.#rangeField(LINK_SCOPE, 3, VALUE_BYTES)
      else if (field === 4) readAttribute(reader, LINK_SCOPE, this.columns.attributes)
      else reader.skip()
    }
    reader.leave(outer)
  }

  #rangeField(scope: number, key: number, type: number): void {
    const reader = this.#reader
    reader.expect(WIRE_BYTES, FIELD_KEYS[key])
    reader.range()
    const at = this.#field(scope, key)
    this.columns.attributes.type[at] = type
    this.columns.attributes.valueStart[at] = reader.rangeStart
    this.columns.attributes.valueEnd[at] = reader.rangeEnd
  }

  #field(scope: number, key: number): number {
    const { attributes } = this.columns
    const at = attributes.add()
    attributes.scope[at] = scope
    attributes.keyStart[at] = FIELD_KEY
    attributes.keyEnd[at] = key
    return at
  }
}

/** One KeyValue, whose tag has been read. */
function readAttribute(reader: ProtoReader, scope: number, into: AttributeColumns): void {
  reader.expect(WIRE_BYTES, 'attribute')
  const outer = reader.enter()
  const at = into.add()
  into.scope[at] = scope
  into.type[at] = VALUE_EMPTY
  into.keyStart[at] = into.keyEnd[at] = into.low[at] = into.high[at] = 0
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) {
      reader.expect(WIRE_BYTES, 'key')
      reader.range()
      into.keyStart[at] = reader.rangeStart
      into.keyEnd[at] = reader.rangeEnd
    } else if (field === 2) {
      reader.expect(WIRE_BYTES, 'value')
      const outerValue = reader.enter()
      for (let member = reader.field(); member !== 0; member = reader.field()) readValue(reader, member, at, into)
      reader.leave(outerValue)
    } else reader.skip()
  }
  reader.leave(outer)
}

function readValue(reader: ProtoReader, field: number, at: number, into: AttributeColumns): void {
  switch (field) {
    case VALUE_STRING:
    case VALUE_BYTES:
      reader.expect(WIRE_BYTES, 'string_value')
      reader.range()
      break
    case VALUE_BOOL:
      reader.expect(WIRE_VARINT, 'bool_value')
      into.low[at] = reader.bool() ? 1 : 0
      into.high[at] = 0
      break
    case VALUE_INT:
      reader.expect(WIRE_VARINT, 'int_value')
      readInt(reader, at, into)
      break
    case VALUE_DOUBLE:
      reader.expect(WIRE_FIXED64, 'double_value')
      reader.fixed64Halves()
      into.low[at] = reader.fixed64Low
      into.high[at] = reader.fixed64High
      break
    case VALUE_ARRAY:
    case VALUE_KVLIST:
      checkNested(reader, field)
      break
    default:
      reader.skip()
      return
  }
  into.type[at] = field
  into.valueStart[at] = reader.rangeStart
  into.valueEnd[at] = reader.rangeEnd
}

function readInt(reader: ProtoReader, at: number, into: AttributeColumns): void {
  const first = reader.bytes[reader.position]
  if (first < 128 && reader.position < reader.end) {
    reader.position++
    into.low[at] = first
    into.high[at] = 0
    return
  }
  const value = reader.uint64()
  into.low[at] = Number(value & 0xffffffffn)
  into.high[at] = Number(value >> 32n)
}

/** Checks an ArrayValue or KeyValueList to its end and leaves its range in the reader. */
function checkNested(reader: ProtoReader, field: number): void {
  reader.expect(WIRE_BYTES, 'array_value')
  const outer = reader.enter()
  const start = reader.position
  const end = reader.end
  for (let member = reader.field(); member !== 0; member = reader.field()) {
    if (member !== 1) reader.skip()
    else if (field === VALUE_ARRAY) checkValue(reader)
    else checkKeyValue(reader)
  }
  reader.leave(outer)
  reader.rangeStart = start
  reader.rangeEnd = end
}

const scratch = new AttributeColumns()

function checkKeyValue(reader: ProtoReader): void {
  // A nested value needs no columns; it is read into a row that the next one overwrites.
  const count = scratch.count
  readAttribute(reader, SPAN_SCOPE, scratch)
  scratch.count = count
}

function checkValue(reader: ProtoReader): void {
  reader.expect(WIRE_BYTES, 'values')
  const outer = reader.enter()
  const at = scratch.add()
  for (let member = reader.field(); member !== 0; member = reader.field()) readValue(reader, member, at, scratch)
  scratch.count = at
  reader.leave(outer)
}

function grown8(old: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> {
  const array = new Uint8Array(size)
  array.set(old)
  return array
}

function grown32(old: Uint32Array<ArrayBuffer>, size: number): Uint32Array<ArrayBuffer> {
  const array = new Uint32Array(size)
  array.set(old)
  return array
}
