import { decodeUtf8, VALUE_BOOL, VALUE_DOUBLE, VALUE_INT, VALUE_STRING } from '@quartet/model'
import type { AttributeColumns } from '@quartet/model'
import type { FilterPolicy, PolicyAttribute } from '../config/filter-policy.ts'
import { AttributeFinder, doubleValue, valueText } from './attribute-finder.ts'
import type { SpanBatch } from './span-batch.ts'

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']
const STATUSES = ['UNSET', 'OK', 'ERROR']

/** The enum's name as protobuf has it, or the number of one that it does not have. */
export function kindText(kind: number): string {
  return kind < KINDS.length ? `SPAN_KIND_${KINDS[kind]}` : String(kind)
}

export function statusText(status: number): string {
  return status < STATUSES.length ? `STATUS_CODE_${STATUSES[status]}` : String(status)
}

/** Decides by `filter_policies` which spans count. */
export class SpanFilter {
  readonly #include: readonly (readonly PolicyAttribute[])[]
  readonly #includeAny: readonly (readonly PolicyAttribute[])[]
  readonly #exclude: readonly (readonly PolicyAttribute[])[]
  readonly #resource: AttributeFinder
  readonly #span: AttributeFinder
  readonly isEmpty: boolean

  constructor(policies: readonly FilterPolicy[]) {
    this.#include = policies.flatMap(({ include }) => (include ? [include] : []))
    this.#includeAny = policies.flatMap(({ includeAny }) => (includeAny ? [includeAny] : []))
    this.#exclude = policies.flatMap(({ exclude }) => (exclude ? [exclude] : []))
    this.isEmpty = policies.length === 0
    const all = [...this.#include, ...this.#includeAny, ...this.#exclude].flat()
    const keys = (scope: string): string[] => all.filter((entry) => entry.scope === scope).map(({ key }) => key)
    this.#resource = new AttributeFinder(keys('resource'))
    this.#span = new AttributeFinder(keys('span'))
  }

  enterResource(batch: SpanBatch): void {
    if (!this.isEmpty) batch.findInResource(this.#resource)
  }

  passes(batch: SpanBatch): boolean {
    if (this.isEmpty) return true
    batch.findInSpan(this.#span)
    for (const match of this.#exclude) if (this.#matches(match, batch)) return false
    for (const match of this.#include) if (!this.#matches(match, batch)) return false
    return this.#includeAny.length === 0 || this.#includeAny.some((match) => this.#matches(match, batch))
  }

  #matches(match: readonly PolicyAttribute[], batch: SpanBatch): boolean {
    return match.every((wanted) => this.#has(wanted, batch))
  }

  #has(wanted: PolicyAttribute, batch: SpanBatch): boolean {
    const { bytes, kind, nameEnd, nameStart, status } = batch.columns
    const { row } = batch
    switch (wanted.scope) {
      case 'name':
        return textMatches(wanted, decodeUtf8(bytes, nameStart[row], nameEnd[row]))
      case 'kind':
        return textMatches(wanted, kindText(kind[row]))
      case 'status':
        return textMatches(wanted, statusText(status[row]))
      case 'resource': {
        const index = this.#resource.found[this.#resource.indexOf(wanted.key)]
        return index >= 0 && valueMatches(wanted, batch.resourceBytes, batch.resourceAttributes, index)
      }
      case 'span': {
        const index = this.#span.found[this.#span.indexOf(wanted.key)]
        return index >= 0 && valueMatches(wanted, bytes, batch.columns.attributes, index)
      }
    }
  }
}

function textMatches({ regex, value }: PolicyAttribute, text: string): boolean {
  return regex === undefined ? text === value : regex.test(text)
}

/** Types are not converted: the text "1" is not the number 1. */
function valueMatches(
  wanted: PolicyAttribute,
  bytes: Uint8Array,
  attributes: AttributeColumns,
  index: number,
): boolean {
  switch (attributes.type[index]) {
    case VALUE_STRING:
      return textMatches(wanted, valueText(bytes, attributes, index))
    case VALUE_BOOL:
      return wanted.value === (attributes.low[index] !== 0)
    case VALUE_INT:
      return wanted.isInteger && String(wanted.value) === valueText(bytes, attributes, index)
    case VALUE_DOUBLE:
      return typeof wanted.value === 'number' && wanted.value === doubleValue(attributes, index)
    default:
      return false
  }
}
