import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { FaultyFileSystem } from '@quartet/storage/testing'
import { CERTIFICATE, KEY } from '../../test/support/certificate.ts'
import { buildComponent, decodeSettings, testContext, until } from '../../test/support/context.ts'
import { spans } from '../../test/support/otlp.ts'
import type { Capsule } from '../syntax/index.ts'
import type { LogsReceiver } from './loki/receiver.ts'
import { lokiWrite } from './loki/write.ts'
import type { OtlpConsumer } from './otelcol/consumer.ts'
import { otlpHttpExporter } from './otelcol/exporter-otlphttp.ts'
import { prometheusScrape } from './prometheus/scrape.ts'

/** A server with a certificate of its own that asks for the client's; what it saw is the client certificate's name. */
async function startSecure(): Promise<{ port: number; clients: string[]; close: () => void }> {
  const clients: string[] = []
  const server = createServer(
    { cert: CERTIFICATE, key: KEY, requestCert: true, ca: CERTIFICATE, rejectUnauthorized: false },
    (request, response) => {
      clients.push((request.socket as TLSSocket).getPeerCertificate().subject?.CN?.toString() ?? 'nobody')
      request.resume()
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end()
    },
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = (): void => {
    server.closeAllConnections()
    server.close()
  }
  return { port: (server.address() as AddressInfo).port, clients, close }
}

async function files(): Promise<{ block: string; remove: () => Promise<void> }> {
  const directory = await temporaryDirectory()
  const [cert, key] = [join(directory.path, 'cert.pem'), join(directory.path, 'key.pem')]
  await Promise.all([writeFile(cert, CERTIFICATE), writeFile(key, KEY)])
  const block = `{\n ca_file = "${cert}"\n cert_file = "${cert}"\n key_file = "${key}"\n server_name = "store.test"\n}`
  return { block, remove: directory.remove }
}

test('loki.write trusts its ca_file, shows its certificate and checks the server name', async (t) => {
  const [server, { block, remove }] = await Promise.all([startSecure(), files()])
  t.after(() => server.close())
  t.after(remove)
  const endpoint = (tls: string): string =>
    `endpoint {\n url = "https://127.0.0.1:${server.port}/"\n batch_wait = "1ms"\n max_backoff_retries = 1\n ${tls}\n}`
  const send = async (tls: string): Promise<number> => {
    const context = testContext({ fileSystem: new FaultyFileSystem() })
    const component = buildComponent(lokiWrite, context, endpoint(tls))
    await component.start()
    const receiver = (component.exports.get('receiver') as Capsule).inner as LogsReceiver
    await receiver.push([{ labels: [['a', 'b']], timestampNs: 1n, line: 'x', metadata: [] }])
    const total = (name: string): Promise<number> => context.total(`loki_write_${name}_entries_total`)
    await until('an outcome', async () => (await total('sent')) + (await total('dropped')) > 0)
    await component.stop()
    return total('sent')
  }
  assert.equal(await send(''), 0)
  assert.equal(await send(`tls_config ${block.replace('store.test', 'other.test')}`), 0)
  assert.equal(await send(`tls_config ${block}`), 1)
  assert.equal(await send('tls_config {\n insecure_skip_verify = true\n}'), 1)
  assert.deepEqual(server.clients, ['quartet test', 'nobody'])
})

test('otlphttp and scrapes use the same settings', async (t) => {
  const [server, { block, remove }] = await Promise.all([startSecure(), files()])
  t.after(() => server.close())
  t.after(remove)
  const context = testContext({ fileSystem: new FaultyFileSystem() })
  const exporter = buildComponent(
    otlpHttpExporter,
    context,
    `client {\n endpoint = "https://127.0.0.1:${server.port}"\n tls ${block}\n}`,
  )
  await exporter.start()
  t.after(() => exporter.stop())
  await ((exporter.exports.get('input') as Capsule).inner as OtlpConsumer).consume(spans('span-1'))
  await until('an export', () => server.clients.length === 1)
  const scrape = buildComponent(
    prometheusScrape,
    { ...context, id: 'prometheus.scrape.x' },
    `targets = [{ __address__ = "127.0.0.1:${server.port}" }]\nforward_to = []\nscheme = "https"\nscrape_interval = "50ms"\nscrape_timeout = "50ms"\ntls_config ${block}`,
  )
  await scrape.start()
  t.after(() => scrape.stop())
  await until('a scrape', () => server.clients.length > 1)
  assert.deepEqual([...new Set(server.clients)], ['quartet test'])
})

test('a certificate in a file and as text at once is refused; a missing file stops the component', async () => {
  const both = 'endpoint {\n url = "https://a/"\n tls_config {\n ca_file = "/a"\n ca_pem = "b"\n }\n}'
  assert.throws(() => decodeSettings(lokiWrite, both), /at most one of ca_pem and ca_file must be configured/)
  const missing = 'endpoint {\n url = "https://a/"\n tls_config {\n ca_file = "/not/there"\n }\n}'
  const component = buildComponent(lokiWrite, testContext({ fileSystem: new FaultyFileSystem() }), missing)
  await assert.rejects(component.start(), { code: 'ENOENT' })
})
