import type {
  AggregateOp,
  FieldExpression,
  ScalarFilter,
  SpansetExpression,
  SpansetOp,
  Stage,
  StructuralOp,
} from './ast.ts'
import { numberOf } from './expression.ts'
import { formatField } from './format.ts'
import { compileTest, formatStatic } from './static.ts'
import type { Static } from './static.ts'
import { related } from './structure.ts'
import type { TreePosition } from './structure.ts'

/** One span during evaluation; equal spans are the same object. */
export interface PipelineSpan {
  matches(filter: FieldExpression): boolean
  value(expression: FieldExpression): Static
  position(): TreePosition
}

export interface Spanset<S extends PipelineSpan = PipelineSpan> {
  readonly spans: readonly S[]
  /** What the last aggregate left. */
  readonly scalar: Static | undefined
  /** `by(.foo)`, `count()` … with their values. */
  readonly attributes: readonly (readonly [name: string, value: Static])[]
}

export function spansetOf<S extends PipelineSpan>(spans: readonly S[]): Spanset<S> {
  return { spans, scalar: undefined, attributes: [] }
}

/** Runs a pipeline over the spansets of one trace. Stages never see an empty spanset. */
export function runPipeline<S extends PipelineSpan>(
  stages: readonly Stage[],
  input: readonly Spanset<S>[],
): readonly Spanset<S>[] {
  let spansets = input.filter(({ spans }) => spans.length > 0)
  for (const stage of stages) {
    if (spansets.length === 0) return spansets
    spansets = runStage(stage, spansets)
  }
  return spansets
}

function runStage<S extends PipelineSpan>(stage: Stage, input: readonly Spanset<S>[]): Spanset<S>[] {
  switch (stage.kind) {
    case 'filter':
    case 'operation':
    case 'pipeline':
      return input.flatMap((spanset) => runSpanset(stage, spanset))
    case 'group':
      return input.flatMap((spanset) => group(stage.expression, spanset))
    case 'coalesce':
      return [spansetOf(unique(input.flatMap(({ spans }) => spans)))]
    case 'select':
      return [...input]
    case 'scalarFilter':
      return input.flatMap((spanset) => filterScalar(stage, spanset))
  }
}

function runSpanset<S extends PipelineSpan>(expression: SpansetExpression, input: Spanset<S>): readonly Spanset<S>[] {
  switch (expression.kind) {
    case 'filter': {
      const spans = input.spans.filter((span) => span.matches(expression.expression))
      return spans.length === 0 ? [] : [{ ...input, spans }]
    }
    case 'pipeline':
      return runPipeline(expression.stages, [input])
    case 'operation': {
      const left = runSpanset(expression.left, input).flatMap(({ spans }) => spans)
      const right = runSpanset(expression.right, input).flatMap(({ spans }) => spans)
      const spans = operate(expression.op, left, right)
      return spans.length === 0 ? [] : [{ ...input, spans }]
    }
  }
}

function operate<S extends PipelineSpan>(op: SpansetOp, left: readonly S[], right: readonly S[]): readonly S[] {
  if (op === '||') return union(left, right)
  if (op === '&&') return left.length > 0 && right.length > 0 ? union(left, right) : []
  const structural = op.replace(/^[!&]/, '') as StructuralOp
  const positionOf = (span: S): TreePosition => span.position()
  const isRelated = related(structural, left, right, positionOf)
  if (op.startsWith('!')) return right.filter((_, index) => !isRelated[index])
  const matched = right.filter((_, index) => isRelated[index])
  if (!op.startsWith('&')) return matched
  const isOrigin = related(REVERSED[structural], right, left, positionOf)
  return unique([...left.filter((_, index) => isOrigin[index]), ...matched])
}

const REVERSED: Record<StructuralOp, StructuralOp> = { '>': '<', '<': '>', '>>': '<<', '<<': '>>', '~': '~' }

/** The smaller set first, as upstream orders them. */
function union<S>(left: readonly S[], right: readonly S[]): readonly S[] {
  return left.length < right.length ? unique([...left, ...right]) : unique([...right, ...left])
}

function unique<S>(spans: readonly S[]): S[] {
  return [...new Set(spans)]
}

function group<S extends PipelineSpan>(expression: FieldExpression, input: Spanset<S>): Spanset<S>[] {
  const groups = new Map<string, { value: Static; spans: S[] }>()
  for (const span of input.spans) {
    const value = span.value(expression)
    const key = `${value.type} ${formatStatic(value)}`
    const found = groups.get(key)
    if (found === undefined) groups.set(key, { value, spans: [span] })
    else found.spans.push(span)
  }
  const name = `by(${formatField(expression)})`
  return Array.from(groups.values(), ({ value, spans }) => ({
    spans,
    scalar: input.scalar,
    attributes: [...input.attributes, [name, value] as const],
  }))
}

function filterScalar<S extends PipelineSpan>(filter: ScalarFilter, input: Spanset<S>): Spanset<S>[] {
  const { left, op, right } = filter
  if (left.kind !== 'aggregate' || right.kind !== 'static') return [] // check.ts refuses all others
  const scalar = aggregate(left.op, left.expression, input.spans)
  if (scalar === undefined || !compileTest(op, right.value)(scalar)) return []
  const name = `${left.op}(${left.expression === undefined ? '' : formatField(left.expression)})`
  return [{ spans: input.spans, scalar, attributes: [...input.attributes, [name, scalar] as const] }]
}

function aggregate(
  op: AggregateOp,
  expression: FieldExpression | undefined,
  spans: readonly PipelineSpan[],
): Static | undefined {
  if (expression === undefined) return { type: 'int', value: spans.length }
  let type: 'int' | 'float' | 'duration' | undefined
  const values: number[] = []
  for (const span of spans) {
    const value = span.value(expression)
    const number = numberOf(value)
    if (number === undefined) continue
    type ??= value.type as 'int' | 'float' | 'duration'
    values.push(number)
  }
  if (type === undefined) return undefined
  const value = FOLDS[op](values)
  return { type: op === 'avg' && type === 'int' ? 'float' : type, value }
}

const FOLDS: Record<AggregateOp, (values: readonly number[]) => number> = {
  count: (values) => values.length,
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  avg: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  min: (values) => values.reduce((least, value) => (value < least ? value : least)),
  max: (values) => values.reduce((most, value) => (value > most ? value : most)),
}
