import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { silentLogger, systemClock } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { system } from '../../src/index.ts'
import { freePort, untilReady } from './servers.ts'

/** Our rules deliver to Debian's Alertmanager. */
const BINARY = process.env.QUARTET_ALERTMANAGER ?? '/usr/bin/prometheus-alertmanager'
const DEADLINE_MS = 20_000

const CONFIG = `
global:
  evaluation_interval: 1s
  external_labels: {cluster: here}
alerting:
  alert_relabel_configs:
  - {action: labeldrop, regex: secret}
  alertmanagers:
  - path_prefix: /am
    static_configs: [{targets: ['127.0.0.1:PORT', 'dropped:1']}]
    relabel_configs:
    - {source_labels: [__address__], regex: 'dropped.*', action: drop}
rule_files: [rules/*.yml]
`
const RULES = `
groups:
- name: g
  rules:
  - record: two
    expr: vector(2)
  - alert: Works
    expr: two > GATE
    labels: {secret: x, severity: page}
    annotations: {summary: 'it is {{ $value }}'}
`

interface GettableAlert {
  readonly labels: Record<string, string>
  readonly annotations: Record<string, string>
  readonly startsAt: string
  readonly endsAt: string
  readonly generatorURL: string
  readonly status: { readonly state: string }
}

test('an alert arrives at a real Alertmanager, and is resolved', { skip: !existsSync(BINARY) }, async () => {
  const directory = await temporaryDirectory()
  const port = await freePort()
  const own = (name: string): string => join(directory.path, name)
  await writeFile(own('alertmanager.yml'), 'route: {receiver: none}\nreceivers: [{name: none}]\n')
  await writeFile(own('prometheus.yml'), CONFIG.replace('PORT', String(port)))
  const rules = own('rules')
  await mkdir(rules)
  await writeFile(join(rules, 'g.yml'), RULES.replace('GATE', '1'))
  const flags = [
    `--config.file=${own('alertmanager.yml')}`,
    `--storage.path=${own('am')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--web.route-prefix=/am',
    '--cluster.listen-address=',
    '--log.level=error',
  ]
  const child = spawn(BINARY, flags, { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(child, 'exit')
  await untilReady(`http://127.0.0.1:${port}/am`, () => child.exitCode !== null)
  const running = await system.start({
    flags: {
      'config.file': own('prometheus.yml'),
      'web.listen-address': ['127.0.0.1:0'],
      'storage.tsdb.path': own('prometheus'),
      'web.external-url': 'http://quartet.example/prometheus/',
    },
    dataDirectory: directory.path,
    stackDirectory: directory.path,
    listenHost: '127.0.0.1',
    clock: systemClock,
    logger: silentLogger,
  })
  try {
    const { url } = running.endpoints[0]
    const alerts = async (): Promise<GettableAlert[]> =>
      (await (await fetch(`http://127.0.0.1:${port}/am/api/v2/alerts`)).json()) as GettableAlert[]
    await until(async () => (await alerts()).length === 1)
    const [alert] = await alerts()
    assert.deepEqual(alert.labels, { alertname: 'Works', cluster: 'here', severity: 'page' })
    assert.deepEqual(alert.annotations, { summary: 'it is 2' })
    assert.equal(alert.generatorURL, 'http://quartet.example/prometheus/graph?g0.expr=two+%3E+1&g0.tab=1')
    assert.equal(alert.status.state, 'active')
    // Valid for four times the resend delay of a minute.
    assert.ok(Math.abs(Date.parse(alert.endsAt) - Date.parse(alert.startsAt) - 240_000) < 2000, alert.endsAt)
    assert.deepEqual(await (await fetch(`${url}/api/v1/alertmanagers`)).json(), {
      status: 'success',
      data: {
        activeAlertmanagers: [{ url: `http://127.0.0.1:${port}/am/api/v2/alerts` }],
        droppedAlertmanagers: [{ url: 'http://dropped:1/am/api/v2/alerts' }],
      },
    })
    // A rule that is changed keeps its alerts: this one is resolved, not forgotten.
    await writeFile(join(rules, 'g.yml'), RULES.replace('GATE', '5'))
    await running.reload()
    await until(async () => (await alerts()).length === 0)
    const metrics = await (await fetch(`${url}/metrics`)).text()
    assert.match(metrics, /prometheus_notifications_errors_total\{[^}]*\} 0/)
    assert.match(metrics, /prometheus_notifications_dropped_total 0/)
    assert.match(metrics, /prometheus_notifications_alertmanagers_discovered 1/)
    // What was recorded is there for queries.
    const answer = (await (await fetch(`${url}/api/v1/query?query=two`)).json()) as {
      data: { result: { value: [number, string] }[] }
    }
    assert.equal(answer.data.result[0].value[1], '2')
  } finally {
    await running.stop()
    child.kill('SIGTERM')
    await ended
    await directory.remove()
  }
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = systemClock.nowMs() + DEADLINE_MS
  while (!(await condition())) {
    assert.ok(systemClock.nowMs() < deadline, 'did not happen in time')
    await wait(50)
  }
}
