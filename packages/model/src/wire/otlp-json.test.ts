import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  JsonLogsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { readAnyValue, readKeyValue } from './otlp-common.ts'
import type { AnyValue } from './otlp-common.ts'
import { OtlpJsonError, otlpJsonToProto } from './otlp-json.ts'
import { OTLP_REQUESTS } from './otlp-schema.ts'
import type { MessageSchema } from './otlp-schema.ts'
import { scanOtlp } from './otlp-scan.ts'
import { ProtoReader } from './proto-reader.ts'

const JSON_TRACE = `{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
 "scopeSpans":[{"scope":{"name":"lib","version":"1"},"spans":[{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"eee19b7ec3c1b174",
 "name":"GET","startTimeUnixNano":"1544712660000000123","endTimeUnixNano":1544712661000000123,"kind":"SPAN_KIND_CLIENT",
 "status":{"code":2,"message":"caf\\u00e9"},"future":{"a":[1,{"b":null}]}}]}]}]}`

/** Decodes by schema into plain objects: an independent reading of what the transcoder wrote. */
function decode(reader: ProtoReader, schema: MessageSchema): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (let number = reader.field(); number !== 0; number = reader.field()) {
    const field = schema.byNumber[number]
    assert.ok(field, `field ${number} of ${schema.name}`)
    let value: unknown
    if (field.message) {
      const outer = reader.enter()
      value = decode(reader, field.message())
      reader.leave(outer)
    } else if (field.kind === 'string') value = reader.string()
    else if (field.kind === 'id' || field.kind === 'bytes') value = Buffer.from(reader.subarray()).toString('hex')
    else if (field.kind === 'fixed64') value = reader.fixed64()
    else if (field.kind === 'sfixed64') value = reader.sfixed64()
    else if (field.kind === 'double') value = reader.double()
    else if (field.kind === 'fixed32') value = reader.fixed32()
    else if (field.kind === 'int64' || field.kind === 'uint64') value = reader.int64()
    else if (field.kind === 'sint32') value = reader.sint32()
    else if (field.kind === 'bool') value = reader.bool()
    else value = reader.uint32()
    if (field.isRepeated) ((result[field.name] ??= []) as unknown[]).push(value)
    else result[field.name] = value
  }
  return result
}

function transcode(signal: 'traces' | 'metrics' | 'logs', json: string): Record<string, unknown> {
  const bytes = otlpJsonToProto(signal, json)
  scanOtlp(signal, bytes)
  return decode(new ProtoReader(bytes), OTLP_REQUESTS[signal])
}

function spanOf(fields: string): Record<string, unknown> {
  const request = transcode('traces', `{"resourceSpans":[{"scopeSpans":[{"spans":[${fields}]}]}]}`) as {
    resourceSpans: [{ scopeSpans: [{ spans: [Record<string, unknown>] }] }]
  }
  return request.resourceSpans[0].scopeSpans[0].spans[0]
}

