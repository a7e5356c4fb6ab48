import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtoExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { withTempo } from '../support/tempo.ts'
import type { Json, Tempo } from '../support/tempo.ts'

interface Exporter {
  export(spans: ReadableSpan[], done: (result: { code: number; error?: Error }) => void): void
  shutdown(): Promise<void>
}

const EXPORTERS: Record<string, (tempo: Tempo) => Exporter> = {
  'OTLP gRPC': ({ grpc }) => new GrpcExporter({ url: grpc }),
  'OTLP HTTP/protobuf': ({ http }) => new ProtoExporter({ url: `${http}/v1/traces` }),
  'OTLP HTTP/JSON': ({ http }) => new JsonExporter({ url: `${http}/v1/traces` }),
}

describe('the OpenTelemetry JS exporters', () => {
  for (const [name, create] of Object.entries(EXPORTERS)) {
    it(`${name}: what was sent comes back`, async () => {
      await withTempo(async (tempo) => {
        const exporter = create(tempo)
        const result = await new Promise<{ code: number; error?: Error }>((resolve) =>
          exporter.export([sdkSpan()], resolve),
        )
        assert.deepEqual(result, { code: 0 })
        await exporter.shutdown()
        const { batches } = await tempo.json('/api/traces/0af7651916cd43dd8448eb211c80319c')
        const [span] = batches[0].scopeSpans[0].spans
        assert.equal(span.name, 'GET /cart')
        assert.equal(span.startTimeUnixNano, '1700000000123456789')
        assert.equal(span.kind, 'SPAN_KIND_SERVER')
        const attributes = Object.fromEntries(span.attributes.map(({ key, value }: Json) => [key, value]))
        assert.deepEqual(attributes, {
          whole: { intValue: '42' },
          real: { doubleValue: 0.5 },
          flag: { boolValue: false },
          list: { arrayValue: { values: [{ stringValue: 'a' }, { stringValue: 'b' }] } },
        })
        assert.equal(span.events[0].name, 'exception')
        const { traces } = await tempo.json(
          `/api/search?q=${encodeURIComponent('{ span.list = "b" && span.whole = 42 && span.flag = false && status = error }')}`,
        )
        assert.equal(traces[0].traceID, 'af7651916cd43dd8448eb211c80319c')
      })
    })
  }
})

function sdkSpan(): ReadableSpan {
  const context = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }
  return {
    name: 'GET /cart',
    kind: 1,
    spanContext: () => context,
    startTime: [1_700_000_000, 123_456_789],
    endTime: [1_700_000_001, 0],
    status: { code: 2, message: 'no such cart' },
    attributes: { whole: 42, real: 0.5, flag: false, list: ['a', 'b'] },
    links: [],
    events: [{ name: 'exception', time: [1_700_000_000, 200_000_000], attributes: {} }],
    resource: { attributes: { 'service.name': 'shop' }, getRawAttributes: () => [] },
    instrumentationScope: { name: 'lib', version: '2' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  } as unknown as ReadableSpan
}
