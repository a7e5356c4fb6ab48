import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { alert, FIRING, notificationOf, NOW_MS, RESOLVED, send, sendAll } from '../../../test/support/send.ts'
import { startReceiver } from '../../../test/support/start.ts'
import type { Answer, Received } from '../../../test/support/start.ts'
import { silentLogger } from '@quartet/runtime'
import { httpConfig } from '../../config/http-config.ts'
import { Secret } from '../../config/secret.ts'
import { JsonClient } from '../json-client.ts'
import { NotifyError } from '../notify-error.ts'
import { NotificationTemplates } from '../template/notification-templates.ts'
import { createPushover } from './pushover.ts'

const HASH = createHash('sha256').update('{}:{alertname="Down"}').digest('hex')
const json = ({ body }: Received): unknown => JSON.parse(body)

test('opsgenie creates, updates and closes the alert of the group', async () => {
  const config =
    "opsgenie_configs: [{api_key: key, api_url: 'URL', source: am, tags: 'a,,b', update_alerts: true, details: {team: '{{ .Status }}'}, responders: [{name: 'x,y', type: teams}, {username: me, type: user}], priority: P1}]"
  const [create, message, description] = await sendAll(config, FIRING, () => ({ status: 202 }))
  assert.deepEqual([create.path, create.headers['authorization']], ['/v2/alerts', 'GenieKey key'])
  assert.match(
    create.body,
    new RegExp(
      `^{"alias":"${HASH}","message":"\\[FIRING:1\\] Down \\(a page\\)","description":"(.|\\n)*","details":{"alertname":"Down","instance":"a","severity":"page","team":"firing"},"source":"am","responders":\\[{"name":"x","type":"team"},{"name":"y","type":"team"},{"username":"me","type":"user"}\\],"tags":\\["a","b"\\],"priority":"P1"}\\n$`,
    ),
  )
  assert.deepEqual([message.method, message.path], ['PUT', `/v2/alerts/${HASH}/message?identifierType=alias`])
  assert.deepEqual(json(message), { message: '[FIRING:1] Down (a page)' })
  assert.equal(description.path, `/v2/alerts/${HASH}/description?identifierType=alias`)
  const closed = await send(config, RESOLVED)
  assert.equal(closed.path, `/v2/alerts/${HASH}/close?identifierType=alias`)
  assert.equal(closed.body, '{"source":"am"}\n')
})

test('victorops sends an event by the key of the route', async () => {
  const config =
    "victorops_configs: [{api_key: key, api_url: 'URL/', routing_key: team-x, custom_fields: {Env: '{{ .Status }}'}}]"
  const got = await send(config)
  assert.equal(got.path, '/key/team-x')
  const event = json(got) as Record<string, string>
  assert.deepEqual(Object.keys(event), [
    'Env',
    'entity_display_name',
    'entity_id',
    'message_type',
    'monitoring_tool',
    'state_message',
  ])
  assert.deepEqual([event['message_type'], event['entity_id'], event['Env']], ['CRITICAL', HASH, 'firing'])
  assert.equal((json(await send(config, RESOLVED)) as Record<string, string>)['message_type'], 'RECOVERY')
})

test('pushover sends its parameters in the query', async () => {
  const server = await startReceiver(() => ({ status: 200 }))
  const client = new JsonClient(httpConfig.parse({}), () => NOW_MS)
  const notifier = createPushover(
    {
      send_resolved: true,
      http_config: httpConfig.parse({}),
      token: new Secret('token'),
      user_key: new Secret('user'),
      title: '{{ .Status }}',
      message: ' ',
      url: 'http://am',
      priority: '2',
      retry: '1m0s',
      expire: '1h0m0s',
      ttl: '5s',
    },
    { templates: new NotificationTemplates([], () => NOW_MS), logger: silentLogger, http: () => client },
    server.url,
  )
  await notifier.notify(notificationOf(FIRING))
  client.close()
  await server.close()
  assert.deepEqual(Object.fromEntries(new URL(server.received[0].path, 'http://x').searchParams), {
    device: '',
    expire: '3600',
    message: '(no details)',
    priority: '2',
    retry: '60',
    sound: '',
    title: 'firing',
    token: 'token',
    ttl: '5',
    url: 'http://am',
    url_title: '',
    user: 'user',
  })
})

test('incidentio posts the group as version 1 and explains refusals', async () => {
  const config = "incidentio_configs: [{url: 'URL/alerts', alert_source_token: token, max_alerts: 1}]"
  const got = await send(config, [...FIRING, alert({ alertname: 'Down', instance: 'b' })])
  assert.equal(got.headers['authorization'], 'Bearer token')
  const message = json(got) as { version: string; alerts: unknown[]; truncatedAlerts: number; groupKey: string }
  assert.deepEqual([message.version, message.alerts.length, message.truncatedAlerts], ['1', 1, 1])
  const refused = send(config, FIRING, { status: 429, body: '{"message":"slow","errors":["a","b"]}' })
  await assert.rejects(refused, (error) => {
    assert.ok(error instanceof NotifyError && error.canRetry)
    assert.equal(error.message, 'unexpected status code 429: slow: a, b')
    return true
  })
})

