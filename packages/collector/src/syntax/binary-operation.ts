import type { BinaryOperator } from './token.ts'
import { Capsule, OptionalSecret, Secret, typeOf, valuesEqual } from './value.ts'
import type { Value, ValueType } from './value.ts'

const NUMBERS: readonly ValueType[] = ['number']
const ORDERED: readonly ValueType[] = ['number', 'string']
const ALLOWED: Readonly<Record<Exclude<BinaryOperator, '==' | '!='>, readonly ValueType[]>> = {
  '||': ['bool'],
  '&&': ['bool'],
  '+': ['number', 'string', 'capsule'],
  '-': NUMBERS,
  '*': NUMBERS,
  '/': NUMBERS,
  '%': NUMBERS,
  '^': NUMBERS,
  '<': ORDERED,
  '>': ORDERED,
  '<=': ORDERED,
  '>=': ORDERED,
}
/** Larger powers of integers are refused: the result would not fit 64 bits, and computing it first would take for ever. */
const MAX_INTEGER_POWER = 1_000_000n

/** An operand that does not fit the operator. The evaluator turns it into a diagnostic at that operand. */
export class OperandError extends Error {
  readonly side: 'left' | 'right'
  constructor(side: 'left' | 'right', message: string) {
    super(message)
    this.name = 'OperandError'
    this.side = side
  }
}

/** @throws OperandError with upstream's text, to be prefixed with the operand */
export function binaryOperation(operator: BinaryOperator, leftOperand: Value, rightOperand: Value): Value {
  const [left, right] = unwrapSecrets(leftOperand, rightOperand)
  if (operator === '==') return valuesEqual(left, right)
  if (operator === '!=') return !valuesEqual(left, right)
  requireType(operator, left, 'left')
  requireType(operator, right, 'right')
  if (typeOf(left) !== typeOf(right)) {
    throw new OperandError('right', `should be ${typeOf(left)}, got ${typeOf(right)}`)
  }
  if (typeof left === 'boolean') return operator === '||' ? left || right === true : left && right === true
  if (typeof left === 'string') return textOperation(operator, left, right as string)
  if (left instanceof Secret) return new Secret(left.text + (right as Secret).text)
  if (left instanceof OptionalSecret) {
    const other = right as OptionalSecret
    return new OptionalSecret(left.text + other.text, left.isSecret || other.isSecret)
  }
  if (left instanceof Capsule) {
    throw new OperandError(
      'left',
      `could not perform binop ${operator} for unknown types lhs capsule rhs ${typeOf(right)}`,
    )
  }
  if (typeof left === 'bigint' && typeof right === 'bigint') return integerOperation(operator, left, right)
  return floatOperation(operator, Number(left), Number(right))
}

function requireType(operator: Exclude<BinaryOperator, '==' | '!='>, value: Value, side: 'left' | 'right'): void {
  const allowed = ALLOWED[operator]
  if (allowed.includes(typeOf(value))) return
  throw new OperandError(side, `should be one of [${allowed.join(' ')}] for binop ${operator}, got ${typeOf(value)}`)
}

function textOperation(operator: BinaryOperator, left: string, right: string): Value {
  switch (operator) {
    case '<':
      return left < right
    case '>':
      return left > right
    case '<=':
      return left <= right
    case '>=':
      return left >= right
    default:
      return left + right
  }
}

function integerOperation(operator: BinaryOperator, left: bigint, right: bigint): Value {
  switch (operator) {
    case '+':
      return wrap(left + right)
    case '-':
      return wrap(left - right)
    case '*':
      return wrap(left * right)
    case '/':
      requireNonZero(right === 0n)
      return wrap(left / right)
    case '%':
      requireNonZero(right === 0n)
      return left % right
    case '^':
      return integerPower(left, right)
    case '<':
      return left < right
    case '>':
      return left > right
    case '<=':
      return left <= right
    default:
      return left >= right
  }
}

function floatOperation(operator: BinaryOperator, left: number, right: number): Value {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      requireNonZero(right === 0)
      return left / right
    case '%':
      requireNonZero(right === 0)
      return left % right
    case '^':
      return left ** right
    case '<':
      return left < right
    case '>':
      return left > right
    case '<=':
      return left <= right
    default:
      return left >= right
  }
}

function requireNonZero(isZero: boolean): void {
  if (isZero) throw new OperandError('right', 'divide by zero error')
}

/** Negative exponents leave the base as it is, which is what upstream's loop does with them. */
function integerPower(base: bigint, exponent: bigint): bigint {
  if (exponent === 0n || base === 1n) return 1n
  if (base === 0n) return 0n
  if (exponent < 0n) return base
  if (exponent > MAX_INTEGER_POWER)
    throw new OperandError('right', `is too large an exponent, at most ${MAX_INTEGER_POWER}`)
  let result = 1n
  let square = base
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = wrap(result * square)
    square = wrap(square * square)
  }
  return result
}

/** Integers live in 64 bits; what overflows wraps as it does in Go. Values up to 2^64-1 are kept as unsigned. */
function wrap(value: bigint): bigint {
  return value >= -(1n << 63n) && value < 1n << 64n ? value : BigInt.asIntN(64, value)
}

/** A string meeting a secret becomes one; a secret that is optional becomes what the other side is. */
function unwrapSecrets(left: Value, right: Value): readonly [Value, Value] {
  if (left instanceof Secret && typeof right === 'string') return [left, new Secret(right)]
  if (typeof left === 'string' && right instanceof Secret) return [new Secret(left), right]
  if (left instanceof Secret && right instanceof OptionalSecret) return [left, new Secret(right.text)]
  if (left instanceof OptionalSecret && right instanceof Secret) return [new Secret(left.text), right]
  if (left instanceof OptionalSecret && typeof right === 'string') {
    return left.isSecret ? [left, new OptionalSecret(right, true)] : [left.text, right]
  }
  if (typeof left === 'string' && right instanceof OptionalSecret) {
    return right.isSecret ? [new OptionalSecret(left, true), right] : [left, right.text]
  }
  return [left, right]
}