describe('otlpJsonToProto', () => {
  it('keeps 64-bit times exact as string and as number, ids in either case, enums by name', () => {
    const { resourceSpans } = transcode('traces', JSON_TRACE) as {
      resourceSpans: { scopeSpans: { spans: unknown[] }[] }[]
    }
    assert.deepEqual(resourceSpans[0].scopeSpans[0].spans[0], {
      traceId: '5b8efff798038103d269b633813fc60c',
      spanId: 'eee19b7ec3c1b174',
      name: 'GET',
      startTimeUnixNano: 1544712660000000123n,
      endTimeUnixNano: 1544712661000000123n,
      kind: 3,
      status: { code: 2, message: 'café' },
    })
  })

  it('accepts snake_case names', () => {
    const json = '{"resource_spans":[{"scope_spans":[{"spans":[{"start_time_unix_nano":"7","trace_id":"ab"}]}]}]}'
    assert.deepEqual(transcode('traces', json), {
      resourceSpans: [{ scopeSpans: [{ spans: [{ startTimeUnixNano: 7n, traceId: 'ab' }] }] }],
    })
  })

  it('transcodes every kind of attribute value', () => {
    const span =
      spanOf(`{"attributes":[{"key":"a","value":{"arrayValue":{"values":[{"intValue":"-9223372036854775808"},{"intValue":5},
      {"boolValue":true},{"doubleValue":"NaN"},{"doubleValue":1e-3},{"bytesValue":"AAEC"},{},{"kvlistValue":{"values":[{"key":"k","value":{"stringValue":"v"}}]}}]}}}]}`)
    assert.deepEqual(span.attributes, [
      {
        key: 'a',
        value: {
          arrayValue: {
            values: [
              { intValue: -9223372036854775808n },
              { intValue: 5n },
              { boolValue: true },
              { doubleValue: NaN },
              { doubleValue: 0.001 },
              { bytesValue: '000102' },
              {},
              { kvlistValue: { values: [{ key: 'k', value: { stringValue: 'v' } }] } },
            ],
          },
        },
      },
    ])
  })

  it('transcodes histograms with their repeated numbers', () => {
    const json = `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"h","histogram":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA",
      "dataPoints":[{"count":"3","sum":0,"bucketCounts":["1",2],"explicitBounds":[0.5,"Infinity"]}]}},
      {"name":"e","exponentialHistogram":{"dataPoints":[{"scale":-3,"positive":{"offset":-1,"bucketCounts":["4"]}}]}}]}]}]}`
    assert.deepEqual(transcode('metrics', json), {
      resourceMetrics: [
        {
          scopeMetrics: [
            {
              metrics: [
                {
                  name: 'h',
                  histogram: {
                    aggregationTemporality: 1,
                    dataPoints: [{ count: 3n, sum: 0, bucketCounts: [1n, 2n], explicitBounds: [0.5, Infinity] }],
                  },
                },
                {
                  name: 'e',
                  exponentialHistogram: { dataPoints: [{ scale: -3, positive: { offset: -1, bucketCounts: [4n] } }] },
                },
              ],
            },
          ],
        },
      ],
    })
    assert.deepEqual(scanOtlp('metrics', otlpJsonToProto('metrics', json)), { items: 2, resources: 1 })
  })

  const refused: [name: string, json: string, path: string, message: RegExp][] = [
    [
      'an id that is not hexadecimal',
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{},{"traceId":"xyz"}]}]}]}',
      '$.resourceSpans[0].scopeSpans[0].spans[1].traceId',
      /not a hexadecimal id/,
    ],
    [
      'a fraction where an integer belongs',
      '{"resourceSpans":[{"resource":{"droppedAttributesCount":1.5}}]}',
      '$.resourceSpans[0].resource.droppedAttributesCount',
      /not an integer/,
    ],
    [
      'an integer out of range',
      '{"resourceSpans":[{"resource":{"droppedAttributesCount":-1}}]}',
      '$.resourceSpans[0].resource.droppedAttributesCount',
      /not in range/,
    ],
    ['a truncated text', '{"resourceSpans":[{"resource":', '$.resourceSpans[0].resource', /expected an object/],
    ['text after the end', '{} {}', '$', /unexpected text/],
    ['a list instead of an object', '[]', '$', /expected an object/],
    [
      'an unknown enum name',
      '{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":"KIND"}]}]}]}',
      '$.resourceSpans[0].scopeSpans[0].spans[0].kind',
      /not an integer/,
    ],
    [
      'leading zeros',
      '{"resourceSpans":[{"resource":{"droppedAttributesCount":01}}]}',
      '$.resourceSpans[0].resource.droppedAttributesCount',
      /not a number/,
    ],
    ['an unknown value nested too deeply', `{"x":${'['.repeat(100)}`, '$', /nested deeper/],
  ]
  for (const [name, json, path, message] of refused) {
    it(`refuses ${name} with its path`, () => {
      assert.throws(
        () => otlpJsonToProto('traces', json),
        (error) => {
          assert.ok(error instanceof OtlpJsonError)
          assert.equal(error.path, path)
          assert.match(error.message, message)
          return true
        },
      )
    })
  }

  it('bounds the nesting of values', () => {
    const deep = (levels: number): string => '{"arrayValue":{"values":['.repeat(levels) + ']}}'.repeat(levels)
    const request = (value: string): string =>
      `{"resourceSpans":[{"resource":{"attributes":[{"key":"a","value":${value}}]}}]}`
    assert.doesNotThrow(() => transcode('traces', request(deep(20))))
    assert.throws(() => otlpJsonToProto('traces', request(deep(200))), OtlpJsonError)
  })

  it('agrees with the SDK: its JSON transcodes to what its protobuf serialiser writes', () => {
    const span = sdkSpan()
    const json = JsonTraceSerializer.serializeRequest([span])!
    const proto = ProtobufTraceSerializer.serializeRequest([span])!
    const ours = decode(new ProtoReader(otlpJsonToProto('traces', json)), OTLP_REQUESTS.traces)
    const theirs = decode(new ProtoReader(proto), OTLP_REQUESTS.traces)
    assert.deepEqual(withoutZeros(ours), withoutZeros(theirs))
    assert.deepEqual(scanOtlp('traces', proto), { items: 1, resources: 1 })
  })

  it('agrees with the SDK for logs', () => {
    const record = sdkLogRecord()
    const ours = decode(
      new ProtoReader(otlpJsonToProto('logs', JsonLogsSerializer.serializeRequest([record])!)),
      OTLP_REQUESTS.logs,
    )
    const theirs = decode(new ProtoReader(ProtobufLogsSerializer.serializeRequest([record])!), OTLP_REQUESTS.logs)
    assert.deepEqual(withoutZeros(ours), withoutZeros(theirs))
  })
})

