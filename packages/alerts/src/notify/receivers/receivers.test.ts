import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alert, FIRING, RESOLVED, send } from '../../../test/support/send.ts'
import { NotifyError } from '../notify-error.ts'

const LIST =
  'Labels:\n - alertname = Down\n - instance = a\n - severity = page\nAnnotations:\n - summary = <b>"x" & y\nSource: http://prom/graph\n'

test('slack posts one attachment with the default texts', async () => {
  const got = await send("slack_configs: [{api_url: 'URL/hook', channel: '#x'}]")
  assert.equal(
    got.body,
    '{"channel":"#x","username":"Alertmanager","attachments":[{"title":"[FIRING:1] Down (a page)","title_link":"http://am/#/alerts?receiver=r","text":"","fallback":"[FIRING:1] Down (a page) | http://am/#/alerts?receiver=r","callback_id":"","footer":"","color":"danger","mrkdwn_in":["fallback","pretext","text"]}]}\n',
  )
})

test('slack sends an app token as a bearer', async () => {
  const got = await send("slack_configs: [{app_token: secret, app_url: 'URL/api', channel: '#x'}]", FIRING, {
    status: 200,
    body: '{"ok":true}',
    contentType: 'application/json; charset=utf-8',
  })
  assert.equal(got.headers['authorization'], 'Bearer secret')
  assert.equal(got.path, '/api')
})

test('slack refuses for good what Slack refuses with status 200', async () => {
  const config = "slack_configs: [{api_url: 'URL', channel: '#x'}]"
  const refused = send(config, FIRING, {
    status: 200,
    body: '{"ok":false,"error":"no_channel"}',
    contentType: 'application/json',
  })
  await assert.rejects(refused, (error) => {
    assert.ok(error instanceof NotifyError)
    assert.equal(error.message, 'channel "#x": error response from Slack: no_channel')
    assert.equal(error.canRetry, false)
    return true
  })
})

test('pagerduty triggers and resolves the incident of the group', async () => {
  const config = "pagerduty_configs: [{routing_key: key, url: 'URL/v2', details: {deep: {a: ['{{ .Status }}']}}}]"
  const { body } = await send(config)
  const event = JSON.parse(body) as Record<string, unknown> & { payload: Record<string, unknown> }
  assert.equal(event['routing_key'], 'key')
  assert.equal(event['event_action'], 'trigger')
  assert.match(String(event['dedup_key']), /^[0-9a-f]{64}$/)
  assert.equal(event.payload['summary'], '[FIRING:1] Down (a page)')
  assert.equal(event.payload['severity'], 'error')
  assert.deepEqual((event.payload['custom_details'] as Record<string, unknown>)['deep'], { a: ['firing'] })
  const resolved = JSON.parse((await send(config, RESOLVED)).body) as Record<string, unknown>
  assert.equal(resolved['event_action'], 'resolve')
  assert.equal(resolved['dedup_key'], event['dedup_key'])
})

test('telegram escapes what alerts bring along, since it reads HTML', async () => {
  const got = await send("telegram_configs: [{api_url: 'URL', bot_token: tok, chat_id: -42}]")
  assert.equal(got.path, '/bottok/sendMessage')
  const message = JSON.parse(got.body) as Record<string, string>
  assert.equal(message['chat_id'], '-42')
  assert.equal(message['parse_mode'], 'HTML')
  assert.ok(message['text'].includes(' - summary = &lt;b&gt;&#34;x&#34; &amp; y\n'), message['text'])
})

test('discord colours by status', async () => {
  const body = JSON.parse((await send("discord_configs: [{webhook_url: 'URL'}]", RESOLVED)).body) as {
    embeds: { color: number; title: string; description: string }[]
  }
  assert.equal(body.embeds[0].color, 0x2ecc71)
  assert.equal(body.embeds[0].title, '[RESOLVED] Down (a page)')
  assert.ok(body.embeds[0].description.includes(`Alerts Resolved:\n${LIST}`), body.embeds[0].description)
})

test('msteams sends a message card, msteamsv2 an adaptive card', async () => {
  const card = JSON.parse((await send("msteams_configs: [{webhook_url: 'URL'}]")).body) as Record<string, unknown>
  assert.equal(card['type'], 'MessageCard')
  assert.equal(card['themeColor'], '8C1A1A')
  assert.ok(String(card['text']).includes('# Alerts Firing:\n\nLabels:\n  - alertname = Down\n'))
  const v2 = JSON.parse((await send("msteamsv2_configs: [{webhook_url: 'URL'}]")).body) as {
    attachments: { content: { body: { color?: string }[] } }[]
  }
  assert.equal(v2.attachments[0].content.body[0].color, 'Attention')
})

test('webhook limits alerts and sends credentials', async () => {
  const got = await send(
    "webhook_configs: [{url: 'URL', max_alerts: 1, http_config: {basic_auth: {username: u, password: p}, http_headers: {X-A: {values: [b]}}}}]",
    [...FIRING, alert({ alertname: 'Down', instance: 'b' })],
  )
  const message = JSON.parse(got.body) as { alerts: unknown[]; truncatedAlerts: number }
  assert.equal(message.alerts.length, 1)
  assert.equal(message.truncatedAlerts, 1)
  assert.equal(got.headers['authorization'], `Basic ${Buffer.from('u:p').toString('base64')}`)
  assert.equal(got.headers['x-a'], 'b')
})

test('tries again after 5xx, gives up after 4xx, and never shows the URL', async () => {
  for (const [status, canRetry] of [
    [503, true],
    [404, false],
  ] as const) {
    await assert.rejects(send("webhook_configs: [{url: 'URL/secret'}]", FIRING, { status, body: 'why' }), (error) => {
      assert.ok(error instanceof NotifyError)
      assert.equal(error.canRetry, canRetry)
      assert.equal(error.message, `unexpected status code ${status}: why`)
      return true
    })
  }
  await assert.rejects(send("webhook_configs: [{url: 'http://127.0.0.1:1/secret'}]"), (error) => {
    assert.ok(error instanceof NotifyError && error.canRetry)
    assert.doesNotMatch(error.message, /secret/)
    return true
  })
})
