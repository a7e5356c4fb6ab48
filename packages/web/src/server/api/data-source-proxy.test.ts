import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { after, before, beforeEach, test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { RunningWeb } from '../../../test/support/running-web.ts'
import { refusalOf } from './proxy-rules.ts'

let web: RunningWeb

before(async () => {
  web = await RunningWeb.start({ environment: { GF_DATAPROXY_TIMEOUT: '1' } })
  await web.logIn()
})
after(() => web.stop())
beforeEach(() => {
  web.store.seen.length = 0
})

const PROXY = '/api/datasources/proxy/uid'

test('passes requests and answers, not cookies, with the store’s own credentials', async () => {
  web.store.answer = (_request, response) => {
    response
      .writeHead(422, { 'content-type': 'application/json', 'set-cookie': 'a=b', 'x-other': '1' })
      .end('{"status":"error"}')
  }
  const response = await web.fetch(`${PROXY}/prometheus/api/v1/query?query=up%7B%7D`, { headers: { 'x-custom': '1' } })
  assert.deepEqual([response.status, await response.json()], [422, { status: 'error' }])
  assert.deepEqual([response.headers.getSetCookie(), response.headers.get('x-other')], [[], null])
  assert.equal(response.headers.get('content-security-policy'), 'sandbox')
  const [seen] = web.store.seen
  assert.equal(seen.url, '/api/v1/query?query=up%7B%7D')
  assert.deepEqual(
    [seen.headers.cookie, seen.headers['x-custom'], seen.headers['x-scope-orgid'], seen.headers['user-agent']],
    [undefined, undefined, 'tenant', 'Grafana/12.3.1'],
  )
})

test('streams form and JSON bodies unchanged, also by numeric id', async () => {
  web.store.answerJson({})
  const type = 'application/x-www-form-urlencoded'
  const headers = { 'content-type': type }
  await web.fetch('/api/datasources/proxy/1/api/v1/query_range', { method: 'POST', body: 'query=a%2Bb&x=1', headers })
  assert.deepEqual(
    web.store.seen.map(({ method, body, headers }) => [method, body, headers['content-type']]),
    [['POST', 'query=a%2Bb&x=1', type]],
  )
})

test('refuses strangers, unknown sources and what writes or administers', async () => {
  const status = async (path: string, method = 'GET', headers = {}): Promise<number> =>
    (await web.fetch(path, { method, headers })).status
  assert.equal(await status(`${PROXY}/prometheus/api/v1/labels`, 'GET', { cookie: '' }), 401)
  assert.equal(await status(`${PROXY}/nothing/api/v1/labels`), 404)
  assert.equal(await status(`${PROXY}/prometheus/api/v1/admin/tsdb/delete_series`, 'POST'), 403)
  assert.equal(await status(`${PROXY}/prometheus/-/quit`, 'POST'), 403)
  assert.equal(await status(`${PROXY}/prometheus/api/v1/query`, 'DELETE'), 403)
  assert.equal(await status(`${PROXY}/loki/loki/api/v1/push`, 'POST'), 403)
  assert.deepEqual(web.store.seen, [])
})

test('rules compare the path as the store will see it', () => {
  assert.equal(refusalOf('prometheus', 'GET', '/api/v1/label/job/values'), undefined)
  assert.equal(refusalOf('tempo', 'GET', '/api/v2/search/tag/resource.service.name/values'), undefined)
  assert.equal(refusalOf('tempo', 'GET', '/api/traces/0af7651916cd43dd8448eb211c80319c'), undefined)
  assert.equal(refusalOf('loki', 'GET', '/loki/api/v1/label/a%2Fb/values'), undefined)
  for (const path of ['/api/v1/label/../admin/values', '/api/v1/query/%2e%2e/admin', '/api/v1/query\\..', '/config']) {
    assert.ok(refusalOf('prometheus', 'GET', path), path)
  }
  assert.match(refusalOf('mysql', 'GET', '/') ?? '', /not supported/)
})

test('says which store is away, and which is slow', async () => {
  const away = await web.fetch(`${PROXY}/gone/api/v1/labels`)
  assert.equal(away.status, 502)
  const message = ((await away.json()) as { message: string }).message
  assert.match(message, /^Gone \(http:\/\/127\.0\.0\.1:9\) cannot be reached: connect ECONNREFUSED/)
  web.store.answer = () => {}
  const slow = await web.fetch(`${PROXY}/loki/loki/api/v1/labels`)
  assert.equal(slow.status, 504)
  assert.match(((await slow.json()) as { message: string }).message, /^Loki \(.*\) did not answer within 1 s$/)
})

test('health tells the same as a status', async () => {
  web.store.answerJson({ status: 'success' })
  assert.deepEqual(await web.json('/api/datasources/uid/prometheus/health'), {
    status: 'OK',
    message: 'Successfully queried the Prometheus API.',
  })
  const gone = await web.json('/api/datasources/uid/gone/health')
  assert.equal(gone['status'], 'ERROR')
  assert.match(String(gone['message']), /cannot be reached/)
})

test('a request ends at the store when its client goes away', async () => {
  const closed = new Promise<void>((resolve) => {
    web.store.answer = (_request, response) => {
      response.once('close', resolve)
      client.destroy()
    }
  })
  const client = request(`${web.url}${PROXY}/prometheus/api/v1/query?query=1`, { headers: { cookie: web.cookie } })
  client.on('error', () => {})
  client.end()
  await closed
})

test('tails through a WebSocket, for those who are logged in only', async () => {
  const sockets = new WebSocketServer({ server: web.store.server, path: '/loki/api/v1/tail' })
  sockets.on('connection', (socket, { url }) => {
    socket.on('message', (data) => socket.send(`${url} ${String(data)}`))
  })
  const url = `${web.url.replace('http', 'ws')}${PROXY}/loki/loki/api/v1/tail?query=%7B%7D`
  const client = new WebSocket(url, { headers: { cookie: web.cookie } })
  await once(client, 'open')
  client.send('hello')
  const [data] = await once(client, 'message')
  assert.equal(String(data), '/loki/api/v1/tail?query=%7B%7D hello')
  client.close()
  await once(client, 'close')

  const refusal = async (address: string, headers: Record<string, string>): Promise<number> => {
    const socket = new WebSocket(address, { headers })
    const [, response] = await once(socket, 'unexpected-response')
    socket.on('error', () => {})
    socket.terminate()
    return (response as { statusCode: number }).statusCode
  }
  assert.equal(await refusal(url, {}), 401)
  assert.equal(await refusal(url, { cookie: web.cookie, origin: 'https://evil.example' }), 403)
  assert.equal(await refusal(url.replace('/tail', '/push'), { cookie: web.cookie }), 403)
  sockets.close()
})

test('stops at once although somebody is tailing', async () => {
  const other = await RunningWeb.start()
  await other.logIn()
  const sockets = new WebSocketServer({ server: other.store.server, path: '/loki/api/v1/tail' })
  const client = new WebSocket(`${other.url.replace('http', 'ws')}${PROXY}/loki/loki/api/v1/tail`, {
    headers: { cookie: other.cookie },
  })
  await once(client, 'open')
  const closed = once(client, 'close')
  const startMs = performance.now()
  await other.running.stop()
  await closed
  assert.ok(performance.now() - startMs < 3000)
  sockets.close()
  await other.stop()
})
