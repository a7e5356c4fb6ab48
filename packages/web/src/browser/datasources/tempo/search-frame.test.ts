import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spansFrame, tracesFrame, type SearchResponse } from './search-frame.ts'

const response: SearchResponse = {
  traces: [
    {
      traceID: 'abc',
      rootServiceName: 'shop',
      rootTraceName: 'GET /',
      startTimeUnixNano: '1700000000000000000',
      spanSets: [
        {
          matched: 3,
          spans: [
            {
              spanID: 's1',
              startTimeUnixNano: '1700000000000000000',
              durationNanos: '1500',
              attributes: [{ key: 'status', value: { stringValue: 'error' } }],
            },
          ],
        },
      ],
    },
  ],
}

test('a row per trace, its id a link', () => {
  const frame = tracesFrame(response, { refId: 'A', traceUrl: '/explore?x=${__value.raw}' })
  assert.equal(frame.length, 1)
  assert.deepEqual(
    frame.fields.map(({ values }) => values[0]),
    ['abc', 1_700_000_000_000, 'shop', 'GET /', 0, 3],
  )
  assert.equal(frame.fields[0]?.config.links?.[0]?.url, '/explore?x=${__value.raw}')
})

test('a row per span, attributes as columns', () => {
  const frame = spansFrame(response, { refId: 'A', traceUrl: undefined })
  assert.deepEqual(
    frame.fields.map(({ name }) => name),
    ['traceID', 'spanID', 'time', 'traceService', 'name', 'status', 'duration'],
  )
  assert.equal(frame.fields[5]?.values[0], 'error')
})

test('nothing found is an empty frame', () => {
  assert.equal(tracesFrame({}, { refId: 'A', traceUrl: undefined }).length, 0)
})
