import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { systemClock } from '../clock.ts'
import { silentLogger } from '../log.ts'
import { createSelfMetrics } from '../self-metrics.ts'
import { recordingLogger } from '../testing/recording-logger.ts'
import { HttpError } from './http-error.ts'
import { createHttpServer } from './http-server.ts'
import type { HttpServer, HttpServerOptions } from './http-server.ts'
import { PortTakenError } from './listen-address.ts'
import { requestSignal } from './request-signal.ts'
import { sendBody } from './response.ts'
import type { ServedRequest } from './served-request.ts'

const running: HttpServer[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()))
})

function create(options: Partial<HttpServerOptions> = {}): HttpServer {
  const server = createHttpServer({
    name: 'test',
    host: '127.0.0.1',
    port: 0,
    portFlag: 'web.listen-address',
    logger: silentLogger,
    metrics: createSelfMetrics({ clock: systemClock }),
    ...options,
  })
  running.push(server)
  return server
}

async function request(
  url: string,
  init: RequestInit = {},
): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(url, init)
  return { status: response.status, text: await response.text(), headers: response.headers }
}

test('serves raw handlers by exact path, with and without a query string', async () => {
  const server = create()
  server.raw('POST', '/push', (request, response) => void response.end(request.url))
  const { url } = await server.listen()
  assert.equal((await request(`${url}/push`, { method: 'POST' })).text, '/push')
  assert.equal((await request(`${url}/push?a=1`, { method: 'POST' })).text, '/push?a=1')
  assert.equal((await request(`${url}/push/`, { method: 'POST' })).status, 404)
})

test('answers 405 with Allow when a raw path has other methods', async () => {
  for (const withApi of [false, true]) {
    const server = create()
    server.raw('POST', '/push', (_request, response) => void response.end())
    if (withApi) server.api.get('/other', async () => 'x')
    const { url } = await server.listen()
    const answer = await request(`${url}/push`)
    assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'POST'])
    assert.equal((await request(`${url}/nothing`)).text, '404 page not found\n')
  }
})

test('turns errors of raw handlers into answers and logs only the unexpected ones', async () => {
  const { logger, records } = recordingLogger()
  const server = create({ logger })
  server.raw('POST', '/expected', async () => {
    throw new HttpError(429, 'slow down')
  })
  server.raw('POST', '/bug', () => {
    throw new TypeError('secret detail')
  })
  const { url } = await server.listen()
  const expected = await request(`${url}/expected`, { method: 'POST' })
  assert.deepEqual([expected.status, expected.text], [429, 'slow down\n'])
  assert.equal(records.length, 0)
  const bug = await request(`${url}/bug`, { method: 'POST' })
  assert.deepEqual([bug.status, bug.text], [500, 'internal server error\n'])
  assert.deepEqual(
    records.map((record) => record.message),
    ['request handler failed'],
  )
})

test('hands everything else to fastify: HEAD for GET, forms, buffers, compressed bodies, long parameters', async () => {
  const server = create()
  server.api.get('/hello/:name', async (request) => `hello ${(request.params as { name: string }).name}`)
  server.api.post('/form', async (request) => ({ match: (request.body as URLSearchParams).getAll('match[]') }))
  server.api.post('/bytes', async (request) => ({ size: (request.body as Buffer).length }))
  server.api.post('/json', async (request) => request.body)
  const { url } = await server.listen()
  assert.equal((await request(`${url}/hello/${'x'.repeat(3000)}`)).text.length, 3006)
  assert.equal((await request(`${url}/hello/you`, { method: 'HEAD' })).status, 200)
  const body = new URLSearchParams([
    ['match[]', 'a'],
    ['match[]', 'b'],
  ])
  assert.equal((await request(`${url}/form`, { method: 'POST', body })).text, '{"match":["a","b"]}')
  const headers = { 'content-type': 'application/x-protobuf' }
  assert.equal(
    (await request(`${url}/bytes`, { method: 'POST', headers, body: Buffer.alloc(2_000_000) })).text,
    '{"size":2000000}',
  )
  const packed = gzipSync('{"a":[1,2]}')
  const jsonHeaders = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  assert.equal(
    (await request(`${url}/json`, { method: 'POST', headers: jsonHeaders, body: packed })).text,
    '{"a":[1,2]}',
  )
  const bomb = await request(`${url}/json`, {
    method: 'POST',
    headers: jsonHeaders,
    body: gzipSync(Buffer.alloc(30_000_000)),
  })
  assert.equal(bomb.status, 413)
})

