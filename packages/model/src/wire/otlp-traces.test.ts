import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BinaryReader } from '@bufbuild/protobuf/wire'
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { otlpJsonToProto } from './otlp-json.ts'
import { otlpProtoToJson } from './otlp-proto-json.ts'
import { scanOtlp } from './otlp-scan.ts'
import { VALUE_ARRAY, VALUE_DOUBLE, VALUE_INT, VALUE_STRING } from './otlp-trace-columns.ts'
import { OtlpTracesReader } from './otlp-traces.ts'
import { WireError } from './proto-reader.ts'

const REQUEST = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      scopeSpans: [
        {
          scope: { name: 'lib', version: '1' },
          spans: [
            {
              traceId: '0af7651916cd43dd8448eb211c80319c',
              spanId: 'b7ad6b7169203331',
              parentSpanId: '00f067aa0ba902b7',
              name: 'GET',
              kind: 2,
              startTimeUnixNano: '1700000000123456789',
              endTimeUnixNano: '1700000001000000000',
              attributes: [
                { key: 'text', value: { stringValue: 'ü' } },
                { key: 'minus', value: { intValue: '-5' } },
                { key: 'real', value: { doubleValue: 0.25 } },
                { key: 'list', value: { arrayValue: { values: [{ intValue: '1' }, { stringValue: 'x' }] } } },
              ],
              events: [{ timeUnixNano: '7', name: 'exception' }],
              links: [{ traceId: '0af7651916cd43dd8448eb211c80319d', spanId: 'b7ad6b7169203332' }],
              status: { code: 2, message: 'no' },
            },
            { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203339', name: 'second' },
          ],
          schemaUrl: 'https://example.org/schema',
        },
      ],
    },
  ],
}

const bytesOfRequest = (): Uint8Array<ArrayBuffer> => otlpJsonToProto('traces', JSON.stringify(REQUEST))

describe('OtlpTracesReader', () => {
  it('reads spans, attributes, events and links into columns', () => {
    const bytes = bytesOfRequest()
    const columns = new OtlpTracesReader().read(bytes)
    const text = (start: number, end: number): string => Buffer.from(bytes.subarray(start, end)).toString()
    assert.equal(columns.count, 2)
    assert.equal(text(columns.nameStart[0], columns.nameEnd[0]), 'GET')
    assert.equal(text(columns.nameStart[1], columns.nameEnd[1]), 'second')
    assert.deepEqual([columns.kind[0], columns.kind[1]], [2, 0])
    assert.equal((BigInt(columns.startHigh[0]) << 32n) | BigInt(columns.startLow[0]), 1700000000123456789n)
    assert.equal(columns.traceIdEnd[1] - columns.traceIdStart[1], 16)
    assert.deepEqual([...columns.firstAttribute.subarray(0, 3)], [0, 8, 8])
    const { attributes } = columns
    assert.deepEqual([...attributes.type.subarray(0, 4)], [VALUE_STRING, VALUE_INT, VALUE_DOUBLE, VALUE_ARRAY])
    assert.equal(text(attributes.valueStart[0], attributes.valueEnd[0]), 'ü')
    assert.equal((BigInt(attributes.high[1] | 0) << 32n) | BigInt(attributes.low[1]), -5n)
    const [scope] = columns.scopes
    assert.equal(text(scope.schemaStart, scope.schemaEnd), 'https://example.org/schema')
  })

  it('agrees with an independent reader on what the SDK sends', () => {
    const context = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }
    const span = {
      name: 'GET /cart',
      kind: 2,
      spanContext: () => context,
      startTime: [1_700_000_000, 5],
      endTime: [1_700_000_001, 6],
      status: { code: 0 },
      attributes: { a: 'x', n: 3, list: ['p', 'q'] },
      links: [],
      events: [],
      resource: { attributes: { 'service.name': 'shop' }, getRawAttributes: () => [] },
      instrumentationScope: { name: 'lib' },
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    } as unknown as ReadableSpan
    const bytes = ProtobufTraceSerializer.serializeRequest([span, span])!
    const columns = new OtlpTracesReader().read(bytes)
    assert.equal(columns.count, scanOtlp('traces', bytes).items)
    assert.deepEqual(
      Array.from({ length: columns.count }, (_, row) =>
        Buffer.from(bytes.subarray(columns.nameStart[row], columns.nameEnd[row])).toString(),
      ),
      spanNames(bytes),
    )
  })

  it('reads or refuses arbitrary bytes, never anything else, and agrees with scanOtlp', () => {
    const seed = Date.now() % 1_000_000
    let state = seed
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return state % below
    }
    const original = bytesOfRequest()
    const reader = new OtlpTracesReader()
    for (let round = 0; round < 3000; round++) {
      let bytes = original.slice()
      for (let change = random(4) + 1; change > 0; change--) bytes[random(bytes.length)] = random(256)
      if (random(3) === 0) bytes = bytes.subarray(0, random(bytes.length))
      try {
        const columns = reader.read(bytes)
        assert.ok(columns.attributes.valueEnd.subarray(0, columns.attributes.count).every((end) => end <= bytes.length))
      } catch (error) {
        assert.ok(error instanceof WireError, `seed ${seed}, round ${round}: ${String(error)}`)
      }
    }
  })
})

describe('otlpProtoToJson', () => {
  it('undoes the transcoding from JSON', () => {
    const json = otlpProtoToJson('traces', bytesOfRequest(), { ids: 'hex', enums: 'number' })
    assert.deepEqual(JSON.parse(json), REQUEST.resourceSpans)
  })

  it('answers as jsonpb does: base64 ids, enum names', () => {
    const json = otlpProtoToJson('traces', bytesOfRequest(), { ids: 'base64', enums: 'name' })
    const [span] = JSON.parse(json)[0].scopeSpans[0].spans
    assert.equal(span.spanId, 't61rcWkgMzE=')
    assert.equal(span.kind, 'SPAN_KIND_SERVER')
    assert.equal(span.status.code, 'STATUS_CODE_ERROR')
  })
})

/** Names of all spans, read with bufbuild's reader. */
function spanNames(bytes: Uint8Array): string[] {
  const inside = (message: Uint8Array, field: number): Uint8Array[] => {
    const reader = new BinaryReader(message)
    const found: Uint8Array[] = []
    while (reader.pos < reader.len) {
      const [number, type] = reader.tag()
      if (number === field) found.push(reader.bytes())
      else reader.skip(type)
    }
    return found
  }
  return inside(bytes, 1)
    .flatMap((resource) => inside(resource, 2))
    .flatMap((scope) => inside(scope, 2))
    .flatMap((span) => inside(span, 5))
    .map((name) => Buffer.from(name).toString())
}
