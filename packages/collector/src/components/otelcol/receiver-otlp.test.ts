import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import * as grpc from '@grpc/grpc-js'
import { buildComponent, testContext } from '../../../test/support/context.ts'
import { spanNames, spans } from '../../../test/support/otlp.ts'
import { DeliveryError, inputExport } from './consumer.ts'
import type { OtlpBatch } from './consumer.ts'
import { readStatusMessage } from './otlp-reply.ts'
import { otlpReceiver } from './receiver-otlp.ts'
import { EXPORT_METHODS } from './service-names.ts'
import { ProtoReader } from '@quartet/model'

const context = testContext()
const accepted: OtlpBatch[] = []
let failure: Error | undefined
const sink = inputExport({
  async consume(batch) {
    if (failure) throw failure
    accepted.push(batch)
  },
}).get('input')!
const component = buildComponent(
  otlpReceiver,
  context,
  `grpc { endpoint = "127.0.0.1:0" }
   http {
     endpoint = "127.0.0.1:0"
     max_request_body_size = "10KiB"
     cors { allowed_origins = ["http://*.example.com"] }
   }
   output { traces = [sink]
     logs = [sink] }`,
  { sink },
)
let base = ''
before(async () => {
  await component.start()
  base = `http://${String(component.debugInfo!().get('http'))}`
})
after(() => component.stop())

const post = (path: string, body: Uint8Array | string, headers: Record<string, string>): Promise<Response> =>
  fetch(base + path, { method: 'POST', body: body as string, headers })
const PROTO = { 'content-type': 'application/x-protobuf' }
const JSON_TYPE = { 'content-type': 'application/json' }

test('takes protobuf, plain and compressed', async () => {
  const { bytes } = spans('span-1', 'span-2')
  for (const [body, encoding] of [
    [bytes, 'identity'],
    [gzipSync(bytes), 'gzip'],
    [zstdCompressSync(bytes), 'zstd'],
  ] as const) {
    accepted.length = 0
    const response = await post('/v1/traces', body, { ...PROTO, 'content-encoding': encoding })
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-type'), 'application/x-protobuf')
    assert.equal((await response.arrayBuffer()).byteLength, 0)
    assert.deepEqual(spanNames(accepted[0].bytes), ['span-1', 'span-2'])
  }
})

test('takes JSON and answers in JSON', async () => {
  const response = await post(
    '/v1/logs',
    '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hi"}}]}]}]}',
    JSON_TYPE,
  )
  assert.equal(response.status, 200)
  assert.deepEqual(await response.json(), { partialSuccess: {} })
  assert.equal(accepted.at(-1)?.signal, 'logs')
})

test('bad input is told as a Status in the encoding of the request', async () => {
  const json = await post('/v1/traces', '{"resourceSpans": 3}', JSON_TYPE)
  assert.equal(json.status, 400)
  assert.equal(((await json.json()) as { code: number }).code, 3)
  const proto = await post('/v1/traces', Buffer.from([0x0a, 0x7f, 1]), PROTO)
  assert.equal(proto.status, 400)
  assert.match(readStatusMessage(new ProtoReader(new Uint8Array(await proto.arrayBuffer()))), /runs past the end/)
  const gzip = await post('/v1/traces', 'no gzip', { ...PROTO, 'content-encoding': 'gzip' })
  assert.equal(gzip.status, 400)
  const large = await post('/v1/traces', Buffer.alloc(11 * 1024), PROTO)
  assert.equal(large.status, 400)
  assert.match(Buffer.from(await large.arrayBuffer()).toString(), /request body too large/)
})

