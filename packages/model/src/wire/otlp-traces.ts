import {
  AttributeColumns,
  EVENT_SCOPE,
  FIELD_KEY,
  FIELD_KEYS,
  LINK_SCOPE,
  RESOURCE_SCOPE,
  SPAN_SCOPE,
  SpanColumns,
  VALUE_ARRAY,
  VALUE_BOOL,
  VALUE_BYTES,
  VALUE_DOUBLE,
  VALUE_EMPTY,
  VALUE_INT,
  VALUE_KVLIST,
  VALUE_STRING,
} from './otlp-trace-columns.ts'
import type { GroupRange } from './otlp-trace-columns.ts'
import { ProtoReader, WIRE_BYTES, WIRE_FIXED32, WIRE_FIXED64, WIRE_VARINT } from './proto-reader.ts'

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
