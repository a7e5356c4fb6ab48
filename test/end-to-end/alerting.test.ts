import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { Mailbox } from '../support/mailbox.ts'
import { eventually, Quartet } from '../support/quartet.ts'
import { runShop } from '../support/shop.ts'
import { Webhook } from '../support/webhook.ts'

/**
 * From a service that goes bad to a mail in the inbox, with the shipped configuration made impatient. `ShopFailing` comes from span metrics; the
 * other alerts follow numbers that the test pushes to the Pushgateway.
 */
const RULES = `groups:
  - name: shop
    rules:
      - alert: ShopFailing
        expr: |
          sum by (service) (rate(traces_spanmetrics_calls_total{service="payments", status_code="STATUS_CODE_ERROR"}[1m]))
            / sum by (service) (rate(traces_spanmetrics_calls_total{service="payments"}[1m])) > 0.3
        for: 2s
        labels: {severity: critical}
        annotations:
          summary: '{{ $labels.service }} fails {{ $value | humanizePercentage }} of its work'
  - name: switches
    rules:
      - alert: Silenced
        expr: switch{name="silenced"} > 0
      - alert: Full
        expr: switch{name="full"} > 0
        labels: {severity: critical}
      - alert: Full
        expr: switch{name="full"} > 0
        labels: {severity: warning}
`

const IMPATIENT: readonly (readonly [string, RegExp, string])[] = [
  ['prometheus/config/prometheus.yml', /evaluation_interval: 15s/, 'evaluation_interval: 1s'],
  [
    'prometheus/config/prometheus.yml',
    /(job_name: pushgateway\n)/,
    '$1    scrape_interval: 1s\n    scrape_timeout: 1s\n',
  ],
  ['tempo/config/tempo.yaml', /^metrics_generator:\n/m, '$&  registry: {collection_interval: 1s}\n'],
  ['alertmanager/config/alertmanager.yml', /group_wait: 30s/, 'group_wait: 1s'],
  ['alertmanager/config/alertmanager.yml', /group_interval: 5m/, 'group_interval: 3s'],
  ['alertmanager/config/alertmanager.yml', /(email_configs:)/, 'webhook_configs: [{url: "${TEST_WEBHOOK}"}]\n    $1'],
]

let quartet: Quartet
const mailbox = new Mailbox()
let webhook: Webhook
let env: Record<string, string>

function configure(stack: string): void {
  writeFileSync(join(stack, 'prometheus/config/rules/test.yml'), RULES)
  for (const [file, from, to] of IMPATIENT) {
    const path = join(stack, file)
    const text = readFileSync(path, 'utf8')
    assert.match(text, from, file)
    writeFileSync(path, text.replace(from, to))
  }
}

before(async () => {
  webhook = await Webhook.listen()
  env = {
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: String(await mailbox.listen()),
    SMTP_FROM: 'quartet@example.com',
    SMTP_TO: 'oncall@example.com',
    SMTP_REQUIRE_TLS: 'false',
    TEST_WEBHOOK: `http://127.0.0.1:${webhook.port}/`,
  }
  quartet = await Quartet.start({ env, configure })
})

after(async () => {
  // Undefined when it could not start.
  await (quartet as Quartet | undefined)?.stop()
  await mailbox.close()
  await webhook.close()
})

async function push(name: string, value: number): Promise<void> {
  const body = `switch{name="${name}"} ${value}\n`
  const response = await fetch(quartet.url(9091, `/metrics/job/test/switch/${name}`), { method: 'PUT', body })
  assert.equal(response.status, 200)
}

interface AlertStatus {
  readonly labels: Readonly<Record<string, string>>
  readonly status: {
    readonly state: string
    readonly silencedBy: readonly string[]
    readonly inhibitedBy: readonly string[]
  }
}

async function alertsOf(name: string): Promise<AlertStatus[]> {
  return quartet.get<AlertStatus[]>(9093, `/api/v2/alerts?filter=${encodeURIComponent(`alertname="${name}"`)}`)
}

