import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GrpcError, GrpcStatus, startGrpcServer, silentLogger } from '@quartet/runtime'
import { FaultyFileSystem } from '@quartet/storage/testing'
import { buildComponent, decodeSettings, testContext, until } from '../../../test/support/context.ts'
import { startFakeStore } from '../../../test/support/fake-store.ts'
import { spanNames, spans } from '../../../test/support/otlp.ts'
import type { Capsule } from '../../syntax/index.ts'
import type { OtlpConsumer } from './consumer.ts'
import { otlpExporter } from './exporter-otlp.ts'
import { otlpHttpExporter } from './exporter-otlphttp.ts'
import { EXPORT_METHODS } from './service-names.ts'

const QUICK = 'retry_on_failure {\n initial_interval = "1ms"\n max_interval = "5ms"\n}'

for (const compression of ['gzip', 'none', 'zstd']) {
  test(`otlphttp posts protobuf to the path of the signal, compression ${compression}`, async (t) => {
    const store = await startFakeStore()
    t.after(() => store.close())
    const context = testContext({ fileSystem: new FaultyFileSystem() })
    const text = `client {\n endpoint = "${store.url}/otlp"\n compression = "${compression}"\n headers = { "x-scope-orgid" = "a" }\n}`
    const component = buildComponent(otlpHttpExporter, context, text)
    t.after(() => component.stop())
    await component.start()
    await inputOf(component).consume(spans('span-1'))
    await until('delivery', () => store.received.length === 1)
    const [{ path, headers, body }] = store.received
    assert.equal(path, '/otlp/v1/traces')
    assert.equal(headers['content-type'], 'application/x-protobuf')
    assert.equal(headers['content-encoding'], compression === 'none' ? undefined : compression)
    assert.equal(headers['x-scope-orgid'], 'a')
    assert.deepEqual(spanNames(body), ['span-1'])
    await component.stop()
  })
}

test('otlphttp tries again after 503 and gives up after 400', async (t) => {
  const statuses = [503, 429, 200, 400]
  const store = await startFakeStore((_, response) =>
    response.writeHead(statuses[store.received.length - 1] ?? 200).end('reason'),
  )
  t.after(() => store.close())
  const context = testContext({ fileSystem: new FaultyFileSystem() })
  const component = buildComponent(
    otlpHttpExporter,
    context,
    `client { endpoint = "${store.url}" }\n${QUICK}\nsending_queue { num_consumers = 1 }`,
  )
  t.after(() => component.stop())
  await component.start()
  await inputOf(component).consume(spans('span-1'))
  await inputOf(component).consume(spans('span-2'))
  await until('drop', async () => (await context.total('otelcol_exporter_send_failed_spans_total')) === 1)
  assert.deepEqual(
    store.received.map(({ body }) => spanNames(body)[0]),
    ['span-1', 'span-1', 'span-1', 'span-2'],
  )
  assert.equal(await context.total('otelcol_exporter_sent_spans_total'), 1)
  await component.stop()
})

test('otlp speaks gRPC and tries again after unavailable', async (t) => {
  const received: string[][] = []
  const methods = {
    [EXPORT_METHODS.traces]: async (message: Buffer) => {
      received.push(spanNames(message))
      if (received.length === 1) throw new GrpcError(GrpcStatus.unavailable, 'starting')
      return new Uint8Array(0)
    },
  }
  const server = await startGrpcServer({
    host: '127.0.0.1',
    port: 0,
    portFlag: 'x',
    logger: silentLogger,
    maxMessageBytes: 1e6,
    methods,
  })
  t.after(() => server.close())
  const context = testContext({ fileSystem: new FaultyFileSystem() })
  const component = buildComponent(
    otlpExporter,
    context,
    `client {\n endpoint = "127.0.0.1:${server.port}"\n tls { insecure = true }\n}\n${QUICK}`,
  )
  t.after(() => component.stop())
  await component.start()
  await inputOf(component).consume(spans('span-1'))
  await until('delivery', async () => (await context.total('otelcol_exporter_sent_spans_total')) === 1)
  assert.deepEqual(received, [['span-1'], ['span-1']])
  await component.stop()
})

test('an endpoint that is no URL is a mistake in the configuration', () => {
  assert.throws(() => decodeSettings(otlpHttpExporter, 'client { endpoint = "nowhere" }'), /endpoint must be a URL/)
})

function inputOf(component: { exports: ReadonlyMap<string, unknown> }): OtlpConsumer {
  return (component.exports.get('input') as Capsule).inner as OtlpConsumer
}
