import { systemClock } from '@quartet/runtime'
import { recordingLogger, temporaryDirectory } from '@quartet/runtime/testing'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startWeb } from '../../src/server/service.ts'

const PROMETHEUS = '/usr/bin/prometheus'
const ALERTMANAGER = '/usr/bin/prometheus-alertmanager'
export const PASSWORD = 'test-password'

/** Upstream's own binaries, as Debian packages them. */
export const hasUpstream = existsSync(PROMETHEUS) && existsSync(ALERTMANAGER)

export interface AlertingStack {
  readonly url: string
  readonly prometheusUrl: string
  readonly alertmanagerUrl: string
  readonly stopAlertmanager: () => Promise<void>
  readonly startAlertmanager: () => Promise<void>
  readonly stop: () => Promise<void>
}

/**
 * A real Prometheus with rules in every state, a real Alertmanager behind it and Quartet's web server in front of both.
 * There is no Loki at the address of the data source of that name.
 * @param pageDirectory a build of the browser part
 */
export async function startAlertingStack(options: { readonly pageDirectory: string }): Promise<AlertingStack> {
  const directory = await temporaryDirectory()
  const [prometheusPort, alertmanagerPort] = await freePorts()
  const prometheusUrl = `http://127.0.0.1:${prometheusPort}`
  const alertmanagerUrl = `http://127.0.0.1:${alertmanagerPort}`
  const at = (...parts: string[]): string => join(directory.path, ...parts)
  const files: Record<string, string> = {
    'prometheus/prometheus.yml': prometheusConfig(prometheusPort, alertmanagerPort),
    'prometheus/rules/shop.yml': rules,
    'alertmanager/alertmanager.yml': alertmanagerConfig,
    'stack/grafana/provisioning/datasources/a.yaml': dataSources({ prometheusUrl, alertmanagerUrl }),
    'stack/grafana/provisioning/dashboards/a.yaml': 'providers:\n  - { name: files, options: { path: dashboards } }\n',
  }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(at(name)), { recursive: true })
    await writeFile(at(name), text)
  }
  const shipped = fileURLToPath(new URL('../../../../stack/grafana/provisioning/dashboards/', import.meta.url))
  for (const name of ['alerts.json', 'infrastructure-overview.json']) {
    if (existsSync(shipped + name)) {
      await cp(shipped + name, at('stack/grafana/provisioning/dashboards', name))
    }
  }
  await writeFile(at('stack/grafana/provisioning/dashboards/panels.json'), JSON.stringify(panelsDashboard))

  const run = async (command: string, flags: readonly string[], readyUrl: string): Promise<ChildProcess> => {
    const child = spawn(command, flags, { stdio: 'ignore', cwd: directory.path })
    await untilReady(readyUrl, child)
    return child
  }
  const startAlertmanager = (): Promise<ChildProcess> =>
    run(
      ALERTMANAGER,
      [
        `--config.file=${at('alertmanager/alertmanager.yml')}`,
        `--storage.path=${at('alertmanager/data')}`,
        `--web.listen-address=127.0.0.1:${alertmanagerPort}`,
        '--cluster.listen-address=',
      ],
      `${alertmanagerUrl}/-/ready`,
    )
  let alertmanager = await startAlertmanager()
  const prometheus = await run(
    PROMETHEUS,
    [
      `--config.file=${at('prometheus/prometheus.yml')}`,
      `--storage.tsdb.path=${at('prometheus/data')}`,
      `--web.listen-address=127.0.0.1:${prometheusPort}`,
      // The first alerts fire before Prometheus has looked up its Alertmanagers, and are lost.
      '--rules.alert.resend-delay=1s',
    ],
    `${prometheusUrl}/-/ready`,
  )
  const web = await startWeb({
    flags: { config: at('stack/grafana/grafana.ini'), 'http-port': '0' },
    dataDirectory: at('data'),
    stackDirectory: at('stack'),
    listenHost: '127.0.0.1',
    clock: systemClock,
    logger: recordingLogger().logger,
    pageDirectory: options.pageDirectory,
    environment: { GF_SECURITY_ADMIN_PASSWORD: PASSWORD },
  })
  return {
    url: web.endpoints[0].url,
    prometheusUrl,
    alertmanagerUrl,
    stopAlertmanager: () => end(alertmanager),
    startAlertmanager: async () => {
      alertmanager = await startAlertmanager()
    },
    stop: async () => {
      await web.stop()
      await Promise.all([end(prometheus), end(alertmanager)])
      await directory.remove()
    },
  }
}

