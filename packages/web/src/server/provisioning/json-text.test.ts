import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JsonSyntaxError, parseJson } from './json-text.ts'

function problemOf(text: string): string {
  try {
    parseJson(text)
  } catch (error) {
    assert.ok(error instanceof JsonSyntaxError)
    return error.message
  }
  return assert.fail(`${text} was accepted`)
}

test('says where JSON goes wrong', () => {
  assert.equal(problemOf('{\n  "a": 1,\n  "b": x\n}'), '3:8: expected a value, found "x"')
  assert.equal(problemOf('{"a": 1,}'), '1:9: expected a name in double quotes, found "}"')
  assert.equal(problemOf('[1, 2'), '1:6: expected "," or "]", the file ends')
  assert.equal(problemOf('{"a" 1}'), '1:6: expected ":", found "1"')
  assert.equal(problemOf('{} {}'), '1:4: expected the end, found "{"')
  assert.equal(problemOf(''), '1:1: expected a value, the file ends')
  assert.equal(problemOf('["a\nb"]'), '1:2: expected a value, found "\\""')
})

test('agrees with JSON.parse on damaged documents', () => {
  const whole = JSON.stringify({ a: [1, -2.5e3, { b: null, c: [] }, 'x"\\u'], d: {}, e: true }, undefined, 1)
  let seed = 12345
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    return (seed >>> 8) % below
  }
  for (let round = 0; round < 3000; round++) {
    const at = random(whole.length)
    const damaged =
      whole.slice(0, at) + ['', '}', ',', '"', '1', ']', '\\', '{'][random(8)] + whole.slice(at + random(3))
    let isJson = true
    try {
      JSON.parse(damaged)
    } catch {
      isJson = false
    }
    if (isJson) assert.deepEqual(parseJson(damaged), JSON.parse(damaged))
    else assert.match(problemOf(damaged), /^\d+:\d+: expected /, `round ${round}: ${damaged}`)
  }
})