test('sns publishes a signed form', async () => {
  const config =
    "sns_configs: [{api_url: 'URL', sigv4: {region: eu-west-1, access_key: AKID, secret_key: SECRET}, topic_arn: 'arn:aws:sns:eu-west-1:1:t.fifo', subject: s, message: 'm ü', attributes: {k: '{{ .Status }}'}}]"
  const got = await send(config)
  const form = new URLSearchParams(got.body)
  assert.deepEqual(Object.fromEntries(form), {
    Action: 'Publish',
    Version: '2010-03-31',
    TopicArn: 'arn:aws:sns:eu-west-1:1:t.fifo',
    MessageDeduplicationId: HASH,
    MessageGroupId: HASH,
    Message: 'm ü',
    Subject: 's',
    'MessageAttributes.entry.1.Name': 'k',
    'MessageAttributes.entry.1.Value.DataType': 'String',
    'MessageAttributes.entry.1.Value.StringValue': 'firing',
  })
  assert.match(
    String(got.headers['authorization']),
    /^AWS4-HMAC-SHA256 Credential=AKID\/20260102\/eu-west-1\/sns\/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=[0-9a-f]{64}$/,
  )
  const refused = send(config, FIRING, { status: 403, body: '<E><Error><Message>no &amp; no</Message></Error></E>' })
  await assert.rejects(refused, /unexpected status code 403: no &amp; no/)
})

/** A Jira with one issue, whose status category can be chosen. */
function jira(category: string | undefined): (request: Received) => Answer {
  const status = category && { statusCategory: { key: category } }
  const issues = category === undefined ? [] : [{ key: 'OPS-1', fields: { status } }]
  return ({ method, path }) => {
    if (path.includes('search')) return { status: 200, body: JSON.stringify({ issues }) }
    if (method === 'GET')
      return { status: 200, body: '{"transitions":[{"id":"7","name":"Done"},{"id":"8","name":"Reopen"}]}' }
    return { status: method === 'POST' && path.endsWith('/issue') ? 201 : 204 }
  }
}

const JIRA =
  "jira_configs: [{api_url: 'URL/rest/api/2', project: OPS, issue_type: Bug, labels: [x], resolve_transition: Done, reopen_transition: Reopen, reopen_duration: 1h, fields: {customfield_1: {value: '{{ .Status }}'}}, summary: {enable_update: false}}]"

test('jira creates an issue, leaves its summary, resolves and reopens it', async () => {
  const [search, create] = await sendAll(JIRA, FIRING, jira(undefined))
  assert.equal(
    search.body,
    `{"fields":["status"],"jql":"(resolutiondate is EMPTY OR resolutiondate \\u003e= -60m) and project=\\"OPS\\" and labels=\\"ALERT{${HASH}}\\" order by status ASC,resolutiondate DESC","maxResults":2}\n`,
  )
  assert.deepEqual([create.method, create.path], ['POST', '/rest/api/2/issue'])
  const { fields } = json(create) as { fields: Record<string, unknown> }
  assert.deepEqual(
    [fields['customfield_1'], fields['labels'], fields['project']],
    [{ value: 'firing' }, [`ALERT{${HASH}}`, 'x'], { key: 'OPS' }],
  )
  assert.equal(fields['summary'], '[FIRING:1] Down (a page)')

  const resolved = await sendAll(JIRA, RESOLVED, jira('new'))
  assert.deepEqual(
    resolved.map(({ method, path }) => `${method} ${path}`),
    [
      'POST /rest/api/2/search',
      'PUT /rest/api/2/issue/OPS-1',
      'GET /rest/api/2/issue/OPS-1/transitions',
      'POST /rest/api/2/issue/OPS-1/transitions',
    ],
  )
  assert.equal((json(resolved[1]) as { fields: object }).fields.hasOwnProperty('summary'), false)
  assert.equal(resolved[3].body, '{"transition":{"id":"7"}}\n')
  const reopened = await sendAll(JIRA, FIRING, jira('done'))
  assert.equal(reopened[3].body, '{"transition":{"id":"8"}}\n')
  assert.equal((await sendAll(JIRA, RESOLVED, jira(undefined))).length, 1)
})

test('jira in the cloud searches by version 3, whose descriptions are documents', async () => {
  const config = JIRA.replace('api/2', 'api/3').replace(
    'project: OPS',
    'project: OPS, api_type: cloud, description: \'{"type":"doc"}\'',
  )
  const [search, create] = await sendAll(config, FIRING, jira(undefined))
  assert.equal(search.path, '/rest/api/3/search/jql')
  assert.deepEqual((json(create) as { fields: Record<string, unknown> }).fields['description'], { type: 'doc' })
  const text = JIRA.replace('api/2', 'api/3')
  await assert.rejects(sendAll(text, FIRING, jira(undefined)), /description template: invalid JSON for API v3/)
})
