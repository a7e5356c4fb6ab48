import assert from 'node:assert/strict'
import { test } from 'node:test'
import { splitList } from './split-list.ts'

test('lists are separated by commas, blanks or both, or are JSON', () => {
  assert.deepEqual(splitList(''), [])
  assert.deepEqual(splitList(' a, b\tc,,d '), ['a', 'b', 'c', 'd'])
  assert.deepEqual(splitList('["my group", "b,c"]'), ['my group', 'b,c'])
  assert.deepEqual(splitList('[odd x'), ['[odd', 'x'])
})
