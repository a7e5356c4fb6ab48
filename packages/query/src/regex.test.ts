import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RE2JS } from 're2js'
import { createMatcher } from './matcher.ts'
import { compileRegex, RegexError } from './regex.ts'
import { regexShape } from './regex-shape.ts'

const PIECES = [
  'a',
  'ab',
  'foo',
  '.*',
  '.+',
  '|',
  '(',
  ')',
  '(?:',
  'x?',
  '[ab]',
  '\\.',
  '^',
  '$',
  '\\d',
  'b*',
  '.',
  '-',
  'é',
]

function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

test('agrees with the engine on random patterns, anchored or not, with newlines or without', () => {
  const seed = 20_251_123
  const next = random(seed)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)]
  let compared = 0
  for (let round = 0; round < 3000; round++) {
    const pattern = Array.from({ length: 1 + Math.floor(next() * 6) }, () => pick(PIECES)).join('')
    const options = { anchored: next() < 0.5, dotAll: next() < 0.5, caseInsensitive: next() < 0.2 }
    let engine: RE2JS
    try {
      engine = RE2JS.compile(pattern, (options.dotAll ? RE2JS.DOTALL : 0) | (options.caseInsensitive ? 1 : 0))
    } catch {
      assert.throws(() => compileRegex(pattern, options), RegexError, `seed ${seed}: ${pattern}`)
      continue
    }
    const regex = compileRegex(pattern, options)
    for (let trial = 0; trial < 12; trial++) {
      const text = Array.from({ length: Math.floor(next() * 7) }, () =>
        pick(['a', 'b', 'foo', '.', '\n', 'x', '3', 'A', 'é', 'É', '-']),
      ).join('')
      const expected = options.anchored ? engine.matches(text) : engine.test(text)
      assert.equal(regex.test(text), expected, `seed ${seed}: /${pattern}/ ${JSON.stringify({ text, options })}`)
      const isFound = regex.literals?.some((literal) => text.includes(literal)) ?? true
      assert.ok(isFound || !expected, `seed ${seed}: required literal of /${pattern}/ misses ${JSON.stringify(text)}`)
      compared++
    }
  }
  assert.ok(compared > 10_000)
})

test('common patterns need no engine', () => {
  for (const pattern of ['.*', '.+', 'a|b|c', '(a|b)c', 'api-.*', '.*-total', '.*err.*', 'a\\.b', '^foo$', 'https?']) {
    assert.notEqual(regexShape(pattern).globs, undefined, pattern)
  }
  assert.equal(regexShape('a\\d+').globs, undefined)
})

test('names the values or the prefix that a matcher accepts', () => {
  assert.deepEqual(createMatcher('a', '=~', 'x|y|(z|w)1').setMatches, ['x', 'y', 'z1', 'w1'])
  assert.equal(createMatcher('a', '=~', 'api-.*').prefix, 'api-')
  assert.equal(createMatcher('a', '=~', 'api-a.*|api-b').prefix, 'api-')
  assert.equal(createMatcher('a', '=~', '.*').prefix, undefined)
  assert.equal(createMatcher('a', '=~', '.*').setMatches, undefined)
})

test('matchers are anchored and dot matches newlines', () => {
  const like = createMatcher('a', '=~', 'b.r')
  assert.ok(like.matches('b\nr'))
  assert.ok(!like.matches('xbar'))
  assert.ok(createMatcher('a', '!~', 'b.r').matches('xbar'))
  assert.ok(!createMatcher('a', '=~', '$*bar').matches('foo-bar'))
})

test("reports syntax errors in Go's words", () => {
  assert.throws(() => compileRegex('a(b'), { message: 'error parsing regexp: missing closing ): `a(b`' })
  assert.throws(() => createMatcher('a', '=~', 'a(b'), { message: 'error parsing regexp: missing closing ): `a(b`' })
  assert.throws(() => compileRegex('*a'), {
    message: 'error parsing regexp: missing argument to repetition operator: `*`',
  })
  assert.throws(() => compileRegex('(?=a)'), RegexError)
})

test('finds groups by number and name', () => {
  const regex = compileRegex('(?P<verb>[A-Z]+) (/\\S*)')
  assert.deepEqual(regex.groupNames, ['', 'verb', ''])
  const match = regex.exec('x GET /a b')
  assert.deepEqual(match, { start: 2, end: 8, groups: ['GET /a', 'GET', '/a'] })
})

test("replaces as Go's Regexp.ReplaceAllString does", () => {
  const replace = (pattern: string, text: string, by: string): string => compileRegex(pattern).replaceAll(text, by)
  assert.equal(replace('a(x*)b', '-ab-axxb-', '${1}W'), '-W-xxW-')
  assert.equal(replace('a(x*)b', '-ab-axxb-', '$1W'), '---')
  assert.equal(replace('', 'abc', '-'), '-a-b-c-')
  assert.equal(replace('b*', 'abc', 'X'), 'XaXcX')
  assert.equal(replace('(?P<n>b)', 'abc', '[$n]$$'), 'a[b]$c')
})

test('stays linear on patterns that explode in backtracking engines', () => {
  const started = performance.now()
  assert.equal(compileRegex('(a+)+$').test('a'.repeat(5000) + 'b'), false)
  assert.ok(performance.now() - started < 2000)
})
