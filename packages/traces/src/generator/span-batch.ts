import { AttributeColumns, OtlpTracesReader, RESOURCE_SCOPE, SPAN_SCOPE, VALUE_STRING } from '@quartet/model'
import type { SpanColumns } from '@quartet/model'
import { doubleValue, valueText } from './attribute-finder.ts'
import type { AttributeFinder } from './attribute-finder.ts'
import { NO_TEXT } from './text-pool.ts'
import type { TextPool } from './text-pool.ts'

/**
 * What processors see of a request: one resource at a time with its attributes, one span at a time. Everything is reused; no
 * object is made per span.
 */
export class SpanBatch {
  columns: SpanColumns
  readonly pool: TextPool
  /** The resource's message, and its attributes with ranges of it. */
  resourceBytes: Uint8Array = new Uint8Array(0)
  readonly resourceAttributes = new AttributeColumns()
  /** The span at hand. */
  row = 0
  nowMs = 0
  readonly #reader = new OtlpTracesReader()

  constructor(pool: TextPool) {
    this.pool = pool
    this.columns = this.#reader.columns
  }

  enterResource(index: number): void {
    const { bytes, resources } = this.columns
    const { messageEnd, messageStart } = resources[index]
    this.resourceBytes = bytes.subarray(messageStart, messageEnd)
    this.resourceAttributes.count = 0
    this.#reader.readGroupAttributes(this.resourceBytes, {
      field: 1,
      scope: RESOURCE_SCOPE,
      into: this.resourceAttributes,
    })
  }

  findInResource(finder: AttributeFinder): void {
    const { resourceAttributes: attributes } = this
    finder.search(this.resourceBytes, attributes, { from: 0, to: attributes.count, scope: RESOURCE_SCOPE })
  }

  findInSpan(finder: AttributeFinder): void {
    const { bytes, attributes, firstAttribute } = this.columns
    const range = { from: firstAttribute[this.row], to: firstAttribute[this.row + 1], scope: SPAN_SCOPE }
    finder.search(bytes, attributes, range)
  }

  /** The number of an attribute's text; {@link NO_TEXT} when it was not found. */
  resourceText(index: number): number {
    return index < 0 ? NO_TEXT : this.#textOf(this.resourceBytes, this.resourceAttributes, index)
  }

  spanText(index: number): number {
    return index < 0 ? NO_TEXT : this.#textOf(this.columns.bytes, this.columns.attributes, index)
  }

  /** Seconds from start to end; 0 for a span that ends before it starts. */
  get seconds(): number {
    const { endHigh, endLow, startHigh, startLow } = this.columns
    const { row } = this
    const ns = (endHigh[row] - startHigh[row]) * 4_294_967_296 + (endLow[row] - startLow[row])
    return ns > 0 ? ns / 1e9 : 0
  }

  /** How many spans this one stands for: 1 / the attribute when that is a positive double. */
  multiplier(spanIndex: number, resourceIndex: number): number {
    const ratio = spanIndex >= 0 ? doubleValue(this.columns.attributes, spanIndex) : 0
    if (ratio > 0) return 1 / ratio
    const shared = resourceIndex >= 0 ? doubleValue(this.resourceAttributes, resourceIndex) : 0
    return shared > 0 ? 1 / shared : 1
  }

  #textOf(bytes: Uint8Array, attributes: AttributeColumns, index: number): number {
    return attributes.type[index] === VALUE_STRING
      ? this.pool.intern(bytes, attributes.valueStart[index], attributes.valueEnd[index])
      : this.pool.internText(valueText(bytes, attributes, index))
  }
}
