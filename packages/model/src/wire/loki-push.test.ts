import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LogBatch, metadataPairs } from '../log/batch.ts'
import { formatStreamLabels, LabelsSyntaxError, parseStreamLabels } from '../log/stream-labels.ts'
import { lokiPushFromJson, LokiPushJsonError } from './loki-push-json.ts'
import { LokiPushReader } from './loki-push.ts'
import { OtlpLogsReader } from './otlp-logs.ts'
import { ProtoWriter } from './proto-writer.ts'
import { WireError } from './proto-reader.ts'

function lines(batch: LogBatch): unknown[] {
  return Array.from({ length: batch.count }, (_, index) => ({
    stream: batch.streams[batch.streamOf[index]],
    time: `${batch.seconds[index]}.${String(batch.nanos[index]).padStart(9, '0')}`,
    line: Buffer.from(batch.text.subarray(batch.lineStart[index], batch.lineEnd[index])).toString(),
    metadata: metadataPairs(batch.metadata, batch.metadataStart[index], batch.metadataEnd[index]),
  }))
}

const expected = [
  {
    stream: '{a="b", c="d"}',
    time: '1700000000.000000005',
    line: 'first ä',
    metadata: [
      ['k', 'v'],
      ['long', 'x'.repeat(200)],
    ],
  },
  { stream: '{a="b", c="d"}', time: '1700000001.000000000', line: '', metadata: [] },
]

describe('Loki push', () => {
  it('reads protobuf', () => {
    const writer = new ProtoWriter()
    const stream = writer.begin(1)
    writer.string(1, '{a="b", c="d"}')
    for (const [seconds, nanos, line, metadata] of [
      [1_700_000_000, 5, 'first ä', expected[0].metadata],
      [1_700_000_001, 0, '', []],
    ] as const) {
      const entry = writer.begin(2)
      const time = writer.begin(1)
      writer.uint(1, seconds).uint(2, nanos)
      writer.finish(time)
      writer.string(2, line)
      for (const [name, value] of metadata) {
        const pair = writer.begin(3)
        writer.string(1, name).string(2, value)
        writer.finish(pair)
      }
      writer.finish(entry)
    }
    writer.finish(stream)
    const batch = new LogBatch()
    new LokiPushReader().read(writer.toBytes(), batch)
    assert.deepEqual(lines(batch), expected)
    assert.throws(() => new LokiPushReader().read(writer.toBytes().subarray(0, -3), batch.reset()), WireError)
  })

  it('reads JSON with values that are no strings in the labels', () => {
    const batch = new LogBatch()
    const body = {
      streams: [
        {
          stream: { c: 'd', a: 'b' },
          values: [
            ['1700000000000000005', 'first ä', { k: 'v', long: 'x'.repeat(200) }],
            ['1700000001000000000', ''],
          ],
        },
        { stream: { n: 5, o: { x: 'y' } }, values: [['1', 'esc\n"']] },
      ],
    }
    lokiPushFromJson(JSON.stringify(body), batch)
    assert.deepEqual(lines(batch).slice(0, 2), expected)
    assert.deepEqual(lines(batch)[2], {
      stream: '{n="5", o="{\\"x\\":\\"y\\"}"}',
      time: '0.000000001',
      line: 'esc\n"',
      metadata: [],
    })
  })

  for (const body of [
    '',
    '[]',
    '{"streams":[{"stream":{},"values":[["x","y"]]}]}',
    '{"streams":[{"values":[["1"]]}]}',
    '{"streams":[{"values":[["1",2]]}]}',
    '{"streams":[]} x',
    '['.repeat(100),
  ]) {
    it(`refuses ${body.slice(0, 40)}`, () =>
      assert.throws(() => lokiPushFromJson(body, new LogBatch()), LokiPushJsonError))
  }

  it('extends metadata of an earlier entry', () => {
    const batch = new LogBatch()
    const stream = batch.addStream('{a="b"}')
    batch.addTextEntry(stream, 1, 0, 'one')
    batch.addMetadata('x', '1')
    batch.addTextEntry(stream, 2, 0, 'two')
    batch.addMetadata('y', '2')
    batch.extendMetadata(0, 'level', 'info')
    assert.deepEqual(
      lines(batch).map((line) => (line as { metadata: unknown }).metadata),
      [
        [
          ['x', '1'],
          ['level', 'info'],
        ],
        [['y', '2']],
      ],
    )
  })
})

describe('stream labels', () => {
  it('come back from text', () => {
    const labels = [
      ['a', 'b "quoted" \\ \n ä'],
      ['z', ''],
    ] as const
    assert.deepEqual(parseStreamLabels(formatStreamLabels(labels)), [['a', 'b "quoted" \\ \n ä']])
    assert.deepEqual(parseStreamLabels('{ b=`raw` , a="\\u00e4\\x41", }'), [
      ['a', 'äA'],
      ['b', 'raw'],
    ])
  })
  for (const text of [
    '',
    '{',
    '{a}',
    '{a=b}',
    '{a="b"',
    '{a="b" c="d"}',
    '{a="b"} x',
    '{a="\\q"}',
    '{a="1",a="2"}',
    '{1="a"}',
  ]) {
    it(`refuses ${text || 'nothing'}`, () => assert.throws(() => parseStreamLabels(text), LabelsSyntaxError))
  }
})

describe('OTLP logs', () => {
  it('are visited with their resource and scope, wherever these stand in the message', () => {
    const writer = new ProtoWriter()
    const resourceLogs = writer.begin(1)
    const scopeLogs = writer.begin(2)
    const record = writer.begin(2)
    writer
      .fixed64(1, 5n)
      .uint(2, 9)
      .bytes(
        9,
        Uint8Array.from({ length: 16 }, () => 0xab),
      )
      .bytes(10, new Uint8Array(8))
    const body = writer.begin(5)
    writer.string(1, 'hello')
    writer.finish(body)
    writer.finish(record)
    const scope = writer.begin(1)
    writer.string(1, 'lib')
    writer.finish(scope)
    writer.finish(scopeLogs)
    const resource = writer.begin(1)
    const attribute = writer.begin(1)
    writer.string(1, 'service.name')
    const value = writer.begin(2)
    writer.string(1, 'shop')
    writer.finish(value)
    writer.finish(attribute)
    writer.finish(resource)
    writer.finish(resourceLogs)
    const seen: unknown[] = []
    new OtlpLogsReader().read(writer.toBytes(), {
      resource: ({ attributes }) => seen.push(attributes),
      scope: ({ name }) => seen.push(name),
      record: ({ timeNs, severityNumber, traceId, spanId, body: text }) =>
        seen.push({ timeNs, severityNumber, traceId, spanId, text }),
    })
    assert.deepEqual(seen, [
      [{ key: 'service.name', value: { kind: 'string', value: 'shop' } }],
      'lib',
      { timeNs: 5n, severityNumber: 9, traceId: 'ab'.repeat(16), spanId: '', text: { kind: 'string', value: 'hello' } },
    ])
  })
})
