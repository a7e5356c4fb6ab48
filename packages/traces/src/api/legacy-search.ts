import type { Attribute, FieldExpression, Intrinsic, SpansetExpression, TraceQlQuery } from '../query/ast.ts'
import { STATUSES } from '../query/static.ts'
import type { CompareOp, Static } from '../query/static.ts'
import type { SearchParameters } from './parameters.ts'

const NOWHERE = { start: 0, end: 0 }

/**
 * A search by tags as TraceQL: every tag on some span of the trace, as a part of its value; durations of the whole trace.
 */
export function legacyQuery({ tags, minDurationNs, maxDurationNs }: SearchParameters): TraceQlQuery {
  const filters: FieldExpression[] = Array.from(tags, ([name, value]) => tagExpression(name, value))
  if (minDurationNs > 0) filters.push(durationExpression('>=', minDurationNs))
  if (maxDurationNs > 0) filters.push(durationExpression('<=', maxDurationNs))
  if (filters.length === 0) filters.push(literal({ type: 'bool', value: true }))
  const expression = filters
    .map((filter): SpansetExpression => ({ kind: 'filter', expression: filter }))
    .reduce((left, right) => ({ kind: 'operation', op: '&&', left, right }))
  return { stages: [expression], metrics: undefined, secondStage: undefined, hints: new Map() }
}

const INTRINSIC_TAGS: ReadonlyMap<string, Intrinsic> = new Map<string, Intrinsic>([
  ['name', 'name'],
  ['root.name', 'rootName'],
  ['root.service.name', 'rootServiceName'],
  ['status.message', 'statusMessage'],
])

function tagExpression(name: string, value: string): FieldExpression {
  if (name === 'error' && value === 'true') return tagExpression('status.code', 'error')
  if (name === 'status.code') {
    const status = STATUSES.find((candidate) => candidate === value) ?? 'unset'
    return comparison(attribute('status', 'status'), '=', { type: 'status', value: status })
  }
  const intrinsic = INTRINSIC_TAGS.get(name)
  const operand = attribute(name, intrinsic)
  if (intrinsic === undefined && /^-?\d+$/.test(value)) {
    return either(comparison(operand, '=', { type: 'int', value: Number(value) }), contains(operand, value))
  }
  if (intrinsic === undefined && (value === 'true' || value === 'false')) {
    return either(comparison(operand, '=', { type: 'bool', value: value === 'true' }), contains(operand, value))
  }
  return contains(operand, value)
}

function contains(operand: FieldExpression, value: string): FieldExpression {
  const quoted = value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  return comparison(operand, '=~', { type: 'string', value: `(?s).*${quoted}.*` })
}

function durationExpression(op: CompareOp, durationNs: number): FieldExpression {
  return comparison(attribute('traceDuration', 'traceDuration'), op, { type: 'duration', value: durationNs })
}

function attribute(name: string, intrinsic: Intrinsic | undefined): FieldExpression {
  const named: Attribute = { scope: 'none', isParent: false, name, intrinsic }
  return { kind: 'attribute', attribute: named, range: NOWHERE }
}

function comparison(left: FieldExpression, op: CompareOp, right: Static): FieldExpression {
  return { kind: 'binary', op, left, right: literal(right), range: NOWHERE }
}

function either(left: FieldExpression, right: FieldExpression): FieldExpression {
  return { kind: 'binary', op: '||', left, right, range: NOWHERE }
}

function literal(value: Static): FieldExpression {
  return { kind: 'static', value, range: NOWHERE }
}
