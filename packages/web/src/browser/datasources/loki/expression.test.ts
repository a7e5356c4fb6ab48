import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLogsQuery } from './expression.ts'

test('log queries are told from metric queries', () => {
  assert.equal(isLogsQuery('{app="x"} |= "error" | json'), true)
  assert.equal(isLogsQuery('rate({app="x"}[5m])'), false)
  assert.equal(isLogsQuery('sum by (app) (count_over_time({app="x"} | logfmt [1m])) > 5'), false)
  assert.equal(isLogsQuery('{app="x"} |='), true)
})
