import type {
  Attribute,
  FieldExpression,
  ScalarExpression,
  SpansetExpression,
  SpansetFilter,
  Stage,
  TraceQlQuery,
} from './ast.ts'
import { visitAttributes } from './expression.ts'
import { formatAttribute } from './format.ts'

/** Every attribute that a query names, each once, in the order of appearance. */
export function attributesOf({ stages, metrics }: TraceQlQuery): readonly Attribute[] {
  const found = new Map<string, Attribute>()
  const add = (attribute: Attribute): void => {
    const key = `${attribute.intrinsic ?? ''}/${formatAttribute(attribute)}`
    if (!found.has(key)) found.set(key, attribute)
  }
  visitStages(stages, add)
  if (metrics?.attribute !== undefined) add(metrics.attribute)
  metrics?.by.forEach(add)
  if (metrics?.selection !== undefined) visitAttributes(metrics.selection.expression, add)
  return [...found.values()]
}

function visitStages(stages: readonly Stage[], visit: (attribute: Attribute) => void): void {
  for (const stage of stages) {
    if (stage.kind === 'group') visitAttributes(stage.expression, visit)
    else if (stage.kind === 'select') stage.attributes.forEach(visit)
    else if (stage.kind === 'scalarFilter') {
      visitScalar(stage.left, visit)
      visitScalar(stage.right, visit)
    } else if (stage.kind !== 'coalesce') visitSpanset(stage, visit)
  }
}

function visitSpanset(expression: SpansetExpression, visit: (attribute: Attribute) => void): void {
  if (expression.kind === 'filter') visitAttributes(expression.expression, visit)
  else if (expression.kind === 'pipeline') visitStages(expression.stages, visit)
  else {
    visitSpanset(expression.left, visit)
    visitSpanset(expression.right, visit)
  }
}

function visitScalar(expression: ScalarExpression, visit: (attribute: Attribute) => void): void {
  if (expression.kind === 'aggregate' && expression.expression) visitAttributes(expression.expression, visit)
}

/**
 * The filters with which a pipeline begins: only traces with a span that one of them may accept can be in the result.
 * Undefined when it begins with something else, so that every trace must be looked at.
 */
export function leadingFilters(stages: readonly Stage[]): readonly SpansetFilter[] | undefined {
  const first = stages.at(0)
  if (first === undefined) return undefined
  switch (first.kind) {
    case 'filter':
      return [first]
    case 'pipeline':
      return leadingFilters(first.stages)
    case 'operation': {
      const left = leadingFilters([first.left])
      const right = leadingFilters([first.right])
      return left && right ? [...left, ...right] : undefined
    }
    default:
      return undefined
  }
}

const TRACE_LEVEL = new Set([
  'traceDuration',
  'rootName',
  'rootServiceName',
  'nestedSetLeft',
  'nestedSetRight',
  'nestedSetParent',
])

/**
 * What of a filter can be decided by one segment alone: a condition that accepts at least the same spans. Conditions on the
 * whole trace are left out, since other segments may hold the rest of it. Undefined: everything.
 */
export function localPart(expression: FieldExpression): FieldExpression | undefined {
  if (!namesTrace(expression)) return expression
  if (expression.kind !== 'binary' || expression.op !== '&&') return undefined
  const left = localPart(expression.left)
  const right = localPart(expression.right)
  return left && right ? { ...expression, left, right } : (left ?? right)
}

function namesTrace(expression: FieldExpression): boolean {
  let isFound = false
  visitAttributes(expression, ({ intrinsic }) => {
    if (intrinsic !== undefined && TRACE_LEVEL.has(intrinsic)) isFound = true
  })
  return isFound
}
