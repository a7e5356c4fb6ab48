import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { HttpClient } from './http-client.ts'
import type { HttpClientOptions } from './http-client.ts'

interface Seen {
  readonly request: IncomingMessage
  readonly body: string
}

async function serve(
  t: TestContext,
  answer: (seen: Seen, response: ServerResponse) => void,
): Promise<{ url: string; connections: () => number }> {
  let connections = 0
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    answer({ request, body: Buffer.concat(chunks).toString() }, response)
  })
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections }
}

function client(t: TestContext, options: HttpClientOptions = {}): HttpClient {
  const created = new HttpClient(options)
  t.after(() => created.close())
  return created
}

const post = { headers: { 'x-a': '1' }, body: Buffer.from('payload'), timeoutMs: 5000 }

test('every status is an answer, with its text, headers and the beginning of its body', async (t) => {
  const { url } = await serve(t, ({ body, request }, response) => {
    response.writeHead(429, 'Slow Down', { 'retry-after': '3' }).end(`${request.method} ${body} ${'x'.repeat(100_000)}`)
  })
  const reply = await client(t).post(url, post)
  assert.deepEqual([reply.status, reply.statusText, reply.headers['retry-after']], [429, 'Slow Down', '3'])
  assert.equal(reply.body.length, 64 * 1024)
  assert.match(reply.body.toString(), /^POST payload xxx/)
})

test('one connection serves one request after the other, unless keep-alive is off', async (t) => {
  for (const keepAlive of [true, false]) {
    const { url, connections } = await serve(t, (_, response) => void response.end())
    const sender = client(t, { keepAlive })
    for (let index = 0; index < 3; index++) await sender.post(url, post)
    assert.equal(connections(), keepAlive ? 1 : 3)
  }
})

test('says that time was up, and stops when it is told to', async (t) => {
  const { url } = await serve(t, () => undefined)
  await assert.rejects(client(t).post(url, { ...post, timeoutMs: 20 }), /^Error: timed out after 20 ms$/)
  const stopping = new AbortController()
  const pending = client(t).post(url, { ...post, signal: stopping.signal })
  stopping.abort(new Error('stopping'))
  await assert.rejects(pending, { name: 'AbortError' })
  await assert.rejects(client(t).post('http://127.0.0.1:9/', post), /ECONNREFUSED/)
})

test('repeats the request at a redirect, without the credentials when that is another server', async (t) => {
  const seen: Seen[] = []
  const last = await serve(t, (request, response) => {
    seen.push(request)
    response.end('here')
  })
  const first = await serve(t, ({ request }, response) => {
    const location = request.url === '/a' ? '/b' : last.url
    response.writeHead(307, { location }).end()
  })
  const headers = { authorization: 'Bearer x', 'x-a': '1' }
  const reply = await client(t, { followRedirects: true }).post(`${first.url}/a`, { ...post, headers })
  assert.equal(reply.body.toString(), 'here')
  assert.deepEqual([seen[0].body, seen[0].request.headers['x-a']], ['payload', '1'])
  assert.equal(seen[0].request.headers.authorization, undefined)
  assert.equal((await client(t).post(`${first.url}/a`, post)).status, 307)
  const circle = await serve(t, (_, response) => void response.writeHead(308, { location: '/' }).end())
  await assert.rejects(client(t, { followRedirects: true }).post(circle.url, post), /stopped after 10 redirects/)
})

test('goes through a proxy where one is named, and past it where NO_PROXY says so', async (t) => {
  const origin = await serve(t, (_, response) => void response.end('direct'))
  const proxy = await serve(t, ({ request }, response) => void response.end(`proxied ${request.url}`))
  const through = client(t, { proxy: { HTTP_PROXY: proxy.url } })
  assert.equal((await through.post('http://there.example/x', post)).body.toString(), 'proxied http://there.example/x')
  const past = client(t, { proxy: { HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.1' } })
  assert.equal((await past.post(origin.url, post)).body.toString(), 'direct')
})

test('other methods than POST', async (t) => {
  const { url } = await serve(t, ({ request, body }, response) => void response.end(`${request.method} ${body}`))
  assert.equal((await client(t).post(url, { ...post, method: 'PUT' })).body.toString(), 'PUT payload')
  const get = await client(t).post(url, { ...post, method: 'GET', body: Buffer.alloc(0) })
  assert.equal(get.body.toString(), 'GET ')
})
