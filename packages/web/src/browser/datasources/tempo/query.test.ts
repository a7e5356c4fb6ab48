import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filtersToTraceQl, isMetricsQuery, traceIdOf } from './query.ts'

test('a trace id is told from TraceQL', () => {
  assert.equal(traceIdOf(' 0AF7651916CD43DD8448EB211C80319C '), '0af7651916cd43dd8448eb211c80319c')
  assert.equal(traceIdOf('{}'), undefined)
  assert.equal(traceIdOf('{ name = "abcdef0123456789" }'), undefined)
})

test('the search form becomes TraceQL', () => {
  assert.equal(
    filtersToTraceQl([
      { scope: 'resource', tag: 'service.name', value: ['a', 'b'] },
      { scope: 'intrinsic', tag: 'duration', operator: '>', value: '100ms', valueType: 'duration' },
      { scope: 'span', tag: 'empty', value: [] },
    ]),
    '{(resource.service.name="a" || resource.service.name="b") && duration>100ms}',
  )
  assert.equal(filtersToTraceQl([]), '{}')
})

test('metrics functions are seen outside of strings only', () => {
  assert.equal(isMetricsQuery('{ span.x = 1 } | rate() by (name)'), true)
  assert.equal(isMetricsQuery('{ name = "| rate()" }'), false)
})
