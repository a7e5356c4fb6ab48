/**
 * Sends OTLP/HTTP protobuf to a running traces system in a child process and prints spans per CPU second of that process, its
 * peak memory, bytes per span on disk and the time of one search. `node packages/traces/bench/ingest.ts [requests]`; with
 * `--generator` span metrics and service graphs are made as well and written to a receiver that throws them away.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { otlpJsonToProto } from '@quartet/model'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { startTempo, withGenerator } from '../test/support/tempo.ts'
import type { Json } from '../test/support/tempo.ts'

const SPANS_PER_REQUEST = 400

const GENERATOR = '--generator'
const words = process.argv.slice(2)

if (words[0] === 'serve') await serve(words[1], words.includes(GENERATOR))
else await measure(Number(words.find((word) => word !== GENERATOR) ?? 500))

async function serve(directory: string, hasGenerator: boolean): Promise<void> {
  const tempo = await startTempo(directory, hasGenerator ? withGenerator(await receiver(), 15_000) : undefined)
  process.send!({ api: tempo.api, http: tempo.http })
  process.on('message', () => process.send!({ cpu: process.cpuUsage(), rss: process.resourceUsage().maxRSS }))
  process.on('disconnect', () => process.exit(0))
}

async function receiver(): Promise<string> {
  const server = createServer((request, response) => request.resume().on('end', () => response.writeHead(204).end()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

async function measure(requests: number): Promise<void> {
  const directory = await temporaryDirectory()
  const child = fork(import.meta.filename, ['serve', directory.path, ...words.filter((word) => word === GENERATOR)])
  const [{ api, http }] = (await once(child, 'message')) as [{ api: string; http: string }]
  const usage = async (): Promise<{ seconds: number; rssMb: number }> => {
    child.send('usage')
    const [{ cpu, rss }] = (await once(child, 'message')) as [{ cpu: NodeJS.CpuUsage; rss: number }]
    return { seconds: (cpu.user + cpu.system) / 1e6, rssMb: rss / 1024 }
  }
  const bodies = Array.from({ length: 50 }, (_, index) => makeRequest(index))
  const send = async (index: number): Promise<void> => {
    const template = bodies[index % bodies.length]
    const response = await fetch(`${http}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: renewTraces(template),
    })
    await response.arrayBuffer()
    if (response.status !== 200) throw new Error(`status ${response.status}`)
  }
  for (let index = 0; index < 20; index++) await send(index)
  const before = await usage()
  const startMs = performance.now()
  let next = 20
  const worker = async (): Promise<void> => {
    while (next < requests + 20) await send(next++)
  }
  await Promise.all([worker(), worker(), worker(), worker()])
  const wallSeconds = (performance.now() - startMs) / 1000
  const after = await usage()
  await fetch(`${api}/flush`, { method: 'POST' })
  const flushed = await usage()
  const spans = requests * SPANS_PER_REQUEST
  const rate = (seconds: number): string => `${Math.round(spans / seconds / 1000)}k spans per CPU s`
  const bytes = bodies.reduce((sum, body) => sum + body.bytes.length, 0) / bodies.length / SPANS_PER_REQUEST
  console.log(`traces-ingest: ${spans} spans of ${Math.round(bytes)} B in ${wallSeconds.toFixed(1)} s`)
  console.log(`  over HTTP            ${rate(after.seconds - before.seconds)}`)
  console.log(
    `  with blocks written  ${rate(flushed.seconds - before.seconds)}, peak RSS ${Math.round(flushed.rssMb)} MB`,
  )
  const metrics = await (await fetch(`${api}/metrics`)).text()
  const onDisk = Number(/^quartet_traces_block_bytes (\S+)/m.exec(metrics)![1])
  console.log(`  in blocks            ${Math.round(onDisk / (spans + 20 * SPANS_PER_REQUEST))} B per span`)
  const series = /^tempo_metrics_generator_registry_active_series\S* (\d+)/m.exec(metrics)?.[1]
  if (series !== undefined) console.log(`  generated            ${series} series`)
  for (const query of ['{ resource.service.name = "svc-3" && duration > 900ms }', '{ span.user.id = "u77" }']) {
    const searchMs = performance.now()
    const cpu = (await usage()).seconds
    const result = await (await fetch(`${api}/api/search?limit=20&q=${encodeURIComponent(query)}`)).json()
    const elapsedMs = performance.now() - searchMs
    const cpuMs = ((await usage()).seconds - cpu) * 1000
    console.log(
      `  search ${query}: ${(result as Json).traces.length} traces, ${elapsedMs.toFixed(0)} ms, ${cpuMs.toFixed(0)} CPU ms`,
    )
  }
  child.disconnect()
  await once(child, 'exit')
  await directory.remove()
}

interface Template {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Where trace ids begin, to give every request its own traces. */
  readonly traceIds: readonly number[]
}

function renewTraces({ bytes, traceIds }: Template): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice()
  for (let index = 0; index < traceIds.length; index += 10) {
    const id = randomBytes(16)
    for (const at of traceIds.slice(index, index + 10)) copy.set(id, at)
  }
  return copy
}

function makeRequest(seed: number): Template {
  const marker = Buffer.from('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff', 'hex')
  const nowNs = BigInt(Date.now()) * 1_000_000n
  const text = (key: string, value: string): unknown => ({ key, value: { stringValue: value } })
  const spans = (service: number): unknown[] =>
    Array.from({ length: SPANS_PER_REQUEST / 4 }, (_, index) => {
      const startNs = nowNs + BigInt(seed * 1_000_000 + index)
      return {
        traceId: marker.toString('hex'),
        spanId: randomBytes(8).toString('hex'),
        ...(index % 10 === 0 ? {} : { parentSpanId: randomBytes(8).toString('hex') }),
        name: `GET /api/v1/resource-${(index * 7 + service) % 60}`,
        kind: 2,
        startTimeUnixNano: String(startNs),
        endTimeUnixNano: String(startNs + BigInt(((index * 37 + seed) % 1000) * 1_000_000)),
        attributes: [
          text('http.request.method', index % 2 ? 'GET' : 'POST'),
          text('url.path', `/api/v1/resource-${index % 60}`),
          { key: 'http.response.status_code', value: { intValue: [200, 200, 404, 500][index % 4] } },
          text('server.address', `svc-${index % 30}`),
          { key: 'server.port', value: { intValue: 8080 } },
          text('user.id', `u${(seed * 1009 + index * 97) % 100000}`),
          text('db.system', 'postgresql'),
          { key: 'cache.hit', value: { boolValue: index % 2 === 0 } },
        ],
        status: { code: index % 20 === 0 ? 2 : 0 },
      }
    })
  const request = {
    resourceSpans: [0, 1, 2, 3].map((k) => ({
      resource: {
        attributes: [
          text('service.name', `svc-${(seed * 4 + k) % 30}`),
          text('service.namespace', 'shop'),
          text('k8s.pod.name', `pod-${(seed * 4 + k) % 90}`),
          text('telemetry.sdk.language', 'java'),
          text('host.name', `node-${k}`),
        ],
      },
      scopeSpans: [{ scope: { name: 'io.opentelemetry.tomcat-10.0', version: '2.9.0' }, spans: spans(k) }],
    })),
  }
  const bytes = otlpJsonToProto('traces', JSON.stringify(request))
  const traceIds: number[] = []
  const buffer = Buffer.from(bytes.buffer)
  for (let at = buffer.indexOf(marker); at >= 0; at = buffer.indexOf(marker, at + 16)) traceIds.push(at)
  return { bytes, traceIds }
}
