import { EVENT_SCOPE, FIELD_KEYS, INSTRUMENTATION_SCOPE, LINK_SCOPE, RESOURCE_SCOPE, SPAN_SCOPE } from '@quartet/model'
import type { SpanSegment } from '@quartet/model'
import type { QueryBudget } from '@quartet/query'
import type { Attribute, FieldExpression } from './ast.ts'
import { TraceQlError } from './ast.ts'
import { visitAttributes } from './expression.ts'
import { localPart } from './query-attributes.ts'
import { parseTraceQl } from './parser.ts'
import { KINDS, STATUSES, staticText } from './static.ts'
import type { Static } from './static.ts'
import { QuerySegment, StoredTrace } from './stored-trace.ts'

export const TAG_SCOPES = ['span', 'resource', 'event', 'link', 'instrumentation'] as const
export type TagScope = (typeof TAG_SCOPES)[number]

const SCOPE_NUMBERS: Record<TagScope, number> = {
  span: SPAN_SCOPE,
  resource: RESOURCE_SCOPE,
  event: EVENT_SCOPE,
  link: LINK_SCOPE,
  instrumentation: INSTRUMENTATION_SCOPE,
}

/** What upstream lists under the scope `intrinsic`. */
export const INTRINSIC_TAGS: readonly string[] = [
  'duration',
  'event:name',
  'event:timeSinceStart',
  'instrumentation:name',
  'instrumentation:version',
  'kind',
  'name',
  'rootName',
  'rootServiceName',
  'span:duration',
  'span:kind',
  'span:name',
  'span:status',
  'span:statusMessage',
  'status',
  'statusMessage',
  'trace:duration',
  'trace:rootName',
  'trace:rootService',
  'traceDuration',
]

export interface TagRange {
  readonly startNs: bigint | undefined
  readonly endNs: bigint | undefined
}

/** Names of attributes by scope, sorted; scopes without any are left out. */
export function tagNames(segments: readonly SpanSegment[], range: TagRange): Map<TagScope, string[]> {
  const names = new Map<TagScope, Set<string>>()
  for (const segment of segments.filter((candidate) => isInRange(candidate, range))) {
    for (const { scope, key } of segment.keys) {
      if (FIELD_KEYS.includes(key)) continue
      const name = TAG_SCOPES.find((candidate) => SCOPE_NUMBERS[candidate] === scope)!
      const known = names.get(name)
      if (known === undefined) names.set(name, new Set([key]))
      else known.add(key)
    }
  }
  return new Map(Array.from(names, ([scope, known]) => [scope, [...known].sort()]))
}

export interface TagValue {
  readonly type: string
  readonly value: string
}

export interface TagValuesRequest extends TagRange {
  readonly attribute: Attribute
  /** Only spans that all of these accept count. */
  readonly matchers: readonly FieldExpression[]
  readonly budget: QueryBudget
  /** Values are collected up to this many bytes. */
  readonly maxBytes: number
}

const ROWS_PER_CHECK = 8192

/** Distinct values of an attribute, sorted by type and text. */
export async function tagValues(segments: readonly SpanSegment[], request: TagValuesRequest): Promise<TagValue[]> {
  const { attribute } = request
  if (attribute.intrinsic === 'status') return STATUSES.toSorted().map((value) => ({ type: 'keyword', value }))
  if (attribute.intrinsic === 'kind') return KINDS.toSorted().map((value) => ({ type: 'keyword', value }))
  const values = new Map<string, TagValue>()
  let bytes = 0
  const add = (value: Static): void => {
    if (value.type === 'array') return value.value.forEach(add)
    const type = TYPE_NAMES[value.type]
    const text = staticText(value)
    const key = `${type} ${text}`
    if (type === undefined || values.has(key) || bytes >= request.maxBytes) return
    bytes += text.length
    values.set(key, { type, value: text })
  }
  for (const segment of segments) if (isInRange(segment, request)) await collect(segment, request, add)
  return [...values.values()].sort((a, b) => compareAscii(a.type, b.type) || compareAscii(a.value, b.value))
}

async function collect(segment: SpanSegment, request: TagValuesRequest, add: (value: Static) => void): Promise<void> {
  const { attribute, budget } = request
  const needed = [attribute]
  for (const matcher of request.matchers) visitAttributes(matcher, (named) => needed.push(named))
  const part = new QuerySegment(segment, needed)
  await part.load()
  const predicates = request.matchers.flatMap((matcher) => {
    const local = localPart(matcher)
    return local === undefined ? [] : [part.predicate(local)]
  })
  const isOfTrace = attribute.intrinsic === 'rootName' || attribute.intrinsic === 'rootServiceName'
  if (isOfTrace) await part.loadTraces()
  const valueOf = part.source.value(attribute)
  for (let row = 0; row < segment.spanCount; row++) {
    if (row % ROWS_PER_CHECK === 0) {
      const pause = budget.checkpoint()
      if (pause) await pause
    }
    if (!predicates.every((predicate) => predicate(row))) continue
    if (isOfTrace) {
      const trace = part.source.data('trace')[row]
      if (part.traces.rootRow[trace] !== row) continue
      part.source.trace = new StoredTrace(part.traces.id(trace), [{ part, trace }])
    }
    add(valueOf(row))
  }
}

const TYPE_NAMES: Partial<Record<Static['type'], string>> = {
  string: 'string',
  int: 'int',
  float: 'float',
  bool: 'bool',
  duration: 'duration',
}

/** A tag as the API names it: `service.name`, `.service.name`, `resource.service.name`, `name`, `span:name`. */
export function parseTag(text: string): Attribute {
  const decoded = text.trim()
  for (const form of [decoded, `.${decoded}`, `."${decoded.replace(/["\\]/g, '\\$&')}"`]) {
    const attribute = attributeIn(form)
    if (attribute !== undefined) return attribute
  }
  throw new TraceQlError(`error parsing tag name ${JSON.stringify(text)}`)
}

function attributeIn(text: string): Attribute | undefined {
  try {
    const [stage] = parseTraceQl(`{ ${text} }`).stages
    return stage.kind === 'filter' && stage.expression.kind === 'attribute' ? stage.expression.attribute : undefined
  } catch (error) {
    if (error instanceof TraceQlError) return undefined // the next form is tried
    throw error
  }
}

function isInRange({ minStartNs, maxEndNs }: SpanSegment, { startNs, endNs }: TagRange): boolean {
  return (startNs === undefined || maxEndNs >= startNs) && (endNs === undefined || minStartNs <= endNs)
}

function compareAscii(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
