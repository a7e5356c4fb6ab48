import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, beforeEach, test } from 'node:test'
import type { AlertmanagerStatusDto } from '../../common/alerting.ts'
import { FakeStore, RunningWeb } from '../../../test/support/running-web.ts'
import { readAlertmanagerConfig } from './alertmanager-config.ts'
import { refusalOf, roleNeeded } from './proxy-rules.ts'

let web: RunningWeb
let alertmanager: FakeStore

before(async () => {
  alertmanager = await FakeStore.start()
  web = await RunningWeb.start({
    files: {
      'stack/grafana/provisioning/datasources/b.yaml':
        `datasources:\n  - { name: Alertmanager, type: alertmanager, uid: am, url: '${alertmanager.url}' }\n` +
        "  - { name: Away, type: alertmanager, uid: away, url: 'http://127.0.0.1:9' }\n",
    },
  })
  await web.logIn()
})
after(async () => {
  await web.stop()
  await alertmanager.stop()
})
beforeEach(() => {
  web.store.seen.length = 0
  alertmanager.seen.length = 0
  web.store.answerJson({ status: 'success', data: { groups: [] } })
  alertmanager.answerJson([])
})

const SILENCE = '4d0d9b5e-2f3a-4c55-9d6d-0a3b6a6b9a11'

test('rules are asked for where each kind of store has them', async () => {
  for (const path of ['prometheus/api/v1/rules?type=alert', 'loki/api/v1/rules', 'loki/api/v1/alerts']) {
    assert.equal((await web.fetch(`/api/prometheus/${path}`)).status, 200)
  }
  assert.deepEqual(
    web.store.seen.map(({ url }) => url),
    ['/api/v1/rules?type=alert', '/prometheus/api/v1/rules', '/prometheus/api/v1/alerts'],
  )
})

test('Grafana has no rules of its own', async () => {
  const own = await web.json('/api/prometheus/grafana/api/v1/rules')
  assert.deepEqual(own, { status: 'success', data: { groups: [], totals: {} } })
  assert.deepEqual(await web.json('/api/ruler/grafana/api/v1/rules'), {})
})

test('a wrong type of data source is refused, an unknown one not found, a stranger turned away', async () => {
  const wrong = await web.fetch('/api/prometheus/tempo/api/v1/rules')
  assert.equal(wrong.status, 400)
  assert.match(await wrong.text(), /expecting prometheus or loki, got tempo/)
  assert.equal((await web.fetch('/api/alertmanager/prometheus/api/v2/alerts')).status, 400)
  assert.equal((await web.fetch('/api/alertmanager/none/api/v2/alerts')).status, 404)
  for (const path of ['alertmanager/am/api/v2/alerts', 'alertmanager/am/api/v2/status', 'ruler/loki/api/v1/rules']) {
    assert.equal((await web.fetch(`/api/${path}`, { headers: { cookie: '' } })).status, 401, path)
  }
})

test('the ruler of Loki answers YAML, which becomes JSON; Prometheus has none', async () => {
  web.store.answer = (_request, response) => {
    response.setHeader('content-type', 'application/yaml').end('shop:\n  - name: errors\n    rules: []\n')
  }
  assert.deepEqual(await web.json('/api/ruler/loki/api/v1/rules'), { shop: [{ name: 'errors', rules: [] }] })
  const response = await web.fetch('/api/ruler/prometheus/api/v1/rules')
  assert.equal(response.status, 404)
  assert.match(await response.text(), /reads its rules from files/)
})

test('the status shows the configuration without secrets', async () => {
  const original = [
    'route: { receiver: team, group_by: [alertname] }',
    'receivers:',
    '  - name: team',
    '    slack_configs: [{ api_url: https://hooks.example/abc, channel: ops }]',
    '    email_configs: [{ to: a@example.org, auth_password: hunter2, auth_password_file: /run/secret }]',
  ].join('\n')
  alertmanager.answerJson({ uptime: '2026-01-01T00:00:00Z', config: { original } })
  const status = await web.json<AlertmanagerStatusDto>('/api/alertmanager/am/api/v2/status')
  assert.equal(status.uptime, '2026-01-01T00:00:00Z')
  assert.deepEqual(status.config.route, { receiver: 'team', group_by: ['alertname'] })
  assert.deepEqual(status.config.receivers, [
    {
      name: 'team',
      slack_configs: [{ api_url: '<secret>', channel: 'ops' }],
      email_configs: [{ to: 'a@example.org', auth_password: '<secret>', auth_password_file: '/run/secret' }],
    },
  ])
  const config = await web.json('/api/alertmanager/am/config/api/v1/alerts')
  assert.deepEqual(config, { template_files: {}, alertmanager_config: status.config })
})