test("wrong method, type and path have upstream's answers", async () => {
  const method = await fetch(base + '/v1/traces')
  assert.deepEqual([method.status, await method.text()], [405, '405 method not allowed, supported: [POST]'])
  const type = await post('/v1/traces', 'x', { 'content-type': 'text/plain' })
  assert.deepEqual(
    [type.status, await type.text()],
    [415, '415 unsupported media type, supported: [application/json, application/x-protobuf]'],
  )
  assert.equal((await post('/v1/nothing', 'x', PROTO)).status, 404)
  assert.equal((await post('/v1/metrics', '', PROTO)).status, 404, 'no output takes metrics')
})

test('what follows decides between try again and give up', async () => {
  failure = new DeliveryError('sending queue is full', { isRetryable: true, retryAfterMs: 3000 })
  const busy = await post('/v1/traces', spans('span-1').bytes, PROTO)
  assert.equal(busy.status, 503)
  assert.equal(busy.headers.get('retry-after'), '3')
  failure = new DeliveryError('no', { isRetryable: false })
  assert.equal((await post('/v1/traces', spans('span-1').bytes, PROTO)).status, 500)
  failure = undefined
  assert.equal(await context.total('otelcol_receiver_refused_spans_total'), 2)
})

test('browsers of allowed origins may ask first', async () => {
  const ask = (origin: string, headers = 'content-type'): Promise<Response> =>
    fetch(base + '/v1/traces', {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': headers },
    })
  const allowed = await ask('http://shop.example.com')
  assert.equal(allowed.status, 204)
  assert.equal(allowed.headers.get('access-control-allow-origin'), 'http://shop.example.com')
  assert.equal(allowed.headers.get('access-control-allow-headers'), 'content-type')
  assert.equal((await ask('http://evil.test')).headers.get('access-control-allow-origin'), null)
  assert.equal((await ask('http://shop.example.com', 'x-own')).headers.get('access-control-allow-origin'), null)
})

test('takes gRPC and maps failures to its codes', async () => {
  const client = new grpc.Client(String(component.debugInfo!().get('grpc')), grpc.credentials.createInsecure())
  const call = (message: Uint8Array): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const identity = (bytes: Buffer): Buffer => bytes
      client.makeUnaryRequest(EXPORT_METHODS.traces, identity, identity, Buffer.from(message), (error, value) =>
        error ? reject(error) : resolve(value!),
      )
    })
  accepted.length = 0
  assert.equal((await call(spans('span-7').bytes)).length, 0)
  assert.deepEqual(spanNames(accepted[0].bytes), ['span-7'])
  await assert.rejects(call(Buffer.from([0x0a, 0x7f])), { code: 13 })
  failure = new DeliveryError('full', { isRetryable: true })
  await assert.rejects(call(spans('span-7').bytes), { code: 14 })
  failure = undefined
  client.close()
})

test('takes only the compressions that are configured, and closes connections when told to', async (t) => {
  const strict = buildComponent(
    otlpReceiver,
    testContext(),
    `http {
       endpoint = "127.0.0.1:0"
       keep_alives_enabled = false
       compression_algorithms = ["", "zstd"]
     }
     output { traces = [sink] }`,
    { sink },
  )
  await strict.start()
  t.after(() => strict.stop())
  const url = `http://${String(strict.debugInfo!().get('http'))}/v1/traces`
  const { bytes } = spans('span-1')
  const send = (body: Uint8Array, headers: Record<string, string>): Promise<Response> =>
    fetch(url, { method: 'POST', body: body as Uint8Array<ArrayBuffer>, headers: { ...PROTO, ...headers } })
  const plain = await send(bytes, {})
  assert.deepEqual([plain.status, plain.headers.get('connection')], [200, 'close'])
  assert.equal((await send(zstdCompressSync(bytes), { 'content-encoding': 'zstd' })).status, 200)
  const refused = await send(gzipSync(bytes), { 'content-encoding': 'gzip' })
  assert.equal(refused.status, 400)
  const reason = readStatusMessage(new ProtoReader(new Uint8Array(await refused.arrayBuffer())))
  assert.equal(reason, 'unsupported Content-Encoding: gzip')
})
