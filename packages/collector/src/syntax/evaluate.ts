import { unquoteGo } from '@quartet/query'
import type { Diagnostic, TextRange } from '@quartet/query'
import type { Call, Expression, Literal } from './ast.ts'
import { binaryOperation, OperandError } from './binary-operation.ts'
import { formatValue } from './format-value.ts'
import { ArgumentError, FunctionValue, isArray, isObject, OptionalSecret, Secret, typeOf } from './value.ts'
import type { Value } from './value.ts'

/** Names that an expression can refer to. Looked up before the standard library's. */
export interface Scope {
  lookup(name: string): Value | undefined
}

/** An expression that has no value. `range` is the part at fault. */
export class EvaluationError extends Error {
  readonly range: TextRange
  constructor(range: TextRange, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'EvaluationError'
    this.range = { start: range.start, end: range.end }
  }
  diagnostic(): Diagnostic {
    return { severity: 'error', message: this.message, range: this.range }
  }
}

/** @throws EvaluationError */
export function evaluate(expression: Expression, scope: Scope): Value {
  switch (expression.kind) {
    case 'literal':
      return literalValue(expression)
    case 'array':
      return expression.elements.map((element) => evaluate(element, scope))
    case 'object':
      return new Map(expression.fields.map((field) => [field.name.text, evaluate(field.value, scope)]))
    case 'identifier': {
      const value = scope.lookup(expression.name)
      if (value === undefined)
        throw new EvaluationError(expression, `identifier ${JSON.stringify(expression.name)} does not exist`)
      return value
    }
    case 'access':
      return accessField(expression.value, expression.name, evaluate(expression.value, scope))
    case 'index':
      return indexValue(
        expression.value,
        evaluate(expression.value, scope),
        expression.index,
        evaluate(expression.index, scope),
      )
    case 'call':
      return callFunction(expression, scope)
    case 'unary':
      return unaryOperation(expression.operator, expression.operand, evaluate(expression.operand, scope))
    case 'paren':
      return evaluate(expression.inner, scope)
    case 'binary': {
      const left = evaluate(expression.left, scope)
      const right = evaluate(expression.right, scope)
      try {
        return binaryOperation(expression.operator, left, right)
      } catch (error) {
        if (!(error instanceof OperandError)) throw error
        const [operand, value] = error.side === 'left' ? [expression.left, left] : [expression.right, right]
        throw new EvaluationError(operand, `${display(operand, value)} ${error.message}`, { cause: error })
      }
    }
  }
}

function literalValue(literal: Literal): Value {
  switch (literal.type) {
    case 'null':
      return null
    case 'bool':
      return literal.text === 'true'
    case 'float':
      return Number(literal.text)
    case 'number': {
      const value = BigInt(literal.text)
      return value < 1n << 64n ? value : Number(literal.text)
    }
    case 'string':
      return unquoteGo(literal.text)
  }
}

function accessField(node: Expression, name: { text: string } & TextRange, value: Value): Value {
  if (isObject(value)) {
    const field = value.get(name.text)
    if (field === undefined) throw new EvaluationError(name, `field ${JSON.stringify(name.text)} does not exist`)
    return field
  }
  const message =
    typeOf(value) === 'capsule'
      ? 'expected object or array or a capsule convertible to an object, got capsule'
      : `cannot access field ${JSON.stringify(name.text)} on value of type ${typeOf(value)}`
  throw new EvaluationError(node, `${display(node, value)} ${message}`)
}

function indexValue(node: Expression, value: Value, indexNode: Expression, index: Value): Value {
  if (isArray(value)) {
    if (typeof index !== 'bigint' && typeof index !== 'number') throw typeMismatch(indexNode, index, 'number')
    const position = Math.trunc(Number(index))
    if (position < 0 || position >= value.length) {
      const message = `index ${position} is out of range of array with length ${value.length}`
      throw new EvaluationError(indexNode, `${display(indexNode, index)} ${message}`)
    }
    return value[position]
  }
  if (isObject(value)) {
    if (typeof index !== 'string') throw typeMismatch(indexNode, index, 'string')
    return value.get(index) ?? null
  }
  const suffix = typeOf(value) === 'capsule' ? ' or a capsule convertible to an object' : ''
  throw new EvaluationError(node, `${display(node, value)} expected object or array${suffix}, got ${typeOf(value)}`)
}

function unaryOperation(operator: '!' | '-', node: Expression, value: Value): Value {
  if (operator === '!') {
    if (typeof value !== 'boolean') throw typeMismatch(node, value, 'bool')
    return !value
  }
  if (typeof value === 'bigint' || typeof value === 'number') return -value
  throw typeMismatch(node, value, 'number')
}

function callFunction(call: Call, scope: Scope): Value {
  const callee = evaluate(call.callee, scope)
  if (!(callee instanceof FunctionValue)) throw typeMismatch(call.callee, callee, 'function')
  const values = call.arguments.map((argument) => evaluate(argument, scope))
  try {
    return callee.call(values)
  } catch (error) {
    const node = error instanceof ArgumentError ? (call.arguments[error.argument] ?? call) : call
    throw new EvaluationError(node, (error as Error).message, { cause: error })
  }
}

export function typeMismatch(node: Expression, value: Value, expected: string): EvaluationError {
  return new EvaluationError(node, `${display(node, value)} should be ${expected}, got ${typeOf(value)}`)
}

/** A value in a message: references by their path, everything else by value; secrets stay secret. */
export function display(node: Expression, value: Value): string {
  const path = referencePath(node)
  if (path !== undefined) return path
  return value instanceof Secret || value instanceof OptionalSecret ? '(secret)' : formatValue(value)
}

function referencePath(node: Expression): string | undefined {
  if (node.kind === 'identifier') return node.name
  if (node.kind !== 'access') return undefined
  const base = referencePath(node.value)
  return base === undefined ? undefined : `${base}.${node.name.text}`
}
