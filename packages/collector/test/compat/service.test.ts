import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ConfigError, silentLogger, systemClock } from '@quartet/runtime'
import type { Logger } from '@quartet/runtime'
import { recordingLogger, temporaryDirectory } from '@quartet/runtime/testing'
import { system } from '../../src/index.ts'
import { until } from '../support/context.ts'
import { startFakeStore } from '../support/fake-store.ts'

const DEFAULT_CONFIG = fileURLToPath(new URL('../../../../stack/alloy/config/config.alloy', import.meta.url))

async function start(root: string, text: string, logger: Logger = silentLogger) {
  const configFile = join(root, 'config.alloy')
  await writeFile(configFile, text)
  const running = await system.start({
    flags: { 'config.file': configFile, 'server.http.listen-addr': '127.0.0.1:0' },
    dataDirectory: join(root, 'data'),
    stackDirectory: root,
    listenHost: '127.0.0.1',
    clock: systemClock,
    logger,
  })
  const url = running.endpoints[0].url.replace(/\/$/, '')
  return { running, url, configFile }
}

test('the default configuration has no findings', async () => {
  const findings = await system.check({
    flags: { 'config.file': DEFAULT_CONFIG },
    dataDirectory: '/nowhere',
    stackDirectory: '/nowhere',
  })
  assert.deepEqual(findings, [])
})

test('a trace and logs travel through the default pipeline within a second', async (t) => {
  const directory = await temporaryDirectory()
  const store = await startFakeStore()
  t.after(() => store.close())
  t.after(() => directory.remove())
  await mkdir(join(directory.path, 'logs'))
  const text = (await readFile(DEFAULT_CONFIG, 'utf8'))
    .replaceAll('"127.0.0.1:4317"', '"127.0.0.1:0"')
    .replaceAll('"127.0.0.1:4318"', '"127.0.0.1:0"')
    .replace(
      /otelcol\.exporter\.otlp "tempo" \{\n {2}client \{[^]*?\n {2}\}\n\n {2}sending/,
      `otelcol.exporter.otlp "tempo" {\n  client {\n    endpoint = "127.0.0.1:9"\n  }\n\n  sending`,
    )
    .replaceAll(/http:\/\/127\.0\.0\.1:(9090|3100)/g, store.url)
    .replaceAll('/var/log', join(directory.path, 'logs'))
  const { running, url } = await start(directory.path, text)
  t.after(() => running.stop())
  const otlp = running.endpoints.find(({ name }) => name === 'OTLP HTTP')!.url
  const startMs = performance.now()
  const body = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hello"}}]}]}]}'
  const response = await fetch(`${otlp}/v1/logs`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  })
  assert.equal(response.status, 200)
  await until('delivery', () =>
    store.received.some(({ path, body }) => path === '/otlp/v1/logs' && body.includes('hello')),
  )
  assert.ok(performance.now() - startMs < 1000)
  const components = (await (await fetch(`${url}/api/v0/web/components`)).json()) as { localID: string }[]
  assert.ok(components.some(({ localID }) => localID === 'otelcol.processor.batch.default'))
})

test('serves its pages, its API, its metrics and its health', async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const { running, url } = await start(
    directory.path,
    'prometheus.exporter.self "me" { }\nloki.write "out" {\n endpoint {\n url = "http://127.0.0.1:9/"\n basic_auth {\n username = "u"\n password = "hunter2"\n }\n }\n}',
  )
  t.after(() => running.stop())
  const get = async (path: string): Promise<[number, string]> => {
    const response = await fetch(url + path)
    return [response.status, await response.text()]
  }
  assert.equal((await get('/-/ready'))[0], 200)
  assert.equal((await get('/-/healthy'))[0], 200)
  assert.match((await get('/'))[1], /loki\.write\.out/)
  assert.match((await get('/graph'))[1], /<svg/)
  const [status, detail] = await get('/component/loki.write.out')
  assert.equal(status, 200)
  assert.match(detail, /\(secret\)/)
  assert.doesNotMatch(detail + (await get('/api/v0/web/components/loki.write.out'))[1], /hunter2/)
  assert.equal((await get('/component/nothing.here'))[0], 404)
  assert.match((await get('/metrics'))[1], /alloy_component_controller_running_components\{health_type="healthy"\} 2/)
})

test('an unhealthy component is named with 500; what has no effect is told at start and by check', async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const text = `loki.write "out" {
  endpoint {
    url = "http://127.0.0.1:9/"
  }
  max_streams = 5
}
loki.source.file "logs" {
  targets    = []
  forward_to = [loki.write.out.receiver]
}
`
  const { logger, records } = recordingLogger()
  const { running, url, configFile } = await start(directory.path, text, logger)
  t.after(() => running.stop())
  const at = `${configFile}:5:3`
  const message = 'attribute "max_streams" has no effect in Quartet: the number of streams in one push is not limited'
  const flags = { 'config.file': configFile }
  const findings = await system.check({ flags, dataDirectory: '/nowhere', stackDirectory: '/nowhere' })
  assert.deepEqual(findings, [{ severity: 'warning', at, message }])
  assert.ok(records.some(({ fields }) => fields['at'] === `${at}: warning: ${message}`))
  await writeFile(configFile, text.replace('127.0.0.1:9/"', '127.0.0.1:9/"\n    bearer_token_file = "/not/there"'))
  assert.equal((await fetch(`${url}/-/reload`, { method: 'POST' })).status, 200)
  const response = await fetch(`${url}/-/healthy`)
  assert.deepEqual([response.status, await response.text()], [500, 'unhealthy components: loki.write.out\n'])
})

test('a reload with errors names them all and leaves everything running', async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  const { running, url, configFile } = await start(directory.path, 'prometheus.exporter.self "me" { }')
  t.after(() => running.stop())
  await writeFile(configFile, 'prometheus.exporter.self "me" { x = 1 }\nloki.nothing "a" { }\n')
  const response = await fetch(`${url}/-/reload`, { method: 'POST' })
  assert.equal(response.status, 400)
  assert.deepEqual((await response.text()).trim().split('\n'), [
    `${configFile}:1:33: error: unrecognized attribute name "x"`,
    `${configFile}:2:1: error: cannot find the definition of component name "loki.nothing"`,
  ])
  assert.equal(((await (await fetch(`${url}/api/v0/web/components`)).json()) as object[]).length, 1)
  await writeFile(configFile, 'prometheus.exporter.self "me" { }\nprometheus.exporter.self "you" { }\n')
  assert.equal((await fetch(`${url}/-/reload`, { method: 'POST' })).status, 200)
  assert.equal(((await (await fetch(`${url}/api/v0/web/components`)).json()) as object[]).length, 2)
})

test('a configuration with errors does not start', async (t) => {
  const directory = await temporaryDirectory()
  t.after(() => directory.remove())
  await assert.rejects(
    start(directory.path, 'a {'),
    (error: unknown) => error instanceof ConfigError && /config\.alloy:1:\d+: error:/.test(error.problems[0]),
  )
})
