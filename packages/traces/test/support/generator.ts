import { isStaleAt, bitsOf, labelsKey, otlpJsonToProto, OtlpTracesReader } from '@quartet/model'
import type { AppendReport, Exemplar, Labels, SampleBatch, SampleSink, SeriesRef } from '@quartet/model'
import { createSelfMetrics, silentLogger } from '@quartet/runtime'
import type { SelfMetrics } from '@quartet/runtime'
import { FakeClock } from '@quartet/runtime/testing'
import { loadTempoConfig } from '../../src/config/tempo-config.ts'
import { MetricsGenerator } from '../../src/generator/generator.ts'

export interface TestSpan {
  readonly service?: string | undefined
  readonly resource?: Readonly<Record<string, unknown>>
  readonly name?: string
  readonly kind?: 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER' | 'UNSPECIFIED'
  readonly status?: 'UNSET' | 'OK' | 'ERROR'
  readonly message?: string
  readonly trace?: string
  readonly id?: string
  readonly parent?: string
  /** Seconds before now. */
  readonly ago?: number
  /** Seconds. */
  readonly lasts?: number
  readonly attributes?: Readonly<Record<string, unknown>>
}

const hex = (text: string, bytes: number): string =>
  Buffer.from(text.padEnd(bytes, '.'))
    .toString('hex')
    .slice(0, 2 * bytes)

/** An OTLP/JSON AnyValue: text as string, bigint as int, number as double, boolean, list. */
function anyValue(value: unknown): unknown {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'bigint') return { intValue: String(value) }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } }
  return { doubleValue: value }
}

function keyValues(record: Readonly<Record<string, unknown>>): unknown[] {
  return Object.entries(record).map(([key, value]) => ({ key, value: anyValue(value) }))
}

export function otlpRequest(spans: readonly TestSpan[], nowMs: number): Uint8Array {
  const resourceSpans = spans.map((span) => {
    const endNs = BigInt(Math.round((nowMs - (span.ago ?? 0) * 1000) * 1e6))
    return {
      resource: {
        attributes: keyValues({
          ...(span.service === undefined ? {} : { 'service.name': span.service }),
          ...span.resource,
        }),
      },
      scopeSpans: [
        {
          spans: [
            {
              traceId: hex(span.trace ?? 'trace', 16),
              spanId: hex(span.id ?? 'span', 8),
              ...(span.parent === undefined ? {} : { parentSpanId: hex(span.parent, 8) }),
              name: span.name ?? 'GET /',
              kind: `SPAN_KIND_${span.kind ?? 'INTERNAL'}`,
              startTimeUnixNano: String(endNs - BigInt(Math.round((span.lasts ?? 0.1) * 1e9))),
              endTimeUnixNano: String(endNs),
              attributes: keyValues(span.attributes ?? {}),
              status: { code: `STATUS_CODE_${span.status ?? 'UNSET'}`, message: span.message ?? '' },
            },
          ],
        },
      ],
    }
  })
  return otlpJsonToProto('traces', Buffer.from(JSON.stringify({ resourceSpans })))
}

/** A sink that keeps what it is given as lines `name{label="value"} value @time`. */
export class RecordingSink implements SampleSink {
  epoch = 0
  readonly lines: string[] = []
  readonly exemplars: string[] = []
  readonly last = new Map<string, number>()
  readonly families: string[] = []
  failure: Error | undefined
  #untilForgotten = Infinity
  readonly #texts: string[] = []
  readonly #refs = new Map<string, number>()

  /** As the remote-write client does when it has met too many series: numbers are given anew. */
  forgetAfter(series: number): void {
    this.#untilForgotten = series
  }

  resolve(labels: Labels): SeriesRef {
    const key = labelsKey(labels)
    let ref = this.#refs.get(key)
    if (ref === undefined) {
      if (--this.#untilForgotten === 0) {
        this.epoch++
        this.#refs.clear()
        this.#texts.length = 0
      }
      ref = this.#texts.push(textOf(labels)) - 1
      this.#refs.set(key, ref)
    }
    return ref as SeriesRef
  }

  async append(batch: SampleBatch, exemplars: readonly Exemplar[] = []): Promise<AppendReport> {
    if (this.failure) throw this.failure
    const bits = bitsOf(batch.values)
    for (let index = 0; index < batch.count; index++) {
      const text = this.#texts[batch.refs[index]]
      const value = isStaleAt(bits, index) ? 'stale' : String(batch.values[index])
      this.lines.push(`${text} ${value} @${batch.timesMs[index]}`)
      this.last.set(text, batch.values[index])
    }
    for (const { labels, ref, value } of exemplars)
      this.exemplars.push(`${this.#texts[ref]} ${textOf(labels)} ${value}`)
    return { outOfOrder: 0, tooOld: 0, duplicate: 0 }
  }

  describe(metadata: readonly { family: string; type: string }[]): void {
    for (const { family, type } of metadata) this.families.push(`${family} ${type}`)
  }

  /** Series whose text contains all of `parts`, with their last values, without the label of the instance. */
  series(...parts: readonly string[]): string[] {
    return [...this.last]
      .filter(([text]) => parts.every((part) => text.includes(part)))
      .map(([text, value]) => `${text} ${Number(value.toPrecision(12))}`)
      .sort()
  }
}

function textOf(labels: Labels): string {
  const name = labels.find(([label]) => label === '__name__')?.[1] ?? ''
  const rest = labels.filter(([label]) => label !== '__name__' && label !== '__metrics_gen_instance')
  return `${name}{${rest.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(',')}}`
}

export interface TestGenerator {
  readonly generator: MetricsGenerator
  readonly sink: RecordingSink
  readonly clock: FakeClock
  readonly metrics: SelfMetrics
  send(...spans: readonly TestSpan[]): void
  /** Advances the clock without timers of its own. */
  wait(ms: number): Promise<void>
}

export const START_MS = Date.UTC(2026, 0, 1, 12, 0, 30)

/** A generator with a fake clock and sink. `overrides` and `generator` are YAML, without indentation. */
export async function testGenerator(options: { overrides?: string; generator?: string } = {}): Promise<TestGenerator> {
  const indent = (text: string, by: string): string => text.trim().replaceAll(/^/gm, by)
  const overrides = options.overrides ?? 'processors: [span-metrics, service-graphs]'
  const text = [
    'metrics_generator:',
    '  storage:',
    '    path: /tmp/x',
    '    remote_write:',
    '      - url: http://127.0.0.1:1/api/v1/write',
    ...(options.generator ? [indent(options.generator, '  ')] : []),
    'overrides:',
    '  defaults:',
    '    metrics_generator:',
    indent(overrides, '      '),
  ].join('\n')
  const { config } = await loadTempoConfig({ path: 'tempo.yaml', text })
  if (config.generator === undefined) throw new Error('the generator is off')
  const clock = new FakeClock({ nowMs: START_MS })
  const sink = new RecordingSink()
  const metrics = createSelfMetrics({ clock })
  const nowMs = (): number => clock.nowMs()
  const generator = new MetricsGenerator({
    config: config.generator,
    sink,
    nowMs,
    metrics,
    logger: silentLogger,
    instance: 'here',
  })
  const reader = new OtlpTracesReader()
  return {
    generator,
    sink,
    clock,
    metrics,
    send: (...spans) => generator.push(reader.read(otlpRequest(spans, clock.nowMs()))),
    wait: (ms) => clock.advance(ms),
  }
}
