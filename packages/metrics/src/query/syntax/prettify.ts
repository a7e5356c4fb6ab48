import type { Expr } from './ast.ts'
import { aggregateHead, binaryOperator, printExpr, subquerySuffix } from './printer.ts'

const MAX_LINE = 100

/** The canonical text, broken into indented lines where it is longer than `maxLine`. */
export function prettify(expr: Expr, maxLine = MAX_LINE): string {
  return format(expr, 0, maxLine)
}

function format(expr: Expr, level: number, maxLine: number): string {
  const indent = '  '.repeat(level)
  const text = printExpr(expr)
  const isSplit = Buffer.byteLength(text) > maxLine
  const inner = (child: Expr): string => format(child, level + 1, maxLine)
  if (expr.kind === 'unary') return indent + expr.op + format(expr.expr, level, maxLine).trim()
  if (!isSplit) return indent + text
  switch (expr.kind) {
    case 'aggregate': {
      const param = expr.param === undefined ? '' : `${inner(expr.param)},\n`
      return `${indent}${aggregateHead(expr)}(\n${param}${inner(expr.expr)}\n${indent})`
    }
    case 'binary':
      return `${inner(expr.left)}\n${indent}${binaryOperator(expr)}\n${inner(expr.right)}`
    case 'call':
      return `${indent}${expr.func.name}(\n${expr.args.map(inner).join(',\n')}\n${indent})`
    case 'paren':
      return `${indent}(\n${inner(expr.expr)}\n${indent})`
    case 'subquery':
      return format(expr.expr, level, maxLine) + subquerySuffix(expr)
    default:
      return indent + text
  }
}
