import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FIRING, RESOLVED, send, sendAll } from '../../../test/support/send.ts'
import type { Answer, Received } from '../../../test/support/start.ts'
import { NotifyError } from '../notify-error.ts'

test('webex posts Markdown to the room with its token', async () => {
  const got = await send(
    "webex_configs: [{api_url: 'URL/v1/messages', room_id: '{{ .Status }}-room', message: '**{{ .Status }}**', http_config: {authorization: {credentials: token}}}]",
  )
  assert.equal(got.body, '{"markdown":"**firing**","roomId":"firing-room"}\n')
  assert.equal(got.headers['authorization'], 'Bearer token')
})

/** Answers token requests and says `errcode` to messages. */
function wechat(errcode: number): (request: Received) => Answer {
  return ({ path }) => ({
    status: 200,
    body: path.includes('gettoken') ? '{"access_token":"T"}' : JSON.stringify({ errcode, errmsg: 'words' }),
  })
}

const WECHAT =
  "wechat_configs: [{api_url: 'URL', api_secret: s, corp_id: c, to_user: me, agent_id: '1', message: hello}]"

test('wechat fetches a token once and sends a text with it', async () => {
  const got = await sendAll(WECHAT, FIRING, wechat(0), 2)
  assert.deepEqual(
    got.map(({ method, path }) => `${method} ${path}`),
    ['GET /gettoken?corpid=c&corpsecret=s', 'POST /message/send?access_token=T', 'POST /message/send?access_token=T'],
  )
  assert.equal(
    got[1].body,
    '{"text":{"content":"hello"},"touser":"me","agentid":"1","safe":"0","msgtype":"text","markdown":{"content":""}}\n',
  )
})

test('wechat tries again with another token when one has expired, and gives up else', async () => {
  for (const [code, canRetry] of [
    [42001, true],
    [40013, false],
  ] as const) {
    await assert.rejects(sendAll(WECHAT, FIRING, wechat(code)), (error) => {
      assert.ok(error instanceof NotifyError)
      assert.deepEqual([error.message, error.canRetry], ['words', canRetry])
      return true
    })
  }
})

const ROCKET =
  "rocketchat_configs: [{api_url: 'URL', token: t, token_id: i, channel: '#ops', short_fields: true, fields: [{title: a, value: '{{ .Status }}'}], actions: [{type: x, text: Go, url: 'http://go'}]}]"

test('rocketchat posts one attachment with its two tokens', async () => {
  const got = await send(ROCKET, FIRING, { status: 200, body: '{"success":true}' })
  assert.equal(got.path, '/api/v1/chat.postMessage')
  assert.deepEqual([got.headers['x-auth-token'], got.headers['x-user-id']], ['t', 'i'])
  assert.equal(
    got.body,
    '{"channel":"#ops","attachments":[{"title":"[FIRING:1] Down (a page)","title_link":"http://am/#/alerts?receiver=r","color":"red","fields":[{"short":true,"title":"a","value":"firing"}],"actions":[{"type":"button","text":"Go","url":"http://go"}]}]}\n',
  )
})

test('rocketchat refuses for good what the server refuses with status 200', async () => {
  const refused = send(ROCKET, FIRING, { status: 200, body: '{"success":false,"error":"no room"}' })
  await assert.rejects(refused, (error) => {
    assert.ok(error instanceof NotifyError)
    assert.equal(error.message, 'channel "#ops": error response from Rocketchat: no room')
    assert.equal(error.canRetry, false)
    return true
  })
})

test('mattermost posts text, attachments and a priority that it may have', async () => {
  const got = await send(
    "mattermost_configs: [{webhook_url: 'URL/hook', channel: ops, text: '{{ .Status }}', attachments: [{title: x, color: '#f00', fields: [{title: a, value: b, short: true}], footer: f}], props: {card: '{{ .Status }}'}, priority: {priority: Important, requested_ack: true, persistent_notifications: true}}]",
    RESOLVED,
  )
  assert.equal(
    got.body,
    '{"text":"resolved","channel":"ops","attachments":[{"color":"#f00","title":"x","fields":[{"title":"a","value":"b","short":true}],"footer":"f"}],"props":{"card":"resolved"},"priority":{"priority":"important","requested_ack":true}}\n',
  )
})

test('an oauth2 token is fetched once, by header or else in the body, and used until it ends', async () => {
  const answer = ({ body, headers, path }: Received): Answer => {
    if (path !== '/token') return { status: 200 }
    const isInBody = new URLSearchParams(body).get('client_secret') === 's'
    if (headers['authorization'] !== undefined || !isInBody) return { status: 401 }
    return { status: 200, body: '{"access_token":"T","expires_in":3600}' }
  }
  const config =
    "webhook_configs: [{url: 'URL/hook', http_config: {oauth2: {client_id: c, client_secret: s, token_url: 'URL/token', scopes: [a, b], endpoint_params: {x: y}}}}]"
  const got = await sendAll(config, FIRING, answer, 2)
  assert.deepEqual(
    got.map(({ path }) => path),
    ['/token', '/token', '/hook', '/hook'],
  )
  assert.equal(got[0].body, 'grant_type=client_credentials&x=y&scope=a+b')
  assert.equal(got[0].headers['authorization'], `Basic ${Buffer.from('c:s').toString('base64')}`)
  assert.equal(got[3].headers['authorization'], 'Bearer T')
  await assert.rejects(
    sendAll(config, FIRING, () => ({ status: 500 })),
    /^NotifyError: oauth2: cannot fetch token: 500/,
  )
})

test('goes through the proxy that is configured', async () => {
  const got = await send("webhook_configs: [{url: 'http://there.example/hook', http_config: {proxy_url: 'URL'}}]")
  assert.equal(got.path, 'http://there.example/hook')
})
