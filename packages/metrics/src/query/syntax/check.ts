import { matchesEmpty, quoteGo } from '@quartet/query'
import type { TextRange } from '@quartet/query'
import { isComparison, isSetOp, typeOf } from './ast.ts'
import type { BinaryExpr, Call, Expr, ValueType, VectorMatching, VectorSelector } from './ast.ts'
import { isSpace } from './lexer.ts'

type Report = (message: string, range: TextRange) => void

const DOCUMENTED: Readonly<Record<ValueType, string>> = {
  scalar: 'scalar',
  vector: 'instant vector',
  matrix: 'range vector',
  string: 'string',
  none: 'none',
}

/**
 * Type-checks a parsed expression and completes what depends on types: set operators become many-to-many, vector matching is
 * dropped where a side is a scalar. Problems have upstream's texts and order.
 */
export function checkExpr(expr: Expr, query: string, report: Report): Expr {
  const check = new Checker(query, report)
  return check.expr(expr)
}

class Checker {
  readonly #query: string
  readonly #report: Report

  constructor(query: string, report: Report) {
    this.#query = query
    this.#report = report
  }

  expr(expr: Expr): Expr {
    switch (expr.kind) {
      case 'number':
      case 'string':
        return expr
      case 'vectorSelector':
        this.#selector(expr)
        return expr
      case 'matrixSelector':
        this.#selector(expr.selector)
        return expr
      case 'paren':
        return { ...expr, expr: this.expr(expr.expr) }
      case 'unary': {
        const inner = this.expr(expr.expr)
        const type = typeOf(inner)
        if (type !== 'scalar' && type !== 'vector') {
          const rule = 'unary expression only allowed on expressions of type scalar or instant vector'
          this.#report(`${rule}, got ${quoteGo(DOCUMENTED[type])}`, expr.range)
        }
        return { ...expr, expr: inner }
      }
      case 'subquery': {
        const inner = this.expr(expr.expr)
        const type = typeOf(inner)
        if (type !== 'vector') {
          this.#report(`subquery is only allowed on instant vector, got ${type} instead`, expr.range)
        }
        return { ...expr, expr: inner }
      }
      case 'aggregate': {
        const inner = this.#expect(expr.expr, 'vector', 'aggregation expression')
        if (expr.param === undefined) return { ...expr, expr: inner }
        const type = expr.op === 'count_values' ? 'string' : 'scalar'
        return { ...expr, expr: inner, param: this.#expect(expr.param, type, 'aggregation parameter') }
      }
      case 'binary':
        return this.#binary(expr)
      case 'call':
        return this.#call(expr)
    }
  }

  #expect(expr: Expr, wanted: ValueType, context: string): Expr {
    const checked = this.expr(expr)
    const type = typeOf(checked)
    if (type !== wanted) {
      this.#report(`expected type ${DOCUMENTED[wanted]} in ${context}, got ${DOCUMENTED[type]}`, expr.range)
    }
    return checked
  }

