import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseVariableQuery, variableQueryText } from './variable-query.ts'

test('label_values with and without a selector', () => {
  assert.deepEqual(parseVariableQuery('label_values(job)'), { kind: 'label_values', label: 'job', match: undefined })
  assert.deepEqual(parseVariableQuery('label_values(up{a="b,c", d=~"x|y"}, instance)'), {
    kind: 'label_values',
    label: 'instance',
    match: 'up{a="b,c", d=~"x|y"}',
  })
})

test('the other forms', () => {
  assert.deepEqual(parseVariableQuery('label_names()'), { kind: 'label_names', match: undefined })
  assert.deepEqual(parseVariableQuery('metrics(node_.*)'), { kind: 'metrics', pattern: 'node_.*' })
  assert.deepEqual(parseVariableQuery('query_result(topk(5, up))'), { kind: 'query_result', expr: 'topk(5, up)' })
  assert.deepEqual(parseVariableQuery('up{job="x"}'), { kind: 'series', match: 'up{job="x"}' })
})

test('the text is found in every stored form', () => {
  assert.equal(variableQueryText('label_values(job)'), 'label_values(job)')
  assert.equal(variableQueryText({ qryType: 1, query: 'label_names()', refId: 'x' }), 'label_names()')
  assert.equal(variableQueryText(undefined), '')
})