test('fastify errors are plain text by default and replaceable', async () => {
  const plain = create()
  plain.api.get('/fail', async () => {
    throw new HttpError(422, 'too much')
  })
  plain.api.post('/json', async () => 'never')
  const first = await plain.listen()
  const failed = await request(`${first.url}/fail`)
  assert.deepEqual([failed.status, failed.text], [422, 'too much\n'])
  const malformed = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' }
  assert.equal((await request(`${first.url}/json`, malformed)).status, 400)

  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  const own = create()
  own.api.setErrorHandler((_error, _request, reply) => reply.code(418).send({ own: true }))
  own.api.setNotFoundHandler((_request, reply) => reply.code(404).send({ missing: true }))
  own.api.get('/fail', async () => {
    throw new Error('x')
  })
  const second = await own.listen()
  assert.deepEqual((await request(`${second.url}/fail`)).text, '{"own":true}')
  assert.deepEqual((await request(`${second.url}/none`)).text, '{"missing":true}')
  process.off('warning', onWarning)
  assert.deepEqual(warnings, [])
})

test('gzips answers over 1 KB when the client accepts it: strings, buffers, raw handlers', async () => {
  const server = create()
  const big = 'value '.repeat(1000)
  server.api.get('/string', async () => big)
  server.api.get('/buffer', async (_request, reply) => reply.type('application/json').send(Buffer.from(big)))
  server.api.get('/small', async () => 'small')
  server.raw('GET', '/raw', (request, response) =>
    sendBody(request, response, { contentType: 'text/plain', body: big }),
  )
  const { port, host } = await server.listen()
  for (const path of ['/string', '/buffer', '/raw']) {
    const { head, body } = await rawGet(host, port, path, 'accept-encoding: gzip\r\n')
    assert.match(head, /content-encoding: gzip/i, path)
    assert.equal(gunzipSync(body).toString(), big)
    assert.ok(body.length < 500)
    const refused = await rawGet(host, port, path, 'accept-encoding: gzip;q=0, identity\r\n')
    assert.doesNotMatch(refused.head, /content-encoding/i)
    assert.equal(refused.body.toString(), big)
  }
  assert.doesNotMatch((await rawGet(host, port, '/small', 'accept-encoding: gzip\r\n')).head, /content-encoding/i)
})

test('serves health: 500 with what is broken, 503 with the reason until ready, and /metrics', async () => {
  let state: true | string = 'replaying the WAL\n'
  let health: true | string = true
  const server = create({
    health: { healthyText: 'Healthy.\n', healthy: () => health, readyText: 'Ready.\n', ready: () => state },
  })
  const { url } = await server.listen()
  assert.deepEqual((await request(`${url}/-/healthy`)).text, 'Healthy.\n')
  health = 'one part is broken\n'
  const broken = await request(`${url}/-/healthy`)
  assert.deepEqual([broken.status, broken.text], [500, 'one part is broken\n'])
  const early = await request(`${url}/-/ready`)
  assert.deepEqual([early.status, early.text], [503, 'replaying the WAL\n'])
  state = true
  assert.equal((await request(`${url}/-/ready`)).text, 'Ready.\n')
  assert.equal((await request(`${url}/-/ready`, { method: 'HEAD' })).status, 200)
  const metrics = await request(`${url}/metrics`)
  assert.match(metrics.headers.get('content-type')!, /version=0\.0\.4/)
  assert.match(metrics.text, /^process_resident_memory_bytes \d+$/m)
})

