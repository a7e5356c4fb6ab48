import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as grpc from '@grpc/grpc-js'
import { ProtoReader } from '@quartet/model'
import { FaultyFileSystem } from '@quartet/storage/testing'
import { DeliveryError, inputExport } from '../../src/components/otelcol/consumer.ts'
import type { OtlpBatch } from '../../src/components/otelcol/consumer.ts'
import { readStatusMessage } from '../../src/components/otelcol/otlp-reply.ts'
import { batchProcessor } from '../../src/components/otelcol/processor-batch.ts'
import { otlpReceiver } from '../../src/components/otelcol/receiver-otlp.ts'
import { EXPORT_METHODS } from '../../src/components/otelcol/service-names.ts'
import { buildComponent, testContext, until } from '../support/context.ts'
import { spanNames, spans } from '../support/otlp.ts'

const PROTO = { 'content-type': 'application/x-protobuf' }

test('a full disk refuses over HTTP and gRPC with the reason, and takes again when there is room', async (t) => {
  const fileSystem = new FaultyFileSystem({ capacityBytes: 400 })
  const context = testContext({ fileSystem })
  const delivered: OtlpBatch[] = []
  let isStoreAway = true
  const { input } = Object.fromEntries(
    inputExport({
      async consume(batch) {
        if (isStoreAway) throw new DeliveryError('away', { isRetryable: true })
        delivered.push(batch)
      },
    }),
  )
  const batch = buildComponent(batchProcessor, context, 'output { traces = [store] }\ntimeout = "1ms"', {
    store: input,
  })
  const receiver = buildComponent(
    otlpReceiver,
    context,
    'http { endpoint = "127.0.0.1:0" }\ngrpc { endpoint = "127.0.0.1:0" }\noutput { traces = [batch] }',
    { batch: batch.exports.get('input')! },
  )
  for (const component of [batch, receiver]) await component.start()
  t.after(async () => {
    for (const component of [receiver, batch]) await component.stop()
  })
  const addresses = receiver.debugInfo!()
  const post = async (name: string): Promise<{ status: number; reason: string; retryAfter: string | null }> => {
    const body = spans(name).bytes as Uint8Array<ArrayBuffer>
    const response = await fetch(`http://${String(addresses.get('http'))}/v1/traces`, {
      method: 'POST',
      body,
      headers: PROTO,
    })
    const reason = readStatusMessage(new ProtoReader(new Uint8Array(await response.arrayBuffer())))
    return { status: response.status, reason, retryAfter: response.headers.get('retry-after') }
  }
  const client = new grpc.Client(String(addresses.get('grpc')), grpc.credentials.createInsecure())
  t.after(() => client.close())
  const identity = (bytes: Buffer): Buffer => bytes
  const call = (name: string): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const message = Buffer.from(spans(name).bytes)
      client.makeUnaryRequest(EXPORT_METHODS.traces, identity, identity, message, (error, value) =>
        error ? reject(error) : resolve(value!),
      )
    })

  const taken: string[] = []
  let refusal = await post('span-0')
  for (let number = 1; refusal.status === 200 && number < 50; number++) {
    taken.push(`span-${number - 1}`)
    refusal = await post(`span-${number}`)
  }
  assert.ok(taken.length > 0, 'the disk held some')
  assert.equal(refusal.status, 503)
  assert.match(refusal.reason, /ENOSPC/)
  assert.ok(Number(refusal.retryAfter) >= 1)
  await assert.rejects(call('span-90'), (error: grpc.ServiceError) => {
    assert.equal(error.code, grpc.status.UNAVAILABLE)
    return /ENOSPC/.test(error.details)
  })
  assert.equal(await context.total('otelcol_receiver_refused_spans_total'), 2)

  fileSystem.capacityBytes = 1e6
  assert.equal((await post('span-91')).status, 200)
  await call('span-92')
  isStoreAway = false
  const names = (): string[] => delivered.flatMap(({ bytes }) => spanNames(bytes))
  await until('everything that was accepted', () => names().length >= taken.length + 2)
  assert.deepEqual(names().sort(), [...taken, 'span-91', 'span-92'].sort())
})