  #selector(selector: VectorSelector): void {
    if (selector.name !== '') {
      for (const matcher of selector.matchers.slice(0, -1)) {
        if (matcher.name !== '__name__') continue
        const names = `${quoteGo(selector.name)} or ${quoteGo(matcher.value)}`
        this.#report(`metric name must not be set twice: ${names}`, selector.range)
      }
      return
    }
    if (!selector.matchers.some((matcher) => !matchesEmpty(matcher))) {
      this.#report('vector selector must contain at least one non-empty matcher', selector.range)
    }
  }

  #binary(expr: BinaryExpr): Expr {
    const left = this.expr(expr.left)
    const right = this.expr(expr.right)
    const leftType = typeOf(left)
    const rightType = typeOf(right)
    const areScalars = leftType === 'scalar' && rightType === 'scalar'
    if (expr.returnBool && !isComparison(expr.op)) {
      this.#report('bool modifier can only be used on comparison operators', this.#operatorRange(expr))
    }
    if (isComparison(expr.op) && !expr.returnBool && areScalars) {
      this.#report('comparisons between scalars must use BOOL modifier', this.#operatorRange(expr))
    }
    const matching = this.#matching(expr)
    for (const side of [
      { type: leftType, range: left.range },
      { type: rightType, range: right.range },
    ]) {
      if (side.type === 'scalar' || side.type === 'vector') continue
      this.#report('binary expression must contain only scalar and instant vector types', side.range)
    }
    const areVectors = leftType === 'vector' && rightType === 'vector'
    if (!areVectors && matching.labels.length > 0) {
      this.#report('vector matching only allowed between instant vectors', expr.range)
    }
    if (areVectors && isSetOp(expr.op)) {
      const { cardinality } = matching
      if (cardinality === 'one-to-many' || cardinality === 'many-to-one') {
        this.#report(`no grouping allowed for ${quoteGo(expr.op)} operation`, expr.range)
      }
      if (cardinality !== 'many-to-many') this.#report('set operations must always be many-to-many', expr.range)
    }
    if ((leftType === 'scalar' || rightType === 'scalar') && isSetOp(expr.op)) {
      this.#report(`set operator ${quoteGo(expr.op)} not allowed in binary scalar expression`, expr.range)
    }
    return { ...expr, left, right, matching: areVectors ? matching : undefined }
  }

  #matching(expr: BinaryExpr): VectorMatching {
    const matching: VectorMatching = expr.matching ?? {
      cardinality: 'one-to-one',
      isOn: false,
      labels: [],
      include: [],
    }
    if (matching.isOn) {
      for (const label of matching.labels) {
        if (!matching.include.includes(label)) continue
        const rule = 'must not occur in ON and GROUP clause at once'
        this.#report(`label ${quoteGo(label)} ${rule}`, this.#operatorRange(expr))
      }
    }
    const isPlainSet = isSetOp(expr.op) && matching.cardinality === 'one-to-one'
    return isPlainSet ? { ...matching, cardinality: 'many-to-many' } : matching
  }

  /** From the operator to the end of its modifiers. */
  #operatorRange(expr: BinaryExpr): TextRange {
    let start = expr.left.range.end
    while (isSpace(this.#query.charCodeAt(start))) start++
    let end = expr.right.range.start - 1
    while (isSpace(this.#query.charCodeAt(end))) end--
    return { start, end }
  }

  #call(expr: Call): Expr {
    const { name, argTypes, variadic } = expr.func
    const given = expr.args.length
    const call = `in call to ${quoteGo(name)}, got ${given}`
    if (variadic === 0) {
      if (given !== argTypes.length) this.#report(`expected ${argTypes.length} argument(s) ${call}`, expr.range)
    } else {
      const least = argTypes.length - 1
      const most = least + variadic
      if (given < least) this.#report(`expected at least ${least} argument(s) ${call}`, expr.range)
      else if (variadic > 0 && given > most) this.#report(`expected at most ${most} argument(s) ${call}`, expr.range)
    }
    if (name === 'info' && given > 1) this.#infoSelector(expr)
    const args: Expr[] = []
    for (const [index, arg] of expr.args.entries()) {
      if (index >= argTypes.length && variadic === 0) break
      const wanted = argTypes[Math.min(index, argTypes.length - 1)]
      const checked = name === 'info' && index === 1 ? arg : this.expr(arg)
      args.push(checked)
      const type = typeOf(checked)
      if (type === wanted) continue
      const where = `in call to function ${quoteGo(name)}`
      this.#report(`expected type ${DOCUMENTED[wanted]} ${where}, got ${DOCUMENTED[type]}`, arg.range)
    }
    return { ...expr, args }
  }

  #infoSelector(expr: Call): void {
    const selector = expr.args[1]
    if (selector.kind === 'vectorSelector' && selector.name === '') return
    const got = selector.kind === 'vectorSelector' ? ', got vector selector instead' : ''
    this.#report(`expected label selectors only${got}`, selector.range)
  }
}
