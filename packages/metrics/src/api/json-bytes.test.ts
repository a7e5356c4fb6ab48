import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatSample, formatTimestamp, JsonBytes, stringifyGo } from './json-bytes.ts'

function sample(value: number): string {
  return new JsonBytes().sampleValue(value).finish().toString()
}

test('the fast path writes what the slow path would', () => {
  const seed = 20251123
  let state = seed
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  for (let round = 0; round < 50_000; round++) {
    const digits = Math.floor(next() * 6)
    let value = Math.round(next() * 10 ** Math.floor(next() * 12)) / 10 ** digits
    if (next() < 0.3) value = -value
    if (next() < 0.2) value = next() * 1e6
    assert.equal(sample(value), `"${formatSample(value)}"`, `seed ${seed}: ${value}`)
    assert.equal(Number(sample(value).slice(1, -1)), value, `seed ${seed}: ${value}`)
  }
})

test('writes special values as Go does', () => {
  const cases: [number, string][] = [
    [0, '"0"'],
    [-0, '"-0"'],
    [NaN, '"NaN"'],
    [Infinity, '"+Inf"'],
    [-Infinity, '"-Inf"'],
    [1e21, '"1e+21"'],
    [1e-7, '"1e-07"'],
    [1.2345678e-6, '"0.0000012345678"'],
    [123456789012, '"123456789012"'],
    [-0.125, '"-0.125"'],
    [2147483.648, '"2147483.648"'],
    [999999999.999, '"999999999.999"'],
    [5e-324, '"5e-324"'],
  ]
  for (const [value, text] of cases) assert.equal(sample(value), text)
})

test('writes timestamps as seconds with milliseconds', () => {
  assert.equal(formatTimestamp(0), '0')
  assert.equal(formatTimestamp(1), '0.001')
  assert.equal(formatTimestamp(1100), '1.100')
  assert.equal(formatTimestamp(-1), '-0.001')
  assert.equal(formatTimestamp(1_435_781_451_781), '1435781451.781')
})

test('escapes strings as jsoniter does, and grows', () => {
  const text = (value: string): string => new JsonBytes().string(value).finish().toString()
  assert.equal(text('a"b\\c\n\t\b\f\u0001<é☺'), '"a\\"b\\\\c\\n\\t\\u0008\\u000c\\u0001<é☺"')
  assert.equal(text('\\b'), '"\\\\b"')
  assert.equal(text('☺'.repeat(50_000)).length, 50_002)
  assert.equal(stringifyGo({ a: '<&>' }), '{"a":"\\u003c\\u0026\\u003e"}')
})
