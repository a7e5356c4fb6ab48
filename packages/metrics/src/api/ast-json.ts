import type { Matcher } from '@quartet/query'
import type { Expr, TimeShift, VectorSelector } from '../query/syntax/ast.ts'
import { formatFloat } from '../query/syntax/number.ts'

/** A syntax tree as `/api/v1/parse_query` shows it; keys are sorted as Go sorts those of maps. */
export function encodeAst(expr: Expr): unknown {
  return sortKeys(encode(expr))
}

function encode(expr: Expr): Record<string, unknown> {
  switch (expr.kind) {
    case 'number':
      return { type: 'numberLiteral', val: formatFloat(expr.value) }
    case 'string':
      return { type: 'stringLiteral', val: expr.value }
    case 'paren':
      return { type: 'parenExpr', expr: encode(expr.expr) }
    case 'unary':
      return { type: 'unaryExpr', op: expr.op, expr: encode(expr.expr) }
    case 'vectorSelector':
      return { type: 'vectorSelector', ...selector(expr) }
    case 'matrixSelector':
      return { type: 'matrixSelector', range: expr.rangeMs, ...selector(expr.selector) }
    case 'subquery':
      return { type: 'subquery', expr: encode(expr.expr), range: expr.rangeMs, step: expr.stepMs, ...shift(expr) }
    case 'aggregate':
      return {
        type: 'aggregation',
        op: expr.op,
        expr: encode(expr.expr),
        param: expr.param === undefined ? null : encode(expr.param),
        grouping: expr.grouping,
        without: expr.isWithout,
      }
    case 'binary':
      return {
        type: 'binaryExpr',
        op: expr.op,
        lhs: encode(expr.left),
        rhs: encode(expr.right),
        bool: expr.returnBool,
        matching:
          expr.matching === undefined
            ? null
            : {
                card: expr.matching.cardinality,
                labels: expr.matching.labels,
                on: expr.matching.isOn,
                include: expr.matching.include,
              },
      }
    case 'call': {
      const { name, argTypes, variadic, returns } = expr.func
      return {
        type: 'call',
        func: { name, argTypes, variadic, returnType: returns },
        args: expr.args.map(encode),
      }
    }
  }
}

function selector(vector: VectorSelector): Record<string, unknown> {
  return {
    name: vector.name,
    matchers: vector.matchers.map(({ name, op, value }: Matcher) => ({ name, value, type: op })),
    anchored: vector.extension === 'anchored',
    smoothed: vector.extension === 'smoothed',
    ...shift(vector),
  }
}

function shift({ offsetMs, at }: TimeShift): Record<string, unknown> {
  return {
    offset: offsetMs,
    timestamp: at?.kind === 'time' ? at.timeMs : null,
    startOrEnd: at === undefined || at.kind === 'time' ? null : at.kind,
  }
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([key, inner]) => [key, sortKeys(inner)]))
}
