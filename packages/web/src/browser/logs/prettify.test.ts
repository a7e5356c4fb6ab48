import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prettify } from './prettify.ts'

test('JSON is indented, anything else stays', () => {
  assert.equal(prettify('{"a":1}'), '{\n  "a": 1\n}')
  assert.equal(prettify('{not json}'), '{not json}')
  assert.equal(prettify('level=info'), 'level=info')
})
