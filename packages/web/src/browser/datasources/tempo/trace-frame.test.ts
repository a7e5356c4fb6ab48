import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TraceResponse } from './otlp.ts'
import { traceFrame } from './trace-frame.ts'

const response: TraceResponse = {
  batches: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      scopeSpans: [
        {
          scope: { name: 'http' },
          spans: [
            {
              traceId: 'CvdlGRbNQ92ESOshHIAxnA==',
              spanId: 'b7ad6b7169203331',
              name: 'GET /',
              kind: 'SPAN_KIND_SERVER',
              startTimeUnixNano: '1700000000000123456',
              endTimeUnixNano: '1700000000001623456',
              status: { code: 'STATUS_CODE_ERROR', message: 'boom' },
              attributes: [{ key: 'n', value: { intValue: '5' } }],
            },
          ],
        },
      ],
    },
  ],
}
const value = (name: string): unknown =>
  traceFrame(response, 'A').fields.find((field) => field.name === name)?.values[0]

test('base64 and hex ids both become hex', () => {
  assert.equal(value('traceID'), '0af7651916cd43dd8448eb211c80319c')
  assert.equal(value('spanID'), 'b7ad6b7169203331')
})

test('kind, status, service and attributes are read', () => {
  assert.equal(value('kind'), 'server')
  assert.equal(value('statusCode'), 2)
  assert.equal(value('serviceName'), 'shop')
  assert.deepEqual(value('tags'), [{ key: 'n', value: 5 }])
})

test('times keep their fractions', () => {
  assert.equal(value('duration'), 1.5)
  assert.ok(Math.abs((value('startTime') as number) - 1_700_000_000_000.123) < 0.001)
})

test('the v2 answer, wrapped in trace, reads the same', () => {
  const wrapped = traceFrame({ trace: { resourceSpans: response.batches ?? [] } }, 'A')
  assert.equal(wrapped.length, 1)
})
