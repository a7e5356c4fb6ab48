import assert from 'node:assert/strict'
import { test } from 'node:test'
import { column, frame } from '../datasources/frame.ts'
import { logLinesOf } from './log-line.ts'

const id = '0af7651916cd43dd8448eb211c80319c'

test('Loki frames: labels per line, trace from structured metadata', () => {
  const [line] = logLinesOf([
    frame({
      fields: [
        column('other', 'labels', [{ app: 'x', trace_id: id, level: 'error' }]),
        column('time', 'Time', [5]),
        column('string', 'Line', ['boom']),
        column('string', 'tsNs', ['5000001']),
        column('string', 'id', ['one']),
      ],
    }),
  ])
  assert.equal(line?.traceId, id)
  assert.equal(line?.level, 'error')
  assert.equal(line?.timeNs, '5000001')
})

test('the trace is found in the text too', () => {
  const lines = logLinesOf([
    frame({ fields: [column('time', 'timestamp', [1, 2]), column('string', 'body', [`a traceID=${id} b`, 'none'])] }),
  ])
  assert.deepEqual(
    lines.map(({ traceId }) => traceId),
    [id, undefined],
  )
})

test('a frame without a time is not logs', () => {
  assert.deepEqual(logLinesOf([frame({ fields: [column('string', 'Line', ['x'])] })]), [])
})
