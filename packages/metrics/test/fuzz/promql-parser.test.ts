import assert from 'node:assert/strict'
import { test } from 'node:test'
import { QueryEngine } from '../../src/query/engine.ts'
import { ParseError } from '../../src/query/syntax/parse-error.ts'
import { parseExpr } from '../../src/query/syntax/parser.ts'
import { printExpr } from '../../src/query/syntax/printer.ts'
import { MemorySource } from '../support/memory-source.ts'
import { UPSTREAM_TEST_ENGINE } from '../support/promqltest.ts'

const FEATURES = { experimentalFunctions: true, durationExpressions: true, extendedRangeSelectors: true }
const SEED = Number(process.env['FUZZ_SEED'] ?? 20251123)

const PIECES = [
  'foo',
  'bar:baz',
  'sum',
  'topk',
  'rate',
  'histogram_quantile',
  'label_replace',
  'time',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'bool',
  'offset',
  '@',
  'start()',
  'end()',
  'step()',
  'and',
  'or',
  'unless',
  'atan2',
  '(',
  ')',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '=',
  '=~',
  '!=',
  '!~',
  '==',
  '<',
  '>=',
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  '1',
  '0x1f',
  '5m',
  '1h30m',
  '.5',
  '1e3',
  'NaN',
  'Inf',
  '"str"',
  "'a\\'b'",
  '`raw`',
  '"\\x',
  'a="b"',
  'le=~"x|y"',
  '{a="b"}',
  '[5m]',
  '[5m:]',
  '[5m:1m]',
  '(foo)',
  '5',
  '# c\n',
  ' ',
  '\n',
  'é',
  '\u{1f600}',
  '\\',
  '!',
  '~',
  '"',
  '1_000',
  'anchored',
  'smoothed',
  'min',
  'max',
]

function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

test('random token soup gives a tree or a ParseError with ranges inside the text, and trees print to what parses alike', () => {
  const next = random(SEED)
  let trees = 0
  for (let round = 0; round < 20_000; round++) {
    const length = 1 + Math.floor(next() * 12)
    const glue = next() < 0.5 ? ' ' : ''
    const query = Array.from({ length }, () => PIECES[Math.floor(next() * PIECES.length)]).join(glue)
    const context = `seed ${SEED}, round ${round}: ${JSON.stringify(query)}`
    try {
      const printed = printExpr(parseExpr(query, FEATURES))
      trees++
      assert.equal(printExpr(parseExpr(printed, FEATURES)), printed, context)
    } catch (error) {
      assert.ok(error instanceof ParseError, `${context}: ${String(error)}`)
      for (const { range } of error.problems) {
        assert.ok(range.start >= 0 && range.start <= query.length, `${context}: start ${range.start}`)
        assert.ok(range.end >= 0 && range.end <= query.length, `${context}: end ${range.end}`)
      }
    }
  }
  assert.ok(trees > 100, `only ${trees} of the random queries were valid`)
})

test('mutations of real queries never break the parser', () => {
  const next = random(SEED + 1)
  const queries = [
    'sum by (job, le) (rate(http_requests_total{code=~"5..", path!="/"}[5m] offset 1m)) / on (job) group_left (x) foo @ end() > bool 0.5',
    'histogram_quantile(0.99, sum without (pod) (increase({"http.latency_bucket", env="prod"}[1h:30s] @ 1609746000.123)))',
    "label_replace(up, 'a', \"$1\", `b`, '(.*)') or vector(-1) unless absent_over_time(x[2d3h] offset -4w)",
  ]
  for (let round = 0; round < 10_000; round++) {
    let query = queries[round % queries.length]
    for (let edits = 1 + Math.floor(next() * 4); edits > 0; edits--) {
      const at = Math.floor(next() * (query.length + 1))
      const piece = next() < 0.5 ? '' : PIECES[Math.floor(next() * PIECES.length)]
      query = query.slice(0, at) + piece + query.slice(at + Math.floor(next() * 3))
    }
    try {
      parseExpr(query, FEATURES)
    } catch (error) {
      assert.ok(error instanceof ParseError, `seed ${SEED}, round ${round}: ${JSON.stringify(query)}: ${String(error)}`)
    }
  }
})

test('long chains of operators are refused, and those that are not can be evaluated', async () => {
  assert.throws(() => parseExpr('1' + ' + 1'.repeat(5000), FEATURES), ParseError)
  assert.throws(() => parseExpr('x' + '[5m:]'.repeat(5000), FEATURES), ParseError)
  const engine = new QueryEngine(new MemorySource(), UPSTREAM_TEST_ENGINE)
  const { signal } = new AbortController()
  const sum = await engine.instant(engine.parse('1' + ' + 1'.repeat(1000)), 0, { signal })
  assert.equal(sum.value.kind === 'scalar' && sum.value.value, 1001)
  await engine.range(engine.parse('x' + ' or y'.repeat(1000)), { startMs: 0, endMs: 10, stepMs: 1 }, { signal })
  await engine.instant(engine.parse('('.repeat(400) + 'x' + ')'.repeat(400)), 0, { signal })
})

test('deep nesting is refused, not a stack overflow', () => {
  for (const query of [
    '('.repeat(20_000),
    '-'.repeat(20_000) + '1',
    'sum('.repeat(20_000),
    `foo[${'('.repeat(20_000)}`,
  ]) {
    assert.throws(() => parseExpr(query, FEATURES), ParseError)
  }
})