test('aborts requestSignal when the client goes away, and only then', async () => {
  const server = create()
  const aborted = Promise.withResolvers<unknown>()
  const arrived = Promise.withResolvers<void>()
  let quick: AbortSignal | undefined
  server.api.get('/slow', async (request) => {
    const signal = requestSignal(request)
    assert.equal(requestSignal(request.raw), signal)
    signal.addEventListener('abort', () => aborted.resolve(signal.reason))
    arrived.resolve()
    await aborted.promise
    return 'late'
  })
  server.raw('GET', '/quick', (request, response) => {
    quick = requestSignal(request)
    response.end('done')
  })
  const { url } = await server.listen()
  assert.equal((await request(`${url}/quick`)).text, 'done')
  const client = new AbortController()
  const pending = request(`${url}/slow`, { signal: client.signal }).catch(() => 'gone')
  await arrived.promise
  client.abort()
  assert.match(String(await aborted.promise), /context canceled/)
  assert.equal(await pending, 'gone')
  assert.equal(quick?.aborted, false)
})

test('says which port is taken and which flag changes it', async () => {
  const { port } = await create().listen()
  const second = create({ port })
  await assert.rejects(second.listen(), (error: unknown) => {
    assert.ok(error instanceof PortTakenError)
    assert.equal(
      error.message,
      `test: 127.0.0.1:${port} is already in use by another program; --web.listen-address chooses another address`,
    )
    return true
  })
})

test('close lets a running request finish and refuses new ones', async () => {
  const server = create()
  const arrived = Promise.withResolvers<void>()
  const finish = Promise.withResolvers<void>()
  server.raw('GET', '/slow', async (_request, response) => {
    arrived.resolve()
    await finish.promise
    response.end('finished')
  })
  const { url } = await server.listen()
  const pending = request(`${url}/slow`)
  await arrived.promise
  const closed = server.close()
  await assert.rejects(request(`${url}/slow`))
  finish.resolve()
  assert.equal((await pending).text, 'finished')
  await closed
})

test('close does not wait for a connection on which nothing was sent', async () => {
  const server = create()
  const { host, port } = await server.listen()
  const arrived = once(server.server, 'connection')
  const socket = connect(port, host)
  await arrived
  const startMs = performance.now()
  await server.close()
  socket.destroy()
  assert.ok(performance.now() - startMs < 2000)
})

test('tells an observer route, status and duration of raw and fastify requests', async () => {
  const served: ServedRequest[] = []
  const server = create({ observe: (event) => served.push(event) })
  server.raw('POST', '/push', (_request, response) => {
    response.statusCode = 204
    response.end()
  })
  server.api.get('/label/:name', async () => 'x')
  const { url } = await server.listen()
  await request(`${url}/push?x=1`, { method: 'POST' })
  await request(`${url}/label/a`)
  await server.close()
  assert.deepEqual(
    served.map(({ method, route, status }) => ({ method, route, status })),
    [
      { method: 'POST', route: '/push', status: 204 },
      { method: 'GET', route: '/label/:name', status: 200 },
    ],
  )
  assert.ok(served.every((event) => event.seconds >= 0 && event.seconds < 5))
})

/** fetch undoes gzip by itself, so the wire is looked at with a socket. */
function rawGet(host: string, port: number, path: string, headers: string): Promise<{ head: string; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(port, host)
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${headers}\r\n`)
    socket.on('data', (chunk) => chunks.push(chunk)).on('error', reject)
    socket.on('end', () => {
      const whole = Buffer.concat(chunks)
      const split = whole.indexOf('\r\n\r\n')
      resolve({ head: whole.subarray(0, split).toString(), body: whole.subarray(split + 4) })
    })
  })
}
