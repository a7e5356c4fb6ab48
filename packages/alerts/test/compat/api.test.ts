import { temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { startAlertmanager, startReceiver } from '../support/start.ts'

const config = (url: string): string => `
route:
  receiver: hook
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1h
receivers:
  - name: hook
    webhook_configs:
      - url: ${url}/alerts
`

const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

test('takes alerts, shows them and posts payload version 4', async () => {
  const directory = await temporaryDirectory()
  const hook = await startReceiver()
  const { running, url } = await startAlertmanager(directory.path, config(hook.url), {
    'web.external-url': 'http://am.example',
  })
  try {
    const posted = await fetch(
      `${url}/api/v2/alerts`,
      json([
        {
          labels: { alertname: 'Down', instance: 'a<b>&c', empty: '' },
          annotations: { summary: 'it is "down"' },
          startsAt: '2026-01-02T03:04:05.678Z',
          generatorURL: 'http://prom/graph?a=1&b=2',
        },
      ]),
    )
    assert.equal(posted.status, 200)
    assert.equal(await posted.text(), '')
    const got = await hook.next()
    assert.equal(got.path, '/alerts')
    assert.equal(got.headers['content-type'], 'application/json')
    assert.equal(got.headers['user-agent'], 'Alertmanager/0.30.0')
    assert.equal(
      got.body,
      '{"receiver":"hook","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Down","instance":"a\\u003cb\\u003e\\u0026c"},"annotations":{"summary":"it is \\"down\\""},"startsAt":"2026-01-02T03:04:05.678Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prom/graph?a=1\\u0026b=2","fingerprint":"ba1e2a2d0e21cd0f"}],"groupLabels":{"alertname":"Down"},"commonLabels":{"alertname":"Down","instance":"a\\u003cb\\u003e\\u0026c"},"commonAnnotations":{"summary":"it is \\"down\\""},"externalURL":"http://am.example","version":"4","groupKey":"{}:{alertname=\\"Down\\"}","truncatedAlerts":0}\n',
    )
    const alerts = await fetch(`${url}/api/v2/alerts`)
    assert.equal(alerts.headers.get('content-type'), 'application/json')
    assert.equal(alerts.headers.get('cache-control'), 'no-store')
    assert.match(
      await alerts.text(),
      /^\[\{"annotations":\{"summary":"it is \\"down\\""\},"endsAt":"[^"]+","fingerprint":"ba1e2a2d0e21cd0f","receivers":\[\{"name":"hook"\}\],"startsAt":"2026-01-02T03:04:05.678Z","status":\{"inhibitedBy":\[\],"mutedBy":\[\],"silencedBy":\[\],"state":"active"\},"updatedAt":"[^"]+","generatorURL":"http:\/\/prom\/graph\?a=1\\u0026b=2","labels":\{"alertname":"Down","instance":"a\\u003cb\\u003e\\u0026c"\}\}\]\n$/,
    )
    const groups = await (await fetch(`${url}/api/v2/alerts/groups`)).text()
    assert.match(groups, /^\[\{"alerts":\[\{.*\}\],"labels":\{"alertname":"Down"\},"receiver":\{"name":"hook"\}\}\]\n$/)
    assert.equal(await (await fetch(`${url}/api/v2/alerts?filter=alertname!=Down`)).text(), '[]\n')
    assert.equal(await (await fetch(`${url}/api/v2/alerts?receiver=other`)).text(), '[]\n')
    assert.equal(await (await fetch(`${url}/api/v2/receivers`)).text(), '[{"name":"hook"}]\n')
  } finally {
    await running.stop()
    await hook.close()
    await directory.remove()
  }
})

test('answers bad requests as upstream does', async () => {
  const directory = await temporaryDirectory()
  const { running, url } = await startAlertmanager(directory.path, 'route: {receiver: a}\nreceivers: [{name: a}]\n')
  const ask = async (path: string, init?: RequestInit): Promise<[number, string]> => {
    const response = await fetch(url + path, init)
    return [response.status, await response.text()]
  }
  try {
    assert.deepEqual(await ask('/api/v2/alerts', json([{ labels: {} }])), [400, '"at least one label pair required"\n'])
    assert.equal((await ask('/api/v2/alerts', json([{}])))[0], 422)
    assert.equal((await ask('/api/v2/alerts', { ...json([]), body: '[{' }))[0], 400)
    assert.deepEqual(await ask('/api/v2/alerts?filter=!'), [400, '"bad matcher format: !"\n'])
    assert.deepEqual(await ask('/api/v2/alerts?active=perhaps'), [200, '[]\n'])
    assert.deepEqual(await ask('/api/v2/nothing'), [404, '{"code":404,"message":"path /api/v2/nothing was not found"}'])
    assert.deepEqual(await ask('/api/v2/silence/4f3b8a0e-0000-4000-8000-000000000000'), [404, ''])
    assert.equal((await ask('/api/v2/silence/x'))[0], 422)
    const silence = {
      matchers: [{ name: 'a', value: 'b', isRegex: false }],
      startsAt: '2026-01-01T00:00:00Z',
      endsAt: '2025-01-01T00:00:00Z',
      createdBy: 'me',
      comment: '',
    }
    assert.deepEqual(await ask('/api/v2/silences', json(silence)), [
      400,
      '"Failed to create silence: start time must be before end time"\n',
    ])
    const past = { ...silence, startsAt: '2024-01-01T00:00:00Z' }
    assert.deepEqual(await ask('/api/v2/silences', json(past)), [
      400,
      '"Failed to create silence: end time can\'t be in the past"\n',
    ])
    const vague = { ...silence, endsAt: '2999-01-01T00:00:00Z', matchers: [{ name: 'a', value: '', isRegex: false }] }
    assert.deepEqual(await ask('/api/v2/silences', json(vague)), [
      400,
      '"invalid silence: at least one matcher must not match the empty string"\n',
    ])
    const unknown = { ...vague, matchers: silence.matchers, id: '4f3b8a0e-0000-4000-8000-000000000000' }
    assert.deepEqual(await ask('/api/v2/silences', json(unknown)), [404, '"silence not found"\n'])
    const [status, body] = await ask('/api/v1/alerts', json([]))
    assert.equal(status, 410)
    assert.match(body, /^\{"status":"deprecated","error":"The Alertmanager v1 API was deprecated/)
    assert.deepEqual(await ask('/-/healthy'), [200, 'OK'])
    assert.deepEqual(await ask('/-/ready'), [200, 'OK'])
    const metrics = (await ask('/metrics'))[1]
    for (const name of [
      'alertmanager_alerts{state="active"} 0',
      'alertmanager_alerts_received_total{status="firing",version="v2"} 0',
      'alertmanager_notifications_total{integration="webhook"} 0',
      'alertmanager_config_last_reload_successful 1',
      'alertmanager_silences{state="expired"} 0',
    ]) {
      assert.ok(metrics.includes(name), name)
    }
  } finally {
    await running.stop()
    await directory.remove()
  }
})

test('a broken reload keeps the old configuration and says where it is broken', async () => {
  const directory = await temporaryDirectory()
  const good = 'route: {receiver: a}\nreceivers: [{name: a}]\n'
  const { path, running, url } = await startAlertmanager(directory.path, good)
  try {
    await writeFile(path, 'route:\n  receiver: b\n  group_wait: soon\nreceivers: [{name: a}]\n')
    const refused = await fetch(`${url}/-/reload`, { method: 'POST' })
    assert.equal(refused.status, 500)
    assert.match(await refused.text(), /^failed to reload config: .*alertmanager\.yml:3:15: error: .*"soon"/)
    assert.match(await (await fetch(`${url}/metrics`)).text(), /alertmanager_config_last_reload_successful 0/)
    assert.equal(await (await fetch(`${url}/api/v2/receivers`)).text(), '[{"name":"a"}]\n')
    await writeFile(path, good.replaceAll('a}', 'c}'))
    assert.equal((await fetch(`${url}/-/reload`, { method: 'POST' })).status, 200)
    assert.equal(await (await fetch(`${url}/api/v2/receivers`)).text(), '[{"name":"c"}]\n')
  } finally {
    await running.stop()
    await directory.remove()
  }
})

test('silences survive a restart', async () => {
  const directory = await temporaryDirectory()
  const text = 'route: {receiver: a}\nreceivers: [{name: a}]\n'
  const first = await startAlertmanager(directory.path, text)
  const posted = await fetch(
    `${first.url}/api/v2/silences`,
    json({
      matchers: [{ name: 'a', value: 'b.*', isRegex: true, isEqual: false }],
      startsAt: '2026-01-01T00:00:00Z',
      endsAt: '2999-01-01T00:00:00Z',
      createdBy: 'me',
      comment: 'c',
    }),
  )
  const { silenceID } = (await posted.json()) as { silenceID: string }
  await first.running.stop()
  const second = await startAlertmanager(directory.path, text)
  try {
    const shown = await (await fetch(`${second.url}/api/v2/silence/${silenceID}`)).text()
    assert.match(
      shown,
      /^\{"id":"[-0-9a-f]{36}","status":\{"state":"active"\},"updatedAt":"[^"]+","comment":"c","createdBy":"me","endsAt":"2999-01-01T00:00:00.000Z","matchers":\[\{"isEqual":false,"isRegex":true,"name":"a","value":"b\.\*"\}\],"startsAt":"[^"]+"\}\n$/,
    )
    const deleted = await fetch(`${second.url}/api/v2/silence/${silenceID}`, { method: 'DELETE' })
    assert.equal(deleted.status, 200)
    const list = (await (await fetch(`${second.url}/api/v2/silences`)).json()) as { status: { state: string } }[]
    assert.equal(list[0].status.state, 'expired')
  } finally {
    await second.running.stop()
    await directory.remove()
  }
})
