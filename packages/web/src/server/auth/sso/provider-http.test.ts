import { FakeClock, temporaryDirectory } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { CERTIFICATE, KEY } from '../../../../test/support/certificate.ts'
import { ProviderHttp, ProviderUnreachableError } from './provider-http.ts'

let server: Server
let url: string
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let paths: { caPath: string; certPath: string; keyPath: string }
let answer: (request: IncomingMessage, response: ServerResponse) => void

before(async () => {
  directory = await temporaryDirectory()
  paths = {
    caPath: join(directory.path, 'c.pem'),
    certPath: join(directory.path, 'c.pem'),
    keyPath: join(directory.path, 'k.pem'),
  }
  await writeFile(paths.certPath, CERTIFICATE)
  await writeFile(paths.keyPath, KEY)
  server = createServer({ cert: CERTIFICATE, key: KEY, ca: CERTIFICATE, requestCert: true, rejectUnauthorized: false })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/token?secret=1`
})
after(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await directory.remove()
})

const NONE = { caPath: '', certPath: '', keyPath: '', isSkipped: false }
const get = { method: 'GET', headers: {} }

async function ask(tls: Partial<typeof NONE>, clock = new FakeClock()) {
  const http = new ProviderHttp({ tls: { ...NONE, ...tls }, clock })
  try {
    const response = await http.fetch(url, get)
    return { text: await response.text(), clockDifferenceMs: http.clockDifferenceMs }
  } finally {
    http.close()
  }
}

test('trusts the authority that is named, or nobody is asked for', async () => {
  answer = (_request, response) => response.end('fine')
  await assert.rejects(ask({}), (error) => {
    assert.ok(error instanceof ProviderUnreachableError)
    assert.match(error.message, /self-signed certificate/)
    assert.ok(!error.message.includes('secret'), 'a query may hold secrets')
    return true
  })
  assert.equal((await ask({ caPath: paths.caPath })).text, 'fine')
  assert.equal((await ask({ isSkipped: true })).text, 'fine')
})

test('shows its own certificate', async () => {
  answer = (request, response) => response.end(String((request.socket as TLSSocket).authorized))
  assert.equal((await ask({ caPath: paths.caPath })).text, 'false')
  assert.equal((await ask(paths)).text, 'true')
})

test('a file that cannot be read is named', async () => {
  await assert.rejects(ask({ caPath: '/nowhere.pem' }), /tls_client_ca cannot be read: .*nowhere\.pem/)
})

test('an answer that is too large is cut off, and a redirect is not followed', async () => {
  answer = (_request, response) => response.end('x'.repeat(1024 * 1024 + 1))
  await assert.rejects(ask({ isSkipped: true }), /larger than 1048576 bytes/)
  answer = (_request, response) => response.writeHead(302, { location: 'https://evil.example/' }).end()
  assert.equal((await ask({ isSkipped: true })).text, '')
})

test('measures how far the clocks are apart', async () => {
  const clock = new FakeClock({ nowMs: Date.UTC(2026, 0, 1, 12) + 345 })
  answer = (_request, response) => response.setHeader('date', 'Thu, 01 Jan 2026 12:05:00 GMT').end('x')
  assert.equal((await ask({ isSkipped: true }, clock)).clockDifferenceMs, 300_000)
})
