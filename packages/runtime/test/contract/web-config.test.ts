import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createHttpServer, createSelfMetrics, loadWebConfig, silentLogger, systemClock } from '@quartet/runtime'
import type { HttpServer } from '@quartet/runtime'
import { askWithTls, checkWebConfigFile, createCertificates, temporaryDirectory } from '@quartet/runtime/testing'

async function serve(file: string): Promise<{ url: string; reload(): Promise<void>; stop(): Promise<void> }> {
  let web = await loadWebConfig(file)
  const server: HttpServer = createHttpServer({
    name: 'test',
    host: '127.0.0.1',
    port: 0,
    portFlag: 'port',
    logger: silentLogger,
    metrics: createSelfMetrics({ clock: systemClock }),
    health: { healthyText: 'OK', readyText: 'OK', ready: () => true },
    web: () => web,
  })
  server.raw('GET', '/raw', (_request, response) => void response.end('raw'))
  server.api.get('/api', () => 'api')
  const { url } = await server.listen()
  return {
    url,
    async reload() {
      web = await loadWebConfig(file)
    },
    stop: () => server.close(),
  }
}

test('TLS, logins, headers, and a reload of users, in front of every kind of route', () =>
  checkWebConfigFile(serve, ['/raw', '/api', '/metrics', '/-/healthy']))

test('mTLS: who has to show a certificate, and whose is believed', async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const { ca, client, stranger } = await createCertificates(directory.path)
  const status = async (url: string, given: { cert?: string; key?: string }): Promise<number | 'refused'> =>
    askWithTls(`${url}/raw`, { ca, ...given }).then(
      (answer) => answer.status,
      () => 'refused' as const,
    )
  for (const [type, without, withClient, withStranger] of [
    ['NoClientCert', 200, 200, 200],
    ['RequestClientCert', 200, 200, 200],
    ['RequireAndVerifyClientCert', 'refused', 200, 'refused'],
  ] as const) {
    const file = join(directory.path, 'web.yml')
    const authority = type.includes('Verify') ? ', client_ca_file: ca.pem' : ''
    await writeFile(
      file,
      `tls_server_config: {cert_file: server.pem, key_file: server.key, client_auth_type: ${type}${authority}}\n`,
    )
    const running = await serve(file)
    try {
      assert.deepEqual(
        [await status(running.url, {}), await status(running.url, client), await status(running.url, stranger)],
        [without, withClient, withStranger],
        type,
      )
    } finally {
      await running.stop()
    }
  }
})
