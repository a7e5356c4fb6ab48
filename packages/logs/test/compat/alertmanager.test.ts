import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { uncompressSync } from 'snappy'
import { nowNs, startLoki } from '../support/start.ts'
import { writeRules } from '../support/ruler.ts'

/** Rules on logs deliver to Debian's Alertmanager, and to a remote-write receiver. */
const BINARY = process.env.QUARTET_ALERTMANAGER ?? '/usr/bin/prometheus-alertmanager'
const DEADLINE_MS = 20_000

const CONFIG = `auth_enabled: false
ruler:
  storage: {type: local, local: {directory: rules}}
  evaluation_interval: 1s
  alertmanager_url: http://127.0.0.1:AM/am/
  external_url: http://grafana.example/
  datasource_uid: logs
  alert_relabel_configs: [{action: labeldrop, regex: secret}]
  remote_write:
    enabled: true
    clients: {here: {url: 'http://127.0.0.1:RW/write', basic_auth: {username: a, password: hush}}}
`
const RULES = `groups:
- name: g
  rules:
  - {record: 'lines:count', expr: 'sum by (app) (count_over_time({app="a"}[5m]))'}
  - alert: Lines
    expr: sum by (app) (count_over_time({app="a"}[5m])) > GATE
    labels: {secret: x, severity: page}
    annotations: {summary: 'it is {{ $value }}'}
`

test(
  'an alert on lines arrives at a real Alertmanager, what is recorded at Prometheus',
  { skip: !existsSync(BINARY) },
  async () => {
    const directory = await temporaryDirectory()
    const written: { text: string; tenant: unknown; authorization: unknown }[] = []
    const receiver = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const { authorization, 'x-scope-orgid': tenant } = request.headers
      written.push({ text: uncompressSync(Buffer.concat(chunks)).toString('latin1'), tenant, authorization })
      response.writeHead(204).end()
    })
    const writePort = await listen(receiver)
    const port = await freePort()
    await writeFile(join(directory.path, 'am.yml'), 'route: {receiver: none}\nreceivers: [{name: none}]\n')
    await writeRules(directory.path, 'fake/one.yml', RULES.replace('GATE', '1'))
    const flags = [
      `--config.file=${join(directory.path, 'am.yml')}`,
      `--storage.path=${join(directory.path, 'am')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.route-prefix=/am',
      '--cluster.listen-address=',
      '--log.level=error',
    ]
    const child = spawn(BINARY, flags, { stdio: ['ignore', 'ignore', 'inherit'] })
    const ended = once(child, 'exit')
    await until(async () => (await fetch(`http://127.0.0.1:${port}/am/-/ready`).catch(() => undefined))?.ok === true)
    const config = CONFIG.replace('AM', String(port)).replace('RW', String(writePort))
    const { running, url } = await startLoki(directory.path, config)
    try {
      const values = [0n, 1n].map((index) => [String(nowNs() - 1_000_000_000n + index), 'x'])
      const pushed = await fetch(`${url}/loki/api/v1/push`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ streams: [{ stream: { app: 'a' }, values }] }),
      })
      assert.equal(pushed.status, 204)
      // oxlint-disable-next-line typescript/no-explicit-any -- asserted member by member
      const alerts = async (): Promise<any[]> =>
        (await (await fetch(`http://127.0.0.1:${port}/am/api/v2/alerts`)).json()) as unknown[]
      await until(async () => (await alerts()).length === 1)
      const [alert] = await alerts()
      assert.deepEqual(alert.labels, { alertname: 'Lines', app: 'a', severity: 'page' })
      assert.deepEqual(alert.annotations, { summary: 'it is 2' })
      assert.match(alert.generatorURL, /^http:\/\/grafana\.example\/explore\?left=%7B%22queries%22/)
      assert.equal(alert.status.state, 'active')
      await until(async () => written.some(({ text }) => text.includes('lines:count')))
      await until(async () => written.some(({ text }) => text.includes('ALERTS_FOR_STATE')))
      assert.deepEqual(new Set(written.map(({ tenant }) => tenant)), new Set(['fake']))
      assert.equal(written[0].authorization, `Basic ${Buffer.from('a:hush').toString('base64')}`)
      assert.doesNotMatch(await (await fetch(`${url}/config`)).text(), /hush/)
      await writeRules(directory.path, 'fake/one.yml', RULES.replace('GATE', '5'))
      await running.reload()
      await until(async () => (await alerts()).length === 0)
      const metrics = await (await fetch(`${url}/metrics`)).text()
      assert.match(metrics, /^loki_prometheus_notifications_errors_total\{[^}]*\} 0$/m)
      assert.match(metrics, /^loki_prometheus_notifications_sent_total\{[^}]*\} [1-9]/m)
    } finally {
      await running.stop()
      child.kill('SIGTERM')
      await ended
      receiver.close()
      await directory.remove()
    }
  },
)

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server)
  server.close()
  await once(server, 'close')
  return port
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = nowNs() + BigInt(DEADLINE_MS) * 1_000_000n
  while (!(await condition())) {
    assert.ok(nowNs() < deadline, 'did not happen in time')
    await wait(50)
  }
}
