import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { silentLogger, systemClock } from '@quartet/runtime'
import type { RunningSystem, SystemOptions } from '@quartet/runtime'
import { recordingLogger, temporaryDirectory } from '@quartet/runtime/testing'
import { system } from './index.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let running: RunningSystem
let url = ''
let options: SystemOptions

before(async () => {
  directory = await temporaryDirectory()
  const file = join(directory.path, 'prometheus.yml')
  await writeFile(file, 'global:\n  scrape_interval: 15s\n')
  options = {
    flags: {
      'config.file': file,
      'web.listen-address': ['127.0.0.1:0'],
      'storage.tsdb.path': join(directory.path, 'prometheus'),
      'web.enable-lifecycle': true,
    },
    dataDirectory: directory.path,
    stackDirectory: directory.path,
    listenHost: '127.0.0.1',
    clock: systemClock,
    logger: silentLogger,
  }
  running = await system.start(options)
  url = running.endpoints[0].url
})

after(async () => {
  await running.stop()
  await directory.remove()
})

async function query(expression: string): Promise<[labels: Record<string, string>, value: string][]> {
  const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: expression })}`)
  const { data } = (await response.json()) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] }
  }
  return data.result.map(({ metric, value }) => [metric, value[1]])
}

function otlpGauge(name: string, value: number): string {
  const point = { asDouble: value, timeUnixNano: `${systemClock.nowMs()}000000` }
  return JSON.stringify({
    resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name, gauge: { dataPoints: [point] } }] }] }],
  })
}

const post = (path: string, body: string, type = 'application/json'): Promise<Response> =>
  fetch(url + path, { method: 'POST', body, headers: { 'content-type': type } })

test('what was acknowledged is found at once, and again after a restart', async () => {
  const response = await post('/api/v1/otlp/v1/metrics', otlpGauge('room_temperature', 21.5))
  assert.equal(response.status, 200)
  assert.deepEqual(await query('room_temperature * 2'), [[{}, '43']])
  await running.stop()
  running = await system.start(options)
  url = running.endpoints[0].url
  assert.deepEqual(await query('room_temperature'), [[{ __name__: 'room_temperature' }, '21.5']])
})

test('refuses malformed writes with a reason and counts them', async () => {
  const response = await post('/api/v1/write', 'not snappy', 'application/x-protobuf')
  assert.equal(response.status, 400)
  assert.notEqual(await response.text(), '')
  const metrics = await (await fetch(`${url}/metrics`)).text()
  assert.match(metrics, /quartet_ingest_refused_requests_total\{endpoint="remote_write",status="400"\} 1/)
  assert.match(metrics, /prometheus_tsdb_head_series \d/)
  assert.match(metrics, /prometheus_build_info\{version="3\.8\.1"/)
})

test('a configuration that cannot be used changes nothing', async () => {
  const file = String(options.flags['config.file'])
  await writeFile(file, 'global:\n  scrape_intervall: 15s\n')
  const refused = await fetch(`${url}/-/reload`, { method: 'POST' })
  assert.equal(refused.status, 500)
  assert.match(
    await refused.text(),
    /prometheus\.yml:2:3: error: field scrape_intervall not found in type config\.plain/,
  )
  assert.match(await (await fetch(`${url}/metrics`)).text(), /prometheus_config_last_reload_successful 0/)
  const { data } = (await (await fetch(`${url}/api/v1/status/config`)).json()) as { data: { yaml: string } }
  assert.match(data.yaml, /^global:\n  scrape_interval: 15s\n/)
  await writeFile(file, 'global:\n  scrape_interval: 20s\n')
  assert.equal((await fetch(`${url}/-/reload`, { method: 'POST' })).status, 200)
  assert.match(await (await fetch(`${url}/metrics`)).text(), /prometheus_config_last_reload_successful 1/)
})

test('logs at start what has no effect, and shows the configuration without secrets', async () => {
  const file = join(directory.path, 'secret.yml')
  const discovery = 'dns_sd_configs: [{names: [a.b]}]'
  await writeFile(file, `scrape_configs: [{job_name: a, basic_auth: {password: hunter2}, ${discovery}}]\n`)
  const { logger, records } = recordingLogger()
  const flags = { ...options.flags, 'config.file': file, 'storage.tsdb.path': join(directory.path, 'other') }
  const other = await system.start({ ...options, flags, logger })
  try {
    const warnings = records.filter(({ level }) => level === 'warn').map(({ fields }) => fields['finding'])
    assert.deepEqual(warnings, ['"dns_sd_configs" is not supported yet and has no effect'])
    const text = await (await fetch(`${other.endpoints[0].url}/api/v1/status/config`)).text()
    assert.match(text, /password: <secret>|password: \\u003csecret\\u003e/)
    assert.doesNotMatch(text + JSON.stringify(records), /hunter2/)
  } finally {
    await other.stop()
  }
})

test('is ready when it listens', async () => {
  const response = await fetch(`${url}/-/ready`)
  assert.equal(await response.text(), 'Prometheus Server is Ready.\n')
  const { data } = (await (await fetch(`${url}/api/v1/status/buildinfo`)).json()) as { data: { version: string } }
  assert.equal(data.version, '3.8.1')
})

test('check reports problems with their place', async () => {
  const file = join(directory.path, 'bad.yml')
  await writeFile(file, 'rule_files: [a]\nnonsense: 1\n')
  const findings = await system.check({ ...options, flags: { ...options.flags, 'config.file': file } })
  assert.deepEqual(findings, [
    { severity: 'error', at: `${file}:2:1`, message: 'field nonsense not found in type config.plain' },
  ])
})
