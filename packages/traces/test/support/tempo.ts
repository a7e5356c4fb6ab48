import { silentLogger, systemClock } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { system } from '../../src/index.ts'

const CONFIG = `
server:
  http_listen_port: 0
distributor:
  receivers:
    otlp:
      protocols:
        grpc:
          endpoint: 127.0.0.1:0
        http:
          endpoint: 127.0.0.1:0
          cors:
            allowed_origins: ['http://*.example.org']
`

/** The same with span metrics and service graphs, written to `url` every `intervalMs`. */
export function withGenerator(url: string, intervalMs = 1000): string {
  return `${CONFIG}
metrics_generator:
  registry:
    collection_interval: ${intervalMs}ms
  storage:
    path: /tmp/generator
    remote_write:
      - url: ${url}
        send_exemplars: true
overrides:
  defaults:
    metrics_generator:
      processors: [service-graphs, span-metrics]
`
}

/** Decoded JSON that a test looks into. */
// oxlint-disable-next-line typescript/no-explicit-any -- its shape is what the test is about
export type Json = any

export interface Tempo {
  readonly api: string
  readonly http: string
  readonly grpc: string
  get(path: string, headers?: Record<string, string>): Promise<Response>
  json(path: string): Promise<Json>
  send(request: unknown): Promise<Response>
  stop(): Promise<void>
}

/** A running system on kernel-chosen ports, on a directory of its own or a given one. */
export async function startTempo(directory: string, config = CONFIG): Promise<Tempo> {
  await mkdir(directory, { recursive: true })
  const file = join(directory, 'tempo.yaml')
  await writeFile(file, config)
  const running = await system.start({
    flags: { 'config.file': file },
    dataDirectory: directory,
    stackDirectory: directory,
    listenHost: '127.0.0.1',
    clock: systemClock,
    logger: silentLogger,
  })
  const url = (name: string): string => running.endpoints.find((endpoint) => endpoint.name === name)!.url
  const api = url('Tempo API')
  const http = url('Tempo OTLP HTTP')
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> => fetch(api + path, { headers })
  return {
    api,
    http,
    grpc: url('Tempo OTLP gRPC'),
    get,
    json: async (path) => {
      const response = await get(path)
      const text = await response.text()
      if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`)
      return JSON.parse(text)
    },
    send: (request) =>
      fetch(`${http}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: typeof request === 'string' ? request : JSON.stringify(request),
      }),
    stop: () => running.stop(),
  }
}

export async function withTempo(run: (tempo: Tempo, directory: string) => Promise<void>): Promise<void> {
  const directory = await temporaryDirectory()
  const tempo = await startTempo(directory.path)
  try {
    await run(tempo, directory.path)
  } finally {
    await tempo.stop()
    await directory.remove()
  }
}

export type Attributes = Readonly<Record<string, string | number | boolean>>

export interface SpanSpec {
  readonly trace: string
  readonly id: string
  readonly parent?: string
  readonly name?: string
  readonly service?: string
  readonly startMs?: number
  readonly durationMs?: number
  readonly kind?: number
  readonly status?: number
  readonly attributes?: Attributes
  readonly events?: readonly unknown[]
  readonly links?: readonly unknown[]
}

/** OTLP/JSON of spans described in one line each. */
export function requestOf(...spans: readonly SpanSpec[]): unknown {
  return {
    resourceSpans: spans.map((span) => {
      const startNs = BigInt(span.startMs ?? 1_700_000_000_000) * 1_000_000n
      return {
        resource: { attributes: keyValues({ 'service.name': span.service ?? 'shop' }) },
        scopeSpans: [
          {
            scope: { name: 'test', version: '1.0' },
            spans: [
              {
                traceId: span.trace.padStart(32, '0'),
                spanId: span.id.padStart(16, '0'),
                ...(span.parent ? { parentSpanId: span.parent.padStart(16, '0') } : {}),
                name: span.name ?? 'work',
                kind: span.kind ?? 1,
                startTimeUnixNano: String(startNs),
                endTimeUnixNano: String(startNs + BigInt((span.durationMs ?? 10) * 1_000_000)),
                attributes: keyValues(span.attributes ?? {}),
                ...(span.status ? { status: { code: span.status } } : {}),
                ...(span.events ? { events: span.events } : {}),
                ...(span.links ? { links: span.links } : {}),
              },
            ],
          },
        ],
      }
    }),
  }
}

function keyValues(attributes: Attributes): unknown[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value:
      typeof value === 'string'
        ? { stringValue: value }
        : typeof value === 'boolean'
          ? { boolValue: value }
          : Number.isInteger(value)
            ? { intValue: value }
            : { doubleValue: value },
  }))
}
