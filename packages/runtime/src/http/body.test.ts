import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import * as zlib from 'node:zlib'
import { compressSync } from 'snappy'
import { readBody } from './body.ts'
import { HttpError } from './http-error.ts'

const KILOBYTE = Buffer.from('all work and no play '.repeat(50))
const LIMITS = { maxBytes: 8192, decodedMaxBytes: 100_000 }

let server: Server
let url: string
let lastOutcome: Promise<unknown>

before(async () => {
  server = createServer((request, response) => {
    const outcome = readBody(request, LIMITS)
    lastOutcome = outcome.catch((error: unknown) => error)
    outcome.then(
      (body) => response.end(body),
      (error: unknown) => {
        assert.ok(error instanceof HttpError)
        response.statusCode = error.status
        response.shouldKeepAlive = request.complete
        response.end(error.message)
      },
    )
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
after(() => {
  server.close()
  server.closeAllConnections()
})

async function post(body: Uint8Array, encoding?: string): Promise<{ status: number; text: string }> {
  const headers: Record<string, string> = encoding === undefined ? {} : { 'content-encoding': encoding }
  const response = await fetch(url, { method: 'POST', body: Buffer.from(body), headers })
  return { status: response.status, text: await response.text() }
}

const ENCODERS: Record<string, (plain: Buffer) => Uint8Array> = {
  identity: (plain) => plain,
  gzip: (plain) => zlib.gzipSync(plain),
  deflate: (plain) => zlib.deflateSync(plain),
  zstd: (plain) => zlib.zstdCompressSync(plain),
  snappy: (plain) => compressSync(plain),
}

for (const [encoding, encode] of Object.entries(ENCODERS)) {
  test(`undoes ${encoding}`, async () => {
    assert.deepEqual(await post(encode(KILOBYTE), encoding), { status: 200, text: KILOBYTE.toString() })
  })

  test(`undoes ${encoding} of a body that decodes on the thread pool`, async () => {
    const plain = Buffer.from(Array.from({ length: 99_000 }, (_, index) => 97 + (index % 7)))
    if (encoding === 'identity') return
    assert.deepEqual(await post(encode(plain), encoding), { status: 200, text: plain.toString() })
  })
}

test('undoes deflate without a zlib header, which some clients send', async () => {
  assert.equal((await post(zlib.deflateRawSync(KILOBYTE), 'deflate')).text, KILOBYTE.toString())
})

test('undoes several encodings, the last one first', async () => {
  const twice = zlib.gzipSync(compressSync(KILOBYTE))
  assert.equal((await post(twice, 'snappy, gzip')).text, KILOBYTE.toString())
})

for (const encoding of ['gzip', 'deflate', 'zstd', 'snappy']) {
  test(`answers 413 to a ${encoding} bomb`, async () => {
    const bomb = ENCODERS[encoding]!(Buffer.alloc(encoding === 'snappy' ? 101_000 : 2_000_000))
    if (bomb.length > LIMITS.maxBytes) assert.fail(`the bomb has ${bomb.length} bytes`)
    const answer = await post(bomb, encoding)
    assert.equal(answer.status, 413)
    assert.match(answer.text, /limit is 100000/)
  })

  test(`answers 400 to damaged ${encoding}`, async () => {
    const answer = await post(Buffer.from('this is not compressed at all'), encoding)
    assert.equal(answer.status, 400)
    assert.match(answer.text, /^(gzip|zlib|flate|zstd|snappy): /)
  })

  test(`answers 400 to truncated ${encoding}`, async () => {
    const whole = ENCODERS[encoding]!(KILOBYTE)
    assert.equal((await post(whole.subarray(0, whole.length - 5), encoding)).status, 400)
  })

  test(`answers 400 to an empty ${encoding} body`, async () => {
    assert.equal((await post(Buffer.alloc(0), encoding)).status, 400)
  })
}

test('answers 415 to an unknown encoding', async () => {
  assert.deepEqual(await post(KILOBYTE, 'br'), { status: 415, text: 'unsupported content encoding "br"' })
})

test('answers 413 before reading when Content-Length is over the limit', async () => {
  const answer = await post(Buffer.alloc(8193))
  assert.deepEqual(answer, { status: 413, text: 'request body too large: 8193 bytes, limit is 8192' })
})

test('answers 413 while reading when no length was announced', async () => {
  const chunks = new ReadableStream({
    pull(controller) {
      controller.enqueue(Buffer.alloc(1000))
    },
  })
  const options = { method: 'POST', body: chunks, duplex: 'half' } as RequestInit
  // The server stops reading an endless body: the client sees the answer or a closed connection, never a hang.
  const outcome = await fetch(url, options)
    .then((response) => response.status)
    .catch(() => 'closed')
  assert.ok(outcome === 413 || outcome === 'closed', String(outcome))
  const error = await lastOutcome
  assert.ok(error instanceof HttpError && error.status === 413)
})

test('fails with 400 when the client stops in the middle', async () => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const arrived = once(server, 'request')
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc')
  await arrived
  socket.destroy()
  const error = await lastOutcome
  assert.ok(error instanceof HttpError && error.status === 400)
  assert.match(error.message, /unexpected EOF/)
})
