import { compileRegex, RegexError } from '@quartet/query'
import { TraceQlError } from './ast.ts'
import type {
  Attribute,
  FieldExpression,
  FieldOp,
  ScalarExpression,
  SpansetExpression,
  Stage,
  TraceQlQuery,
} from './ast.ts'
import { formatField } from './format.ts'
import { isNumeric } from './static.ts'
import type { StaticType } from './static.ts'

/** `attribute`: known only at run time. */
type FieldType = StaticType | 'attribute'

/** A query that parses but that upstream does not evaluate either. */
export class UnsupportedError extends TraceQlError {
  constructor(what: string) {
    super(`${what} not yet supported`)
    this.name = 'UnsupportedError'
  }
}

/** Checks types. @throws TraceQlError with upstream's text */
export function checkTraceQl(query: TraceQlQuery): void {
  for (const stage of query.stages) checkStage(stage)
  const { metrics, secondStage } = query
  if (metrics !== undefined) {
    if (metrics.selection !== undefined) checkSpanset(metrics.selection)
    if (metrics.attribute !== undefined) typeOfAttribute(metrics.attribute)
    for (const attribute of metrics.by) typeOfAttribute(attribute)
    if (metrics.by.length > 5) throw new UnsupportedError(`metrics group by ${metrics.by.length} values`)
  }
  if (secondStage !== undefined) {
    if (secondStage.limit <= 0) throw new TraceQlError(`${secondStage.name} limit must be greater than 0`)
    if (metrics?.name === 'compare') {
      throw new TraceQlError('`compare()` cannot be used with second stage functions')
    }
  }
}

function checkStage(stage: Stage): void {
  switch (stage.kind) {
    case 'filter':
    case 'operation':
    case 'pipeline':
      return checkSpanset(stage)
    case 'group':
      typeOf(stage.expression)
      if (!referencesSpan(stage.expression)) {
        throw new TraceQlError(`grouping field expressions must reference the span: ${formatField(stage.expression)}`)
      }
      return
    case 'select':
      for (const attribute of stage.attributes) typeOfAttribute(attribute)
      return
    case 'coalesce':
      return
    case 'scalarFilter':
      checkScalar(stage.left)
      checkScalar(stage.right)
      if (stage.left.kind !== 'aggregate' || stage.right.kind !== 'static') throw new UnsupportedError('scalar filter')
  }
}

function checkSpanset(expression: SpansetExpression): void {
  if (expression.kind === 'pipeline') {
    for (const stage of expression.stages) checkStage(stage)
    return
  }
  if (expression.kind === 'operation') {
    checkSpanset(expression.left)
    checkSpanset(expression.right)
    return
  }
  const type = typeOf(expression.expression)
  if (type !== 'bool' && type !== 'attribute') {
    const text = formatField(expression.expression)
    throw new TraceQlError(`span filter field expressions must resolve to a boolean: { ${text} }`)
  }
}

function checkScalar(expression: ScalarExpression): void {
  switch (expression.kind) {
    case 'static':
      return
    case 'arithmetic':
      checkScalar(expression.left)
      checkScalar(expression.right)
      return
    case 'scalarPipeline':
      for (const stage of expression.stages) checkStage(stage)
      checkScalar(expression.aggregate)
      return
    case 'aggregate': {
      if (expression.expression === undefined) return
      const type = typeOf(expression.expression)
      const text = formatField(expression.expression)
      if (type !== 'attribute' && !isNumeric(type)) {
        throw new TraceQlError(`aggregate field expressions must resolve to a number type: ${text}`)
      }
      if (!referencesSpan(expression.expression)) {
        throw new TraceQlError(`aggregate field expressions must reference the span: ${text}`)
      }
    }
  }
}

function typeOf(expression: FieldExpression): FieldType {
  switch (expression.kind) {
    case 'static':
      return expression.value.type
    case 'attribute':
      return typeOfAttribute(expression.attribute)
    case 'unary':
      return typeOfUnary(expression)
    case 'binary':
      return typeOfBinary(expression)
  }
}

function typeOfUnary(expression: Extract<FieldExpression, { kind: 'unary' }>): FieldType {
  const type = typeOf(expression.operand)
  if (expression.op === 'exists') return 'bool'
  const isValid = type === 'attribute' || (expression.op === '!' ? type === 'bool' : isNumeric(type))
  if (!isValid) throw new TraceQlError(`illegal operation for the given type: ${formatField(expression)}`)
  return type
}

function typeOfBinary(expression: Extract<FieldExpression, { kind: 'binary' }>): FieldType {
  const { op } = expression
  const left = typeOf(expression.left)
  const right = typeOf(expression.right)
  if (!areCompatible(left, right)) {
    throw new TraceQlError(`binary operations must operate on the same type: ${formatField(expression)}`)
  }
  if (!accepts(op, left) || !accepts(op, right)) {
    throw new TraceQlError(`illegal operation for the given types: ${formatField(expression)}`)
  }
  if (op === '=~' || op === '!~') checkRegex(expression)
  if (!ARITHMETIC.has(op)) return 'bool'
  return left === 'attribute' ? right : left
}

function checkRegex({ left, right }: Extract<FieldExpression, { kind: 'binary' }>): void {
  for (const operand of [left, right]) {
    if (operand.kind !== 'static' || operand.value.type !== 'string') continue
    try {
      compileRegex(operand.value.value, { anchored: true })
    } catch (error) {
      if (!(error instanceof RegexError)) throw error
      throw new TraceQlError(`invalid regex: ${error.message}`)
    }
  }
}

function areCompatible(left: FieldType, right: FieldType): boolean {
  if (left === 'attribute' || right === 'attribute' || left === right) return true
  return isNumber(left) && isNumber(right)
}

function isNumber(type: FieldType): boolean {
  return type !== 'attribute' && isNumeric(type)
}

const ARITHMETIC = new Set<FieldOp>(['+', '-', '*', '/', '%', '^'])

function accepts(op: FieldOp, type: FieldType): boolean {
  if (type === 'attribute') return true
  if (op === '=' || op === '!=') return true
  if (op === '&&' || op === '||') return type === 'bool'
  if (op === '=~' || op === '!~') return type === 'string'
  if (ARITHMETIC.has(op)) return isNumber(type)
  return isNumber(type) || type === 'string'
}

function typeOfAttribute({ intrinsic, isParent }: Attribute): FieldType {
  if (isParent) throw new UnsupportedError('parent')
  switch (intrinsic) {
    case undefined:
      return 'attribute'
    case 'parent':
    case 'childCount':
      throw new UnsupportedError(intrinsic)
    case 'duration':
    case 'traceDuration':
    case 'event:timeSinceStart':
      return 'duration'
    case 'status':
    case 'kind':
      return intrinsic
    case 'nestedSetLeft':
    case 'nestedSetRight':
    case 'nestedSetParent':
      return 'int'
    case 'name':
    case 'statusMessage':
    case 'rootName':
    case 'rootServiceName':
    case 'trace:id':
    case 'span:id':
    case 'span:parentID':
    case 'event:name':
    case 'link:traceID':
    case 'link:spanID':
    case 'instrumentation:name':
    case 'instrumentation:version':
      return 'string'
  }
}

function referencesSpan(expression: FieldExpression): boolean {
  switch (expression.kind) {
    case 'static':
      return false
    case 'attribute':
      return true
    case 'unary':
      return referencesSpan(expression.operand)
    case 'binary':
      return referencesSpan(expression.left) || referencesSpan(expression.right)
  }
}
