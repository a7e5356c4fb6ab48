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
