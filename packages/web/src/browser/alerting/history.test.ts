import assert from 'node:assert/strict'
import { test } from 'node:test'
import { historyFrames, historyQuery } from './state-history.ts'
import { thresholdOf } from './threshold.ts'

test('the query names the rule by what does not change', () => {
  const labels = { severity: 'critical', pod: '{{ $labels.pod }}' }
  assert.equal(historyQuery({ name: 'A "quoted"', labels }), 'ALERTS{alertname="A \\"quoted\\"",severity="critical"}')
})

test('pending and firing series of an instance become one row, normal in between', () => {
  const metric = { __name__: 'ALERTS', alertname: 'X' }
  const frames = historyFrames(
    [
      { metric: { ...metric, job: 'b', alertstate: 'firing' }, values: [[3, '1']] },
      {
        metric: { ...metric, job: 'a', alertstate: 'pending' },
        values: [
          [1, '1'],
          [2, '1'],
        ],
      },
      {
        metric: { ...metric, job: 'a', alertstate: 'firing' },
        values: [
          [2, '1'],
          [4, '1'],
        ],
      },
    ],
    { startMs: 0, endMs: 4000, stepMs: 1000 },
  )
  assert.deepEqual(
    frames.map(({ name, fields }) => [name, fields[1]?.values]),
    [
      ['a', [0, 1, 2, 0, 2]],
      ['b', [0, 0, 0, 2, 0]],
    ],
  )
  assert.deepEqual(frames[0]?.fields[0]?.values, [0, 1000, 2000, 3000, 4000])
})

test('a single instance has the name of its alert', () => {
  const metric = { alertname: 'X', job: 'a', alertstate: 'firing' }
  assert.equal(historyFrames([{ metric, values: [] }], { startMs: 0, endMs: 0, stepMs: 1 })[0]?.name, 'X')
})

test('a comparison with a number is taken apart', () => {
  assert.deepEqual(thresholdOf('(sum(rate(x[5m])) > 0.5)'), {
    expression: 'sum(rate(x[5m]))',
    comparison: '>',
    value: 0.5,
  })
  assert.deepEqual(thresholdOf('up == 0'), { expression: 'up', comparison: '==', value: 0 })
  assert.deepEqual(thresholdOf('1e3 <= a'), { expression: 'a', comparison: '>=', value: 1000 })
  assert.deepEqual(thresholdOf('a < -1'), { expression: 'a', comparison: '<', value: -1 })
})

test('other conditions stay whole', () => {
  for (const query of ['up', 'a > b', 'a > 1 and b > 2', 'a + 1', 'absent(up)', 'a > bool 1', 'a >', '']) {
    assert.equal(thresholdOf(query), undefined, query)
  }
})
