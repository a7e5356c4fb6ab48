import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLokiVariableQuery } from './variable-query.ts'

test('text forms', () => {
  assert.deepEqual(parseLokiVariableQuery('label_names()'), { kind: 'label_names' })
  assert.deepEqual(parseLokiVariableQuery('label_values({a="b", c="d"}, pod)'), {
    kind: 'label_values',
    label: 'pod',
    stream: '{a="b", c="d"}',
  })
  assert.throws(() => parseLokiVariableQuery('what'), /label_values/)
})

test('object forms', () => {
  assert.deepEqual(parseLokiVariableQuery({ type: 0 }), { kind: 'label_names' })
  assert.deepEqual(parseLokiVariableQuery({ type: 1, label: 'app', stream: '' }), {
    kind: 'label_values',
    label: 'app',
    stream: undefined,
  })
})
