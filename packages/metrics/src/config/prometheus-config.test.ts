import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadText, problemsOf } from '../../test/support/prometheus-file.ts'

test('fills in defaults from the global section', async () => {
  const config = await loadText(`
global:
  scrape_interval: 30s
  external_labels: {zone: eu}
scrape_configs:
- job_name: node
  static_configs:
  - targets: ['a:9100']
    labels: {team: x}
- job_name: slow
  scrape_interval: 5m
  scrape_timeout: 1m
  metrics_path: /m
  relabel_configs:
  - source_labels: [__address__]
    regex: '(.*):.*'
    target_label: host
  basic_auth: {username: u, password: secret}
storage:
  tsdb: {out_of_order_time_window: 10m, retention: {time: 3d, size: 1GB}}
`)
  const [node, slow] = config.scrapeConfigs
  assert.equal(node.scrapeIntervalMs, 30_000)
  assert.equal(node.scrapeTimeoutMs, 10_000)
  assert.deepEqual(node.staticConfigs, [{ targets: ['a:9100'], labels: { team: 'x' } }])
  assert.equal(slow.scrapeTimeoutMs, 60_000)
  assert.equal(slow.relabelRules[0].action, 'replace')
  assert.deepEqual(slow.http.basicAuth, { username: 'u', password: 'secret' })
  assert.equal(config.outOfOrderWindowMs, 600_000)
  assert.equal(config.retentionMs, 259_200_000)
  assert.equal(config.retentionBytes, 1024 ** 3)
  assert.deepEqual(config.externalLabels, { zone: 'eu' })
  assert.equal(config.findings.length, 0)
})

test('reports every problem with its place', async () => {
  const found = await problemsOf(`global:
  scrape_interval: 1x
scrape_configs:
- job_name: a
  scrape_intervall: 1m
- job_name: a
  relabel_configs:
  - action: hashmod
    source_labels: [x]
    target_label: y
`)
  assert.deepEqual(found, [
    'prometheus.yml:2:20: error: unknown unit "x" in duration "1x"',
    'prometheus.yml:5:3: error: field scrape_intervall not found in type config.plain',
    'prometheus.yml:8:5: error: relabel configuration for hashmod requires non-zero modulus',
  ])
})

test('refuses contradictions', async () => {
  assert.deepEqual(await problemsOf('scrape_configs:\n- job_name: a\n- job_name: a\n'), [
    'prometheus.yml:3:13: error: found multiple scrape configs with job name "a"',
  ])
  assert.match(
    (await problemsOf('scrape_configs:\n- {job_name: a, scrape_interval: 5s, scrape_timeout: 6s}\n'))[0],
    /scrape timeout greater than scrape interval for scrape config with job name "a"/,
  )
  assert.match((await problemsOf('scrape_configs: [{}]\n'))[0], /job_name is empty/)
  assert.match(
    (await problemsOf('scrape_configs:\n- {job_name: a, bearer_token: x, basic_auth: {username: u}}\n'))[0],
    /at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured/,
  )
})

test('accepts what upstream knows and says what has no effect yet', async () => {
  const { findings } = await loadText(`rule_files: [rules/*.yml]
alerting:
  alertmanagers: [{static_configs: [{targets: ['a:9093']}], sigv4: {region: eu}}]
scrape_configs:
- job_name: k
  kubernetes_sd_configs: [{role: pod}]
`)
  assert.deepEqual(
    findings.map(({ severity, at, message }) => [severity, at?.replace(/^.*yml:/, ''), message]),
    [
      ['warning', '3:68', '"sigv4" is not supported yet and has no effect'],
      ['warning', '6:26', '"kubernetes_sd_configs" is not supported yet and has no effect'],
    ],
  )
})
