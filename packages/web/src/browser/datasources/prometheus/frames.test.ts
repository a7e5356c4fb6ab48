import assert from 'node:assert/strict'
import { test } from 'node:test'
import { framesOf } from './frames.ts'
import type { PrometheusResponse } from './response.ts'

const matrix = (result: object[]): PrometheusResponse =>
  ({ status: 'success', data: { resultType: 'matrix', result } }) as PrometheusResponse
const grid = { startMs: 0, endMs: 60_000, stepMs: 15_000 }

test('missing points of a range become nulls on the grid', () => {
  const [frame] = framesOf(
    matrix([
      {
        metric: { job: 'a' },
        values: [
          [15, '1'],
          [45, '+Inf'],
        ],
      },
    ]),
    {
      target: { refId: 'A' },
      expr: 'x',
      grid,
    },
  )
  assert.deepEqual(frame?.fields[0]?.values, [0, 15_000, 30_000, 45_000, 60_000])
  assert.deepEqual(frame?.fields[1]?.values, [null, 1, null, Infinity, null])
})

test('the legend names the series', () => {
  const [frame] = framesOf(matrix([{ metric: { job: 'a' }, values: [] }]), {
    target: { refId: 'A', legendFormat: 'of {{job}}' },
    expr: 'x',
  })
  assert.equal(frame?.fields[1]?.config.displayNameFromDS, 'of a')
})

test('a table has one row per sample and one column per label', () => {
  const response: PrometheusResponse = {
    status: 'success',
    data: {
      resultType: 'vector',
      result: [
        { metric: { job: 'a', zone: 'x' }, value: [1, '2'] },
        { metric: { job: 'b' }, value: [1, 'NaN'] },
      ],
    },
  }
  const [frame] = framesOf(response, { target: { refId: 'B', format: 'table' }, expr: 'x' })
  assert.deepEqual(
    frame?.fields.map(({ name }) => name),
    ['Time', 'job', 'zone', 'Value #B'],
  )
  assert.deepEqual(frame?.fields[2]?.values, ['x', ''])
  assert.equal(frame?.length, 2)
})

test('heatmap buckets are taken apart and ordered by bound', () => {
  const frames = framesOf(
    matrix([
      { metric: { le: '+Inf' }, values: [[0, '10']] },
      { metric: { le: '1' }, values: [[0, '4']] },
      { metric: { le: '5' }, values: [[0, '9']] },
    ]),
    { target: { refId: 'A', format: 'heatmap', legendFormat: '{{le}}' }, expr: 'x' },
  )
  assert.deepEqual(
    frames.map((item) => [item.name, item.fields[1]?.values[0]]),
    [
      ['1', 4],
      ['5', 5],
      ['+Inf', 1],
    ],
  )
})

test('warnings of the store become notices', () => {
  const [frame] = framesOf(
    { ...matrix([{ metric: {}, values: [] }]), warnings: ['careful'] },
    { target: { refId: 'A' }, expr: 'x' },
  )
  assert.deepEqual(frame?.meta?.notices, [{ severity: 'warning', text: 'careful' }])
})