test('an Alertmanager that is away is named with its address', async () => {
  const response = await web.fetch('/api/alertmanager/away/api/v2/status')
  assert.equal(response.status, 502)
  assert.match(await response.text(), /Away \(http:\/\/127\.0\.0\.1:9\) cannot be reached/)
  const health = await web.json('/api/datasources/uid/away/health')
  assert.equal(health['status'], 'ERROR')
  assert.deepEqual(await web.json('/api/datasources/uid/am/health'), { status: 'OK', message: 'Health check passed.' })
})

test('silences are written and removed through both paths, nothing else is', async () => {
  alertmanager.answerJson({ silenceID: SILENCE })
  for (const base of ['/api/alertmanager/am', '/api/datasources/proxy/uid/am']) {
    const created = await web.fetch(`${base}/api/v2/silences`, { method: 'POST', json: { comment: 'x' } })
    assert.deepEqual([created.status, await created.json()], [200, { silenceID: SILENCE }])
    assert.equal((await web.fetch(`${base}/api/v2/silence/${SILENCE}`, { method: 'DELETE' })).status, 200)
    assert.equal((await web.fetch(`${base}/api/v2/alerts`, { method: 'POST', json: [] })).status, 403)
    assert.equal((await web.fetch(`${base}/api/v2/silence/..%2Freload`, { method: 'DELETE' })).status, 403)
  }
  assert.deepEqual(
    alertmanager.seen.map(({ method, url, body }) => `${method} ${url} ${body}`.trim()),
    [0, 1].flatMap(() => ['POST /api/v2/silences {"comment":"x"}', `DELETE /api/v2/silence/${SILENCE}`]),
  )
})

test('another site cannot make a browser silence an alert', async () => {
  const headers = { origin: 'https://evil.example' }
  const response = await web.fetch('/api/alertmanager/am/api/v2/silences', { method: 'POST', json: {}, headers })
  assert.equal(response.status, 403)
  assert.deepEqual(alertmanager.seen, [])
})

test('viewers see silences and cannot change them', async () => {
  const database = new DatabaseSync(join(web.stackDirectory, '../data/grafana/grafana.db'))
  database.exec("update user set org_role = 'Viewer'")
  try {
    assert.equal((await web.fetch('/api/alertmanager/am/api/v2/silences')).status, 200)
    for (const base of ['/api/alertmanager/am', '/api/datasources/proxy/uid/am']) {
      assert.equal((await web.fetch(`${base}/api/v2/silences`, { method: 'POST', json: {} })).status, 403)
      assert.equal((await web.fetch(`${base}/api/v2/silence/${SILENCE}`, { method: 'DELETE' })).status, 403)
    }
    assert.deepEqual(
      alertmanager.seen.map(({ method }) => method),
      ['GET'],
    )
  } finally {
    database.exec("update user set org_role = 'Admin'")
    database.close()
  }
})

test('rules of the proxy tell reading from writing', () => {
  assert.equal(refusalOf('alertmanager', 'GET', '/api/v2/alerts/groups'), undefined)
  assert.equal(refusalOf('alertmanager', 'POST', '/api/v2/silences'), undefined)
  assert.ok(refusalOf('alertmanager', 'POST', '/api/v2/alerts'))
  assert.ok(refusalOf('alertmanager', 'POST', '/-/reload'))
  assert.equal(roleNeeded('alertmanager', 'POST', '/api/v2/silences'), 'Editor')
  assert.equal(roleNeeded('alertmanager', 'GET', '/api/v2/silences'), 'Viewer')
  assert.equal(roleNeeded('prometheus', 'POST', '/api/v1/query'), 'Viewer')
})

test('secrets of receivers that older versions show are hidden as well', () => {
  const config = { receivers: [{ name: 'p', webhook_configs: [{ url: 'http://h/?t=1' }], x_configs: [{ url: 'y' }] }] }
  assert.deepEqual(readAlertmanagerConfig(config).receivers?.[0], {
    name: 'p',
    webhook_configs: [{ url: '<secret>' }],
    x_configs: [{ url: 'y' }],
  })
})

test('the summary counts over all stores, asks rarely and says who did not answer', async () => {
  web.store.answer = (request, response) => {
    const alerts = request.url.startsWith('/prometheus/') ? null : [{ state: 'firing' }, { state: 'pending' }]
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ status: 'success', data: { alerts } }))
  }
  assert.deepEqual(await web.json('/api/alerting/summary'), { firing: 1, pending: 1, failed: ['gone'] })
  await web.json('/api/alerting/summary')
  assert.deepEqual(web.store.seen.map(({ url }) => url).sort(), ['/api/v1/alerts', '/prometheus/api/v1/alerts'])
  assert.equal((await web.fetch('/api/alerting/summary', { headers: { cookie: '' } })).status, 401)
})
