import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ParseError } from './parse-error.ts'
import { parseExpr, parseSelector } from './parser.ts'
import { prettify } from './prettify.ts'
import { printExpr } from './printer.ts'

const complaint = (query: string): string => {
  try {
    parseExpr(query)
  } catch (error) {
    if (error instanceof ParseError) return error.message
    throw error
  }
  return ''
}

test('binds operators as upstream does', () => {
  const shape = (query: string): string => {
    const walk = (expr: ReturnType<typeof parseExpr>): string => {
      if (expr.kind === 'binary') return `(${walk(expr.left)} ${expr.op} ${walk(expr.right)})`
      if (expr.kind === 'unary') return `${expr.op}(${walk(expr.expr)})`
      return printExpr(expr)
    }
    return walk(parseExpr(query))
  }
  assert.equal(shape('a + b * c ^ d ^ e'), '(a + (b * (c ^ (d ^ e))))')
  assert.equal(shape('-a ^ b * c'), '(-((a ^ b)) * c)')
  assert.equal(shape('a or b and c unless d'), '(a or ((b and c) unless d))')
  assert.equal(shape('a - b - c'), '((a - b) - c)')
  assert.equal(shape('a ^ -b * c'), '((a ^ -(b)) * c)')
})

test('errors name line and column in bytes', () => {
  assert.equal(complaint('1+'), '1:3: parse error: unexpected end of input')
  assert.equal(complaint('up{job="é"} }'), "1:14: parse error: unexpected character: '}'")
  assert.equal(complaint('up\n  + )'), "2:6: parse error: unexpected right parenthesis ')'")
  assert.equal(complaint(''), '1:1: parse error: no expression found in input')
  assert.equal(complaint('{a=~"("}'), '1:2: parse error: error parsing regexp: missing closing ): `(`')
})

test('experimental syntax needs its feature flag', () => {
  assert.match(complaint('mad_over_time(x[5m])'), /function "mad_over_time" is not enabled/)
  assert.match(complaint('limitk(1, x)'), /limitk\(\) is experimental and must be enabled with --enable-feature/)
  assert.match(complaint('x[5m+1m]'), /experimental duration expression is not enabled/)
  assert.match(complaint('x anchored'), /anchored modifier is experimental and not enabled/)
})

test('reads numbers as Go does', () => {
  const value = (query: string): unknown => {
    const expr = parseExpr(query)
    return expr.kind === 'number' ? expr.value : undefined
  }
  assert.equal(value('0755'), 493)
  assert.equal(value('1_000.5'), 1000.5)
  assert.equal(value('0x1F'), 31)
  assert.equal(value('1h30m'), 5400)
  assert.equal(value('-.5e-3'), -0.0005)
})

test('reads selectors of match[]', () => {
  const matchers = parseSelector('{"a.b", job=~"x|y"}')
  assert.deepEqual(
    matchers.map(({ name, op, value }) => [name, op, value]),
    [
      ['__name__', '=', 'a.b'],
      ['job', '=~', 'x|y'],
    ],
  )
  assert.throws(() => parseSelector('up[5m]'), ParseError)
})

test('breaks long expressions into lines', () => {
  const query = `sum by (job) (rate(${'x'.repeat(60)}[5m])) / sum by (job) (rate(${'y'.repeat(60)}[5m]))`
  assert.equal(
    prettify(parseExpr(query)),
    `  sum by (job) (rate(${'x'.repeat(60)}[5m]))\n/\n  sum by (job) (rate(${'y'.repeat(60)}[5m]))`,
  )
})
