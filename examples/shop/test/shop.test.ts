import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import * as grpc from '@grpc/grpc-js'

interface Received {
  readonly what: string
  readonly contentType: string
  readonly body: Buffer
}

const received: Received[] = []

const http = createServer(async (request, response) => {
  const parts: Buffer[] = []
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
  const bytes = Buffer.concat(parts)
  const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes
  received.push({ what: request.url ?? '', contentType: request.headers['content-type'] ?? '', body })
  const isJson = request.headers['content-type'] === 'application/json'
  response.setHeader('content-type', isJson ? 'application/json' : 'application/x-protobuf').end(isJson ? '{}' : '')
})

const grpcServer = new grpc.Server()
for (const [signal, method] of [
  ['trace', 'TraceService'],
  ['metrics', 'MetricsService'],
  ['logs', 'LogsService'],
]) {
  const path = `/opentelemetry.proto.collector.${signal}.v1.${method}/Export`
  const identity = (bytes: Buffer): Buffer => bytes
  grpcServer.addService(
    {
      Export: {
        path,
        requestStream: false,
        responseStream: false,
        requestSerialize: identity,
        requestDeserialize: identity,
        responseSerialize: identity,
        responseDeserialize: identity,
      },
    },
    {
      Export: (call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => {
        received.push({ what: path, contentType: 'application/grpc', body: call.request })
        callback(null, Buffer.alloc(0))
      },
    },
  )
}

after(() => {
  http.close()
  grpcServer.forceShutdown()
})

test(
  'sends all three signals over all three protocols, with one trace across the services',
  { timeout: 60_000 },
  async () => {
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    const grpcPort = await new Promise<number>((resolve, reject) => {
      grpcServer.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      )
    })
    const httpPort = (http.address() as AddressInfo).port
    const run = await runShop(
      '--seconds',
      '2',
      '--rate',
      '25',
      '--grpc-port',
      `${grpcPort}`,
      '--http-port',
      `${httpPort}`,
    )
    assert.equal(run.code, 0, run.output)

    const senders = new Set(received.map(({ what, contentType }) => `${contentType} ${what}`))
    for (const expected of [
      'application/x-protobuf /v1/traces',
      'application/x-protobuf /v1/metrics',
      'application/x-protobuf /v1/logs',
      'application/json /v1/traces',
      'application/json /v1/metrics',
      'application/json /v1/logs',
      'application/grpc /opentelemetry.proto.collector.trace.v1.TraceService/Export',
      'application/grpc /opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
      'application/grpc /opentelemetry.proto.collector.logs.v1.LogsService/Export',
    ]) {
      assert.ok(senders.has(expected), `${expected} is missing in ${[...senders].join(', ')}`)
    }

    // A trace that payments reports in JSON was begun by storefront, which reports in protobuf.
    const charged = jsonOf('/v1/traces').match(/"traceId":"([0-9a-f]{32})"/)?.[1]
    assert.ok(charged !== undefined)
    const fromStorefront = received.filter((r) => r.contentType === 'application/x-protobuf' && r.what === '/v1/traces')
    assert.ok(fromStorefront.some(({ body }) => body.includes(Buffer.from(charged, 'hex'))))
    assert.match(jsonOf('/v1/traces'), /"parentSpanId":"[0-9a-f]{16}"/)
    assert.match(jsonOf('/v1/logs'), /"traceId":"[0-9a-f]{32}"/)
    assert.match(jsonOf('/v1/metrics'), /"name":"http\.server\.request\.duration"/)
    assert.match(run.output, /[0-9a-f]{32} {2}an order: POST \/checkout 201/)
  },
)

test('says that Quartet is not there and ends with 1', { timeout: 60_000 }, async () => {
  const run = await runShop('--seconds', '1', '--grpc-port', '9', '--http-port', '9')
  assert.equal(run.code, 1)
  assert.match(run.output, /Quartet is not reachable: nothing answers on 127\.0\.0\.1:9/)
})

function jsonOf(path: string): string {
  return received
    .filter(({ what, contentType }) => what === path && contentType === 'application/json')
    .map(({ body }) => body.toString())
    .join('\n')
}

async function runShop(...args: string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../src/main.ts', import.meta.url)), ...args])
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk))
  const [code] = await once(child, 'close')
  return { code: code as number, output }
}