const links = (html: string): string[] => [...html.matchAll(/href="([^"]+)"/g)].map(([, url]) => url)

test('a service goes bad: one mail and one webhook, and kill -9 of everything sends neither again', async () => {
  const shop = await runShop({ host: quartet.host, seconds: 12, rate: 20, outage: '0-1000' })
  assert.equal(shop.code, 0, shop.output)
  const mail = await eventually('the mail that it fires', async () => {
    const [first] = mailbox.about('FIRING', 'ShopFailing')
    assert.ok(first, `${mailbox.mails.length} mails: ${mailbox.mails.map(({ subject }) => subject).join('; ')}`)
    return first
  })
  assert.match(mail.subject ?? '', /^\[FIRING:1\] ShopFailing payments /)
  const html = String(mail.html)
  assert.match(html, /payments fails [\d.]+% of its work/)
  assert.ok(
    links(html).some((url) => url.includes(':9093')),
    `no link to Alertmanager among ${links(html).join(' ')}`,
  )
  assert.ok(
    links(html).some((url) => url.includes(':9090')),
    `no link to the query among ${links(html).join(' ')}`,
  )
  const payload = await webhook.message('ShopFailing')
  assert.equal(payload.version, '4')
  assert.equal(payload.status, 'firing')
  assert.deepEqual(payload.groupLabels, { alertname: 'ShopFailing', service: 'payments' })
  assert.equal(payload.alerts[0]?.labels['severity'], 'critical')

  await quartet.kill()
  quartet = await Quartet.start({ directory: quartet.directory, env, configure })
  await eventually('the alert is back after the restart', async () => {
    const [alert] = await alertsOf('ShopFailing')
    assert.equal(alert?.status.state, 'active')
  })
})

test('it recovers: one resolved message each', async () => {
  const shop = await runShop({ host: quartet.host, seconds: 12, rate: 60 })
  assert.equal(shop.code, 0, shop.output)
  await eventually(
    'the resolved mail and webhook',
    async () => {
      assert.equal(mailbox.about('RESOLVED', 'ShopFailing').length, 1)
      assert.equal(webhook.about('ShopFailing').filter(({ status }) => status === 'resolved').length, 1)
    },
    60_000,
  )
  assert.equal(mailbox.about('FIRING', 'ShopFailing').length, 1)
  assert.equal(webhook.about('ShopFailing').filter(({ status }) => status === 'firing').length, 1)
})

test('a silence stops a notification, an inhibition another', async () => {
  const silence = {
    matchers: [{ name: 'alertname', value: 'Silenced', isRegex: false, isEqual: true }],
    startsAt: new Date().toISOString(),
    endsAt: new Date(Date.now() + 600_000).toISOString(),
    createdBy: 'test',
    comment: 'known',
  }
  const { silenceID } = await quartet.get<{ silenceID: string }>(9093, '/api/v2/silences', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(silence),
  })
  await push('silenced', 1)
  await push('full', 1)
  await eventually('both are held back', async () => {
    const [silenced] = await alertsOf('Silenced')
    assert.deepEqual(silenced?.status.silencedBy, [silenceID])
    const warning = (await alertsOf('Full')).find(({ labels }) => labels['severity'] === 'warning')
    assert.equal(warning?.status.state, 'suppressed')
    assert.equal(warning.status.inhibitedBy.length, 1)
  })
  await eventually('the critical one is told', async () => assert.equal(webhook.about('Full').length, 1))
  // The end of the silence is proof that the alert would have been told, and that until then it was not.
  assert.equal(webhook.about('Silenced').length, 0)
  assert.equal((await fetch(quartet.url(9093, `/api/v2/silence/${silenceID}`), { method: 'DELETE' })).status, 200)
  await eventually('it is told once the silence is over', async () => assert.equal(webhook.about('Silenced').length, 1))
  const told = webhook.about('Full').flatMap(({ alerts }) => alerts.map(({ labels }) => labels['severity']))
  assert.deepEqual([...new Set(told)], ['critical'])
  await eventually('and mailed', async () => assert.equal(mailbox.about('Silenced').length, 1))
})
