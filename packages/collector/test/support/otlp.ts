import { otlpJsonToProto, scanOtlp } from '@quartet/model'
import type { OtlpBatch } from '../../src/components/otelcol/consumer.ts'

/** A request with spans of these names in one resource and scope each. */
export function spans(...names: readonly string[]): OtlpBatch {
  const json = {
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
        scopeSpans: [
          {
            scope: { name: 'test' },
            spans: names.map((name) => ({
              traceId: '5b8efff798038103d269b633813fc60c',
              spanId: 'eee19b7ec3c1b174',
              name,
              startTimeUnixNano: '1',
              endTimeUnixNano: '2',
            })),
          },
        ],
      },
    ],
  }
  const bytes = otlpJsonToProto('traces', JSON.stringify(json))
  return { signal: 'traces', bytes, items: scanOtlp('traces', bytes).items }
}

/** Names of the spans in a request, found by their bytes: after the name comes the tag of the start time, 0x39. */
export function spanNames(bytes: Uint8Array): string[] {
  return [
    ...Buffer.from(bytes)
      .toString('latin1')
      .matchAll(/span-\d+(?=9)/g),
  ].map(([name]) => name)
}