/** proto3 does not tell an absent scalar from a zero one; inside AnyValue it does, and those are kept. */
function withoutZeros(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((member) => withoutZeros(member, name))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
    .map(([key, member]) => [key, withoutZeros(member, key)] as const)
    .filter(
      ([key, member]) => key.endsWith('Value') || !(member === 0 || member === 0n || member === '' || member === false),
    )
  return Object.fromEntries(entries)
}

function sdkSpan(): ReadableSpan {
  const spanContext = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }
  return {
    name: 'GET /cart',
    kind: 1,
    spanContext: () => spanContext,
    parentSpanContext: { ...spanContext, spanId: '00f067aa0ba902b7', isRemote: true },
    startTime: [1_700_000_000, 123_456_789],
    endTime: [1_700_000_001, 1],
    duration: [0, 876_543_212],
    ended: true,
    status: { code: 2, message: 'no such cart' },
    attributes: { text: 'ü', whole: 42, real: 0.5, flag: false, list: ['a', 'b'], numbers: [1, 2.5] },
    links: [{ context: { ...spanContext, spanId: '1111111111111111' }, attributes: { why: 'retry' } }],
    events: [{ name: 'exception', time: [1_700_000_000, 5], attributes: { 'exception.type': 'Error' } }],
    resource: { attributes: { 'service.name': 'shop' }, merge: () => assert.fail(), getRawAttributes: () => [] },
    instrumentationScope: { name: 'lib', version: '2' },
    droppedAttributesCount: 1,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  } as unknown as ReadableSpan
}

function sdkLogRecord(): Parameters<typeof JsonLogsSerializer.serializeRequest>[0][number] {
  return {
    hrTime: [1_700_000_000, 7],
    hrTimeObserved: [1_700_000_000, 8],
    severityNumber: 9,
    severityText: 'INFO',
    body: { nested: { list: [1, 'two', null] } },
    attributes: { bytes: new Uint8Array([1, 2, 3]) },
    resource: { attributes: {}, merge: () => assert.fail(), getRawAttributes: () => [] },
    instrumentationScope: { name: 'lib' },
    spanContext: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 },
    droppedAttributesCount: 0,
  } as unknown as Parameters<typeof JsonLogsSerializer.serializeRequest>[0][number]
}

describe('readAnyValue', () => {
  it('reads what the transcoder wrote', () => {
    const bytes = otlpJsonToProto(
      'traces',
      '{"resourceSpans":[{"resource":{"attributes":[{"key":"k","value":{"kvlistValue":{"values":[{"key":"n","value":{"intValue":"9007199254740993"}}]}}}]}}]}',
    )
    const reader = new ProtoReader(bytes)
    reader.field()
    reader.enter()
    reader.field()
    reader.enter()
    assert.equal(reader.field(), 1)
    const expected: AnyValue = {
      kind: 'kvlist',
      value: [{ key: 'n', value: { kind: 'int', value: 9007199254740993n } }],
    }
    assert.deepEqual(readKeyValue(reader), { key: 'k', value: expected })
    assert.equal(typeof readAnyValue, 'function')
  })
})
