import assert from 'node:assert/strict'
import { test } from 'node:test'
import { barOf, collapsedAtDepth, formatDuration, matchingSpans, rulerTicks, visibleSpans } from './layout.ts'
import type { Trace, TraceSpan } from './trace.ts'

const span = (spanId: string, depth: number, childCount: number, offsetMs = 0, durationMs = 10): TraceSpan =>
  ({
    spanId,
    depth,
    childCount,
    offsetMs,
    durationMs,
    name: spanId,
    service: 'svc',
    attributes: [{ key: 'k', value: 'Needle' }],
    resource: [],
    events: [],
  }) as unknown as TraceSpan
const trace = { spans: [span('a', 0, 1), span('b', 1, 1), span('c', 2, 0), span('d', 1, 0)] } as unknown as Trace

test('what is below a collapsed span is hidden, its brothers are not', () => {
  assert.deepEqual(
    visibleSpans(trace, new Set(['b'])).map(({ spanId }) => spanId),
    ['a', 'b', 'd'],
  )
  assert.deepEqual(
    visibleSpans(trace, new Set(['a'])).map(({ spanId }) => spanId),
    ['a'],
  )
})

test('bars are placed within the window and cut at its edges', () => {
  const window = { fromMs: 0, toMs: 100 }
  assert.deepEqual(barOf(span('x', 0, 0, 25, 50), window), { leftPercent: 25, widthPercent: 50 })
  assert.deepEqual(barOf(span('x', 0, 0, 75, 50), window), { leftPercent: 75, widthPercent: 25 })
  assert.equal(barOf(span('x', 0, 0, 200, 5), window), undefined)
  assert.equal(barOf(span('x', 0, 0, 0, 0), window)?.widthPercent, 0.15)
})

test('the ruler has five even ticks', () => {
  assert.deepEqual(rulerTicks({ fromMs: 0, toMs: 80 }), [0, 20, 40, 60, 80])
})

test('collapsing at a depth keeps what is above', () => {
  assert.deepEqual([...collapsedAtDepth(trace, 1)], ['b'])
})

test('search looks into attributes; empty search matches nothing in particular', () => {
  assert.equal(matchingSpans(trace, 'needle')?.size, 4)
  assert.equal(matchingSpans(trace, ' '), undefined)
})

test('durations read well', () => {
  assert.deepEqual([0.0015, 12.345, 999, 1234, 125_000].map(formatDuration), [
    '1.5µs',
    '12.3ms',
    '999ms',
    '1.23s',
    '2m 5s',
  ])
})
