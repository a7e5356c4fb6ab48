import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expandExternalLabel } from './external-labels.ts'

test('expands names of the environment as Go does', () => {
  const environment = { TEST: 'bar' }
  for (const [text, expected] of [
    ['${TEST}', 'bar'],
    ['foo${TEST}bar', 'foobarbar'],
    ['$TEST-x', 'bar-x'],
    ['foo$${TEST}', 'foo${TEST}'],
    ['foo$$bar', 'foo$bar'],
    ['${NONE}', ''],
    ['100$', '100$'],
  ] as const) {
    assert.equal(expandExternalLabel(text, environment), expected, text)
  }
})
