import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodePanes, encodePanes } from './panes.ts'

const pane = { datasource: 'prom', queries: [{ refId: 'A', expr: 'up' }], range: { from: 'now-1h', to: 'now' } }

test('what is encoded is decoded', () => {
  assert.deepEqual(decodePanes(new URLSearchParams({ panes: encodePanes({ a: pane }) })), { a: pane })
})

test('older links work: object and array in left', () => {
  const search = new URLSearchParams({ left: JSON.stringify(['now-1h', 'now', 'prom', { expr: 'up' }]) })
  assert.deepEqual(decodePanes(search), { left: pane })
})

test('no parameter means no panes, damaged ones say so', () => {
  assert.equal(decodePanes(new URLSearchParams()), undefined)
  assert.throws(() => decodePanes(new URLSearchParams({ panes: '{"a"' })), /damaged/)
})
