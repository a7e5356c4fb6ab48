import assert from 'node:assert/strict'
import { execFile, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'

import { instantQuery } from '../support/prometheus-client.ts'
import { eventually, Quartet } from '../support/quartet.ts'

const run = promisify(execFile)
const isInstalled =
  spawnSync('prometheus', ['--version']).status === 0 && spawnSync('promtool', ['--version']).status === 0
const skip = isInstalled ? false : 'Debian package prometheus is not installed'

let quartet: Quartet

before(async () => {
  if (isInstalled) quartet = await Quartet.start({ systems: ['metrics', 'alerts'] })
})

after(async () => {
  if (isInstalled) await quartet.stop()
})

/** Debian's Prometheus, scraping itself every second; ends with the test. @returns where it listens */
function startPrometheus(context: TestContext, port: number, config: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'quartet-prometheus-'))
  const file = join(directory, 'prometheus.yml')
  const listen = `${quartet.host}:${port}`
  const rule = '{alert: Watchdog, expr: vector(1), labels: {severity: none}, annotations: {summary: "{{ $value }}"}}'
  writeFileSync(join(directory, 'rules.yml'), `groups: [{name: g, interval: 1s, rules: [${rule}]}]`)
  writeFileSync(
    file,
    `global: {scrape_interval: 1s, external_labels: {from: debian}}
scrape_configs: [{job_name: itself, static_configs: [{targets: ["${listen}"]}]}]
${config}`,
  )
  const prometheus = spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${directory}/data`,
      `--web.listen-address=${listen}`,
      // It evaluates before it knows its Alertmanagers, and would come back to an alert after a minute.
      '--rules.alert.resend-delay=1s',
    ],
    { stdio: 'ignore' },
  )
  const exited = new Promise((resolve) => prometheus.once('exit', resolve))
  context.after(async () => {
    prometheus.kill('SIGTERM')
    await exited
    rmSync(directory, { recursive: true, force: true })
  })
  return listen
}

test('a real Prometheus remote-writes what it scrapes', { skip }, async (context) => {
  const queue = 'queue_config: {batch_send_deadline: 500ms}'
  const url = quartet.url(9090, '/api/v1/write')
  const listen = startPrometheus(context, 19090, `remote_write: [{url: "${url}", ${queue}}]`)
  await eventually(
    'samples of the real Prometheus',
    async () => {
      const [up] = await instantQuery(quartet, 'up{from="debian"}')
      assert.deepEqual(up?.metric, { __name__: 'up', from: 'debian', instance: listen, job: 'itself' })
      const [count] = await instantQuery(quartet, 'count_over_time(up{from="debian"}[1m])')
      assert.ok(Number(count?.value[1]) >= 3)
    },
    40_000,
  )
  const own = (await (await fetch(`http://${listen}/api/v1/query?query=count({job="itself"})`)).json()) as {
    data: { result: { value: [number, string] }[] }
  }
  await eventually('the same number of series', async () => {
    const [there] = await instantQuery(quartet, 'count({from="debian", job="itself"})')
    assert.ok(Number(there?.value[1]) >= Number(own.data.result[0].value[1]))
  })
})

test('promtool queries it', { skip }, async () => {
  const instant = await run('promtool', ['query', 'instant', quartet.url(9090), 'vector(1) + 1'])
  assert.match(instant.stdout, /^\{\} => 2 @\[\d+(\.\d+)?\]\n$/)
  const now = Math.floor(Date.now() / 1000)
  const range = await run('promtool', [
    'query',
    'range',
    `--start=${now - 60}`,
    `--end=${now}`,
    '--step=30s',
    quartet.url(9090),
    'time() * 0',
  ])
  assert.match(range.stdout, /0 @\[/)
  const labels = await run('promtool', ['query', 'labels', quartet.url(9090), '__name__'])
  assert.ok(labels.stdout.includes('up') || labels.stdout === '')
})

test('a real Prometheus delivers its alerts', { skip }, async (context) => {
  const alertmanagers = `[{static_configs: [{targets: ["${quartet.host}:9093"]}]}]`
  const listen = startPrometheus(context, 19091, `rule_files: [rules.yml]\nalerting: {alertmanagers: ${alertmanagers}}`)
  await eventually('the alert', async () => {
    const [alert] = await quartet.get<
      { labels: object; annotations: object; status: { state: string }; generatorURL: string }[]
    >(9093, '/api/v2/alerts')
    assert.deepEqual(alert?.labels, { alertname: 'Watchdog', from: 'debian', severity: 'none' })
    assert.deepEqual(alert.annotations, { summary: '1' })
    assert.equal(alert.status.state, 'active')
    assert.match(alert.generatorURL, /\/graph\?g0\.expr=vector/)
  })
  const known = (await (await fetch(`http://${listen}/api/v1/alertmanagers`)).json()) as {
    data: { activeAlertmanagers: { url: string }[] }
  }
  assert.deepEqual(known.data.activeAlertmanagers, [{ url: quartet.url(9093, '/api/v2/alerts') }])
})
