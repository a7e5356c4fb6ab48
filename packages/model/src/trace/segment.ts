/** Texts (or byte strings) by number; a predicate on them is evaluated once per number. */
export interface Dictionary {
  readonly size: number
  text(id: number): string
  /** A view; valid as long as the dictionary. */
  bytes(id: number): Uint8Array
}

/**
 * The values of one attribute, in the order of `rows`. A row may occur several times (events, repeated keys) or not at all.
 * For strings, bytes, lists and maps `low` is a number in the dictionary; for the others low and high are the value's 64 bits.
 */
export interface ValueColumn {
  readonly count: number
  readonly rows: Uint32Array
  readonly type: Uint8Array
  readonly low: Uint32Array
  readonly high: Uint32Array
  readonly dictionary: Dictionary
}

export interface TextColumn {
  readonly ids: Uint32Array
  readonly dictionary: Dictionary
}

/** What every span has, by column; each has at least `spanCount` entries (ids: times their size in bytes). */
export interface SpanData {
  /** Number of the trace in the segment. */
  readonly trace: Uint32Array
  readonly start: BigUint64Array
  /** Nanoseconds; a double holds 104 days exactly. */
  readonly duration: Float64Array
  readonly kind: Uint8Array
  readonly status: Uint8Array
  readonly name: TextColumn
  readonly message: TextColumn
  /** 8 bytes each. */
  readonly spanId: Uint8Array
  readonly parentId: Uint8Array
  readonly resource: Uint32Array
  readonly scope: Uint32Array
}

export interface TraceIndex {
  readonly count: number
  /** 16 bytes; a view. */
  id(trace: number): Uint8Array
  /** -1 when the segment has nothing of it. */
  find(id: Uint8Array): number
  rows(trace: number): ArrayLike<number>
  readonly startNs: BigUint64Array
  readonly endNs: BigUint64Array
  /** Row of the span without parent, or -1. */
  readonly rootRow: Int32Array
}

/** A Span message as it was received, and the messages around it. */
export interface RawSpan {
  readonly span: Uint8Array
  readonly resource: RawGroup
  readonly scope: RawGroup
}

/** A Resource or InstrumentationScope message with its schema URL. Equal groups of one segment are the same object. */
export interface RawGroup {
  readonly message: Uint8Array
  readonly schemaUrl: Uint8Array
}

export interface AttributeKey {
  /** SPAN_SCOPE, RESOURCE_SCOPE … of wire/otlp-traces.ts. */
  readonly scope: number
  readonly key: string
}

/**
 * Spans that lie together: the head as it was at one moment, or a block. Columns load when they are asked for, so that a query
 * opens only those that it names. Rows of resource and instrumentation attributes are numbers in `resource` and `scope`.
 */
export interface SpanSegment {
  readonly id: string
  readonly spanCount: number
  readonly resourceCount: number
  readonly scopeCount: number
  readonly sizeBytes: number
  readonly minStartNs: bigint
  readonly maxEndNs: bigint
  readonly keys: readonly AttributeKey[]
  span<N extends keyof SpanData>(name: N): Promise<SpanData[N]>
  attribute(scope: number, key: string): Promise<ValueColumn | undefined>
  traces(): Promise<TraceIndex>
  /** The number of a trace or -1, opening as little as possible. */
  findTrace(id: Uint8Array): Promise<number>
  /** InstrumentationScope messages by their number in `scope`. */
  scopeMessages(): Promise<readonly Uint8Array[]>
  rawTrace(trace: number): Promise<readonly RawSpan[]>
}