async function freePorts(): Promise<[number, number]> {
  const servers = await Promise.all(
    [0, 1].map(async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports as [number, number]
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const deadlineMs = Date.now() + 30_000
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`)
    if (Date.now() > deadlineMs) throw new Error(`${child.spawnfile} is not ready at ${url}`)
    const response = await fetch(url).catch(() => undefined)
    await response?.body?.cancel()
    if (response?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

const prometheusConfig = (prometheusPort: number, alertmanagerPort: number): string => `
global: { scrape_interval: 1s, evaluation_interval: 1s, external_labels: { site: lab } }
rule_files: [rules/*.yml]
alerting:
  alertmanagers:
    - static_configs: [{ targets: ['127.0.0.1:${alertmanagerPort}'] }]
scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ['127.0.0.1:${prometheusPort}'] }]
  - job_name: alertmanager
    static_configs: [{ targets: ['127.0.0.1:${alertmanagerPort}'] }]
`

const rules = `
groups:
  - name: shop
    interval: 1s
    rules:
      - alert: CheckoutErrors
        expr: label_replace(vector(0.23), "service", "checkout", "", "") > 0.05 or label_replace(vector(0.11), "service", "payment", "", "") > 0.05
        labels: { severity: critical, team: shop }
        annotations:
          summary: '{{ $labels.service }} fails {{ $value | humanizePercentage }} of its requests'
          description: More than 5 % of the requests end with a 5xx. See https://example.org/status for known incidents.
          runbook_url: https://example.org/runbooks/checkout-errors
          dashboard_uid: panels
      - alert: QueueGrows
        expr: prometheus_tsdb_head_series > 10
        for: 1h
        labels: { severity: warning, team: shop }
        annotations: { summary: 'The queue has {{ $value }} entries and grows' }
      - alert: DiskFull
        expr: vector(0.4) > 0.9
        for: 5m
        labels: { severity: critical, team: base }
        annotations: { summary: A disk is nearly full }
      - record: job:up:sum
        expr: sum by (job) (up)
  - name: base
    interval: 1s
    rules:
      - alert: TargetDown
        expr: up == 0
        for: 1m
        labels: { severity: warning, team: base }
      - alert: BrokenRule
        expr: (vector(1) or label_replace(vector(1), "a", "b", "", "")) == on() (vector(1) or label_replace(vector(1), "a", "b", "", ""))
        labels: { severity: info }
        annotations: { summary: This rule cannot be evaluated }
`

const alertmanagerConfig = `
global: { smtp_smarthost: '127.0.0.1:9', smtp_from: alerts@example.org, smtp_auth_username: quartet, smtp_auth_password: hunter2 }
route:
  receiver: base-mail
  group_by: [alertname]
  group_wait: 1s
  group_interval: 5s
  repeat_interval: 4h
  routes:
    - receiver: shop-chat
      matchers: [team = shop, severity =~ "critical|page"]
      group_by: [alertname, service]
      continue: true
    - receiver: shop-hook
      matchers: ['team = shop']
      mute_time_intervals: [nights]
      routes:
        - receiver: nobody
          matchers: ['severity = info']
    - receiver: nobody
      match: { severity: none }
receivers:
  - name: nobody
  - name: base-mail
    email_configs: [{ to: ops@example.org, send_resolved: true }]
  - name: shop-chat
    slack_configs: [{ api_url: 'http://127.0.0.1:9/services/abc', channel: '#shop' }]
    pagerduty_configs: [{ routing_key: 0123456789abcdef, url: 'http://127.0.0.1:9/enqueue' }]
  - name: shop-hook
    webhook_configs: [{ url: 'http://127.0.0.1:9/hook' }]
time_intervals:
  - name: nights
    time_intervals:
      - times: [{ start_time: '22:00', end_time: '24:00' }]
        weekdays: [monday:friday]
inhibit_rules:
  - source_matchers: [severity = critical]
    target_matchers: [severity = warning]
    equal: [service]
`

const dataSources = (urls: { prometheusUrl: string; alertmanagerUrl: string }): string => `
datasources:
  - { name: Prometheus, type: prometheus, uid: prometheus, url: '${urls.prometheusUrl}', isDefault: true, jsonData: { timeInterval: 1s } }
  - { name: Alertmanager, type: alertmanager, uid: alertmanager, url: '${urls.alertmanagerUrl}' }
  - { name: Loki, type: loki, uid: loki, url: 'http://127.0.0.1:9' }
`

const panelsDashboard = {
  uid: 'panels',
  title: 'Alert panels',
  schemaVersion: 42,
  time: { from: 'now-5m', to: 'now' },
  panels: [
    {
      id: 1,
      type: 'alertlist',
      title: 'By name',
      gridPos: { x: 0, y: 0, w: 8, h: 12 },
      options: { viewMode: 'list', groupMode: 'default', stateFilter: { firing: true, pending: true, normal: true } },
    },
    {
      id: 2,
      type: 'alertlist',
      title: 'By team',
      gridPos: { x: 8, y: 0, w: 8, h: 12 },
      options: { viewMode: 'list', groupMode: 'custom', groupBy: ['team'], sortOrder: 3 },
    },
    {
      id: 3,
      type: 'alertlist',
      title: 'Firing now',
      gridPos: { x: 16, y: 0, w: 8, h: 6 },
      options: { viewMode: 'stat', stateFilter: { firing: true, pending: false, error: false } },
    },
    {
      id: 4,
      type: 'state-timeline',
      title: 'States',
      gridPos: { x: 0, y: 12, w: 12, h: 9 },
      fieldConfig: {
        defaults: {
          mappings: [
            { type: 'value', options: { 0: { text: 'Down', color: 'red' }, 1: { text: 'Up', color: 'green' } } },
          ],
        },
        overrides: [],
      },
      targets: [{ refId: 'A', expr: 'up', legendFormat: '{{job}}' }],
    },
    {
      id: 5,
      type: 'status-history',
      title: 'Statuses',
      gridPos: { x: 12, y: 12, w: 12, h: 9 },
      targets: [{ refId: 'A', expr: 'sum by (job) (up)', legendFormat: '{{job}}' }],
      interval: '10s',
    },
  ],
}
