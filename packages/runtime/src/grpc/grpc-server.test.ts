import * as grpc from '@grpc/grpc-js'
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { PortTakenError } from '../http/listen-address.ts'
import { silentLogger } from '../log.ts'
import { GrpcError, GrpcStatus } from './grpc-error.ts'
import { startGrpcServer } from './grpc-server.ts'
import type { GrpcMethod } from './grpc-server.ts'

const PATH = '/test.Service/Echo'
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function serve(method: GrpcMethod, options: { maxMessageBytes?: number; port?: number } = {}): Promise<number> {
  const server = await startGrpcServer({
    host: '127.0.0.1',
    port: 0,
    portFlag: 'otlp.grpc',
    logger: silentLogger,
    maxMessageBytes: 100_000,
    methods: { [PATH]: method },
    ...options,
  })
  cleanups.push(() => server.close())
  return server.port
}

function call(
  port: number,
  message: Buffer,
  options: { gzip?: boolean; metadata?: Record<string, string>; onCall?: (call: grpc.ClientUnaryCall) => void } = {},
): Promise<Buffer> {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    'grpc.default_compression_algorithm': options.gzip ? 2 : 0,
    'grpc.max_receive_message_length': -1,
  })
  cleanups.push(() => client.close())
  const metadata = new grpc.Metadata()
  for (const [name, value] of Object.entries(options.metadata ?? {})) metadata.set(name, value)
  const same = (bytes: Buffer): Buffer => bytes
  return new Promise((resolve, reject) => {
    const running = client.makeUnaryRequest(PATH, same, same, message, metadata, {}, (error, answer) =>
      error ? reject(error) : resolve(answer!),
    )
    options.onCall?.(running)
  })
}

const codeOf = (code: number) => (error: unknown) => (error as { code: number }).code === code

test('passes bytes and metadata through, gzip included', async () => {
  const port = await serve(async (message, { metadata }) => Buffer.concat([message, Buffer.from(metadata['x-scope']!)]))
  for (const gzip of [false, true]) {
    const answer = await call(port, Buffer.from('hello '.repeat(100)), { gzip, metadata: { 'X-Scope': 'me' } })
    assert.equal(answer.toString(), 'hello '.repeat(100) + 'me')
  }
})

test('an empty answer is an empty message', async () => {
  assert.equal((await call(await serve(async () => new Uint8Array()), Buffer.from('x'))).length, 0)
})

test('turns GrpcError into its status and hides everything else', async () => {
  const told = await serve(async () => {
    throw new GrpcError(GrpcStatus.resourceExhausted, 'queue is full')
  })
  await assert.rejects(call(told, Buffer.alloc(1)), /8 RESOURCE_EXHAUSTED: queue is full/)
  const bug = await serve(async () => {
    throw new Error('secret detail')
  })
  await assert.rejects(call(bug, Buffer.alloc(1)), /13 INTERNAL: internal error$/)
})

test('refuses messages over the limit, also when they are that large only after gunzip', async () => {
  const port = await serve(async () => new Uint8Array())
  await assert.rejects(call(port, Buffer.alloc(100_001)), codeOf(grpc.status.RESOURCE_EXHAUSTED))
  await assert.rejects(call(port, Buffer.alloc(50_000_000), { gzip: true }), codeOf(grpc.status.RESOURCE_EXHAUSTED))
})

test('answers UNIMPLEMENTED to other methods', async () => {
  const server = await startGrpcServer({
    host: '127.0.0.1',
    port: 0,
    portFlag: 'x',
    logger: silentLogger,
    maxMessageBytes: 1000,
    methods: {},
  })
  cleanups.push(() => server.close())
  await assert.rejects(call(server.port, Buffer.alloc(1)), codeOf(grpc.status.UNIMPLEMENTED))
})

test('aborts the signal when the client cancels', async () => {
  const arrived = Promise.withResolvers<void>()
  const aborted = Promise.withResolvers<void>()
  const port = await serve(async (_message, { signal }) => {
    signal.addEventListener('abort', () => aborted.resolve())
    arrived.resolve()
    await aborted.promise
    return new Uint8Array()
  })
  let running: grpc.ClientUnaryCall | undefined
  const answer = call(port, Buffer.alloc(1), { onCall: (call) => (running = call) })
  const refused = assert.rejects(answer, codeOf(grpc.status.CANCELLED))
  await arrived.promise
  running!.cancel()
  await refused
  await aborted.promise
})

test('says which port is taken', async () => {
  const port = await serve(async () => new Uint8Array())
  await assert.rejects(
    serve(async () => new Uint8Array(), { port }),
    (error: unknown) => {
      assert.ok(error instanceof PortTakenError, String(error))
      assert.match(error.message, /is already in use by another program; --otlp\.grpc chooses another address/)
      return true
    },
  )
})
