import { formatDuration, quoteGo } from '@quartet/query'
import type { Matcher } from '@quartet/query'
import { compareText } from '@quartet/model'
import type {
  AggregateExpr,
  BinaryExpr,
  DurationOperand,
  Expr,
  MatrixSelector,
  SubqueryExpr,
  TimeShift,
  VectorSelector,
} from './ast.ts'
import { formatFloat } from './number.ts'

/** The canonical text of an expression; parsing it gives an equal expression. */
export function printExpr(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return printNumber(expr)
    case 'string':
      return quoteGo(expr.value)
    case 'vectorSelector':
      return printSelector(expr) + printAt(expr) + printExtension(expr) + printOffset(expr)
    case 'matrixSelector':
      return printMatrix(expr)
    case 'subquery':
      return printExpr(expr.expr) + subquerySuffix(expr)
    case 'aggregate': {
      const param = expr.param === undefined ? '' : `${printExpr(expr.param)}, `
      return `${aggregateHead(expr)}(${param}${printExpr(expr.expr)})`
    }
    case 'binary':
      return `${printExpr(expr.left)} ${binaryOperator(expr)} ${printExpr(expr.right)}`
    case 'unary':
      return expr.op + printExpr(expr.expr)
    case 'paren':
      return `(${printExpr(expr.expr)})`
    case 'call':
      return `${expr.func.name}(${expr.args.map(printExpr).join(', ')})`
  }
}

/** `sum by (a) `, as it stands in front of the parenthesis. */
export function aggregateHead(expr: AggregateExpr): string {
  if (expr.isWithout) return `${expr.op} without (${printLabels(expr.grouping)}) `
  return expr.grouping.length > 0 ? `${expr.op} by (${printLabels(expr.grouping)}) ` : expr.op
}

/** The operator with `bool` and vector matching. */
export function binaryOperator(expr: BinaryExpr): string {
  let text = expr.returnBool ? `${expr.op} bool` : expr.op
  const { matching } = expr
  if (matching === undefined) return text
  const isGrouped = matching.cardinality === 'many-to-one' || matching.cardinality === 'one-to-many'
  if (matching.labels.length > 0 || matching.isOn || isGrouped) {
    text += ` ${matching.isOn ? 'on' : 'ignoring'} (${printLabels(matching.labels)})`
  }
  if (isGrouped) {
    text += ` group_${matching.cardinality === 'many-to-one' ? 'left' : 'right'} (${printLabels(matching.include)})`
  }
  return text
}

export function subquerySuffix(expr: SubqueryExpr): string {
  const range = expr.rangeExpr === undefined ? formatDuration(expr.rangeMs) : printDuration(expr.rangeExpr)
  let step = expr.stepMs === 0 ? '' : formatDuration(expr.stepMs)
  if (expr.stepExpr !== undefined) step = printDuration(expr.stepExpr)
  return `[${range}:${step}]${printAt(expr)}${printOffset(expr)}`
}

function printNumber(number: { value: number; isDuration: boolean }): string {
  return number.isDuration ? formatDuration(Math.round(number.value * 1000)) : formatFloat(number.value)
}

function printMatrix(expr: MatrixSelector): string {
  const range = expr.rangeExpr === undefined ? formatDuration(expr.rangeMs) : printDuration(expr.rangeExpr)
  const { selector } = expr
  return `${printSelector(selector)}[${range}]${printExtension(selector)}${printAt(selector)}${printOffset(selector)}`
}

function printSelector(selector: VectorSelector): string {
  const isOwnName = (matcher: Matcher): boolean =>
    matcher.name === '__name__' && matcher.op === '=' && matcher.value === selector.name && matcher.value !== ''
  const labels = selector.matchers.filter((matcher) => !isOwnName(matcher)).map(printMatcher)
  return labels.length === 0 ? selector.name || '{}' : `${selector.name}{${labels.sort(compareText).join(',')}}`
}

export function printMatcher(matcher: Matcher): string {
  const name = isLegacyName(matcher.name) ? matcher.name : quoteGo(matcher.name)
  return `${name}${matcher.op}${quoteGo(matcher.value)}`
}

function printAt(shift: TimeShift): string {
  if (shift.at === undefined) return ''
  return shift.at.kind === 'time' ? ` @ ${(shift.at.timeMs / 1000).toFixed(3)}` : ` @ ${shift.at.kind}()`
}

function printOffset(shift: TimeShift): string {
  if (shift.offsetExpr !== undefined) return ` offset ${printDuration(shift.offsetExpr)}`
  return shift.offsetMs === 0 ? '' : ` offset ${formatDuration(shift.offsetMs)}`
}

function printExtension(selector: VectorSelector): string {
  return selector.extension === undefined ? '' : ` ${selector.extension}`
}

function printDuration(operand: DurationOperand): string {
  if (operand.kind === 'number') return printNumber(operand)
  const text = operand.kind === 'step' ? 'step()' : printDurationOperation(operand)
  return operand.isWrapped ? `(${text})` : text
}

function printDurationOperation(operation: Extract<DurationOperand, { kind: 'operation' }>): string {
  const right = printDuration(operation.right)
  if (operation.left === undefined) return operation.op === '-' ? `-${right}` : right
  const left = printDuration(operation.left)
  if (operation.op === 'min' || operation.op === 'max') return `${operation.op}(${left}, ${right})`
  return `${left} ${operation.op} ${right}`
}

function printLabels(labels: readonly string[]): string {
  return labels.map((label) => (isLegacyName(label) ? label : quoteGo(label))).join(', ')
}

function isLegacyName(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)
}
