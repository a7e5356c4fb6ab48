import assert from 'node:assert/strict'
import { test } from 'node:test'
import { levelOf } from './level.ts'

test('labels come before the text', () => {
  assert.equal(levelOf({ level: 'WARN' }, 'error'), 'warning')
  assert.equal(levelOf({ severity_text: 'INFO', detected_level: 'unknown' }, ''), 'info')
})

test('the text is read when labels say nothing', () => {
  assert.equal(levelOf({}, 'ts=1 level=error msg=x'), 'error')
  assert.equal(levelOf({}, '{"level":"debug"}'), 'debug')
  assert.equal(levelOf({}, '2026-01-01 FATAL out of memory'), 'critical')
  assert.equal(levelOf({}, 'hello'), 'unknown')
})
