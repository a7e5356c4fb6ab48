import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logFrame } from './log-frame.ts'

const streams = [
  {
    stream: { app: 'a' },
    values: [
      ['1700000000000000002', 'two', { structuredMetadata: { trace_id: 't' } }],
      ['1700000000000000001', 'one'],
    ],
  },
  { stream: { app: 'b' }, values: [['1700000000000000003', 'three', { parsed: { status: '500' } }]] },
] as const

test('streams are merged newest first, to the nanosecond', () => {
  const frame = logFrame(streams, { refId: 'A', expr: '{}', direction: 'backward' })
  assert.deepEqual(frame.fields[2]?.values, ['three', 'two', 'one'])
  assert.equal(frame.fields[1]?.values[0], 1_700_000_000_000)
})

test('oldest first on request', () => {
  const frame = logFrame(streams, { refId: 'A', expr: '{}', direction: 'forward' })
  assert.deepEqual(frame.fields[2]?.values, ['one', 'two', 'three'])
})

test('labels know where they come from', () => {
  const frame = logFrame(streams, { refId: 'A', expr: '{}', direction: 'backward' })
  assert.deepEqual(frame.fields[0]?.values[1], { app: 'a', trace_id: 't' })
  assert.deepEqual(frame.fields[5]?.values[0], { app: 'I', status: 'P' })
  assert.deepEqual(frame.fields[5]?.values[1], { app: 'I', trace_id: 'S' })
})
