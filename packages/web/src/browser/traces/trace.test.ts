import assert from 'node:assert/strict'
import { test } from 'node:test'
import { column, frame } from '../datasources/frame.ts'
import { traceOf } from './trace.ts'

interface Row {
  readonly id: string
  readonly parent?: string
  readonly start: number
  readonly duration: number
  readonly status?: number
}

const frameOf = (rows: readonly Row[]) =>
  frame({
    fields: [
      column(
        'string',
        'traceID',
        rows.map(() => 't'),
      ),
      column(
        'string',
        'spanID',
        rows.map(({ id }) => id),
      ),
      column(
        'string',
        'parentSpanID',
        rows.map(({ parent }) => parent ?? ''),
      ),
      column(
        'string',
        'serviceName',
        rows.map(() => 'svc'),
      ),
      column(
        'number',
        'startTime',
        rows.map(({ start }) => start),
      ),
      column(
        'number',
        'duration',
        rows.map(({ duration }) => duration),
      ),
      column(
        'number',
        'statusCode',
        rows.map(({ status }) => status ?? 0),
      ),
    ],
  })

test('children follow their parent, brothers by start', () => {
  const trace = traceOf(
    frameOf([
      { id: 'late', parent: 'root', start: 50, duration: 10 },
      { id: 'early', parent: 'root', start: 10, duration: 20 },
      { id: 'root', start: 0, duration: 100 },
      { id: 'deep', parent: 'early', start: 12, duration: 5, status: 2 },
    ]),
  )
  assert.deepEqual(
    trace?.spans.map(({ spanId, depth }) => [spanId, depth]),
    [
      ['root', 0],
      ['early', 1],
      ['deep', 2],
      ['late', 1],
    ],
  )
  assert.equal(trace?.durationMs, 100)
  assert.equal(trace?.errorCount, 1)
  assert.equal(trace?.spans[0]?.hasErrorBelow, true)
  assert.equal(trace?.spans[0]?.descendantCount, 3)
  assert.equal(trace?.depth, 3)
})

test('a span whose parent is missing is a root', () => {
  const trace = traceOf(
    frameOf([
      { id: 'a', parent: 'gone', start: 5, duration: 1 },
      { id: 'b', start: 0, duration: 1 },
    ]),
  )
  assert.deepEqual(
    trace?.spans.map(({ spanId, depth }) => [spanId, depth]),
    [
      ['b', 0],
      ['a', 0],
    ],
  )
})

test('parents in a circle do not hang and lose no span', () => {
  const trace = traceOf(
    frameOf([
      { id: 'a', parent: 'b', start: 0, duration: 1 },
      { id: 'b', parent: 'a', start: 1, duration: 1 },
    ]),
  )
  assert.equal(trace?.spans.length, 2)
})

test('very deep traces do not overflow the stack', () => {
  const rows = Array.from({ length: 20_000 }, (_, index) => ({
    id: `s${index}`,
    parent: `s${index - 1}`,
    start: index,
    duration: 1,
  }))
  assert.equal(traceOf(frameOf(rows.slice(0, 3000)))?.depth, 3000)
})

test('no spans, no trace', () => {
  assert.equal(traceOf(frameOf([])), undefined)
})
