import assert from 'node:assert/strict'
import { test } from 'node:test'
import { column, frame } from '../datasources/frame.ts'
import { logVolume, sortResults } from './results.ts'

test('frames are sorted by how they want to be shown', () => {
  const graph = frame({ name: 'g', fields: [column('time', 'Time', [1]), column('number', 'Value', [1])] })
  const logs = frame({ name: 'l', fields: [column('time', 'Time', [1])], meta: { preferredVisualisationType: 'logs' } })
  const trace = frame({
    name: 't',
    fields: [column('string', 'traceID', ['x'])],
    meta: { preferredVisualisationType: 'trace' },
  })
  const plain = frame({ name: 'p', fields: [column('string', 'a', ['x'])] })
  const sorted = sortResults({ series: [graph, logs, trace, plain] })
  assert.deepEqual(
    [sorted.graph[0]?.name, sorted.logs[0]?.name, sorted.traces[0]?.name, sorted.tables[0]?.name],
    ['g', 'l', 't', 'p'],
  )
})

test('lines are counted per level and bucket, edges included', () => {
  const lines = [0, 10, 99, 100].map((timeMs, index) => ({ timeMs, level: index === 0 ? 'error' : 'info' }))
  const volume = logVolume(lines, { fromMs: 0, toMs: 100, buckets: 10 })
  assert.equal(volume.times.length, 10)
  assert.deepEqual(volume.counts.get('error'), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  assert.deepEqual(volume.counts.get('info'), [0, 1, 0, 0, 0, 0, 0, 0, 0, 2])
})
