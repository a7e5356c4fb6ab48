import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { decodeUtf8, ProtoReader, readLabelPair, RemoteWriteReader, snappyDecode } from '@quartet/model'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { requestOf, startTempo, withGenerator } from '../support/tempo.ts'

interface Received {
  /** Last value by series text. */
  readonly values: Map<string, number>
  readonly exemplars: string[]
  readonly url: string
  /** Resolves once a series whose text contains `part` has this value. */
  has(part: string, value: number): Promise<void>
}

/** A remote-write receiver that reads with this project's own reader. */
async function receiver(context: TestContext): Promise<Received> {
  const values = new Map<string, number>()
  const exemplars: string[] = []
  const waiting: (() => void)[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const reader = new RemoteWriteReader()
      reader.read(snappyDecode(Buffer.concat(chunks)))
      const texts = Array.from({ length: reader.seriesCount }, (_, index) =>
        labelsText(reader.bytes, reader.seriesStart[index], reader.seriesEnd[index]),
      )
      for (let index = 0; index < reader.sampleCount; index++) {
        values.set(texts[reader.sampleSeries[index]], reader.values[index])
      }
      for (const { labelsEnd, labelsStart, seriesIndex } of reader.exemplars) {
        exemplars.push(`${texts[seriesIndex]} ${labelsText(reader.bytes, labelsStart, labelsEnd)}`)
      }
      response.writeHead(204).end()
      for (const wake of waiting.splice(0)) wake()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    values,
    exemplars,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write`,
    async has(part, value) {
      while (![...values].some(([text, known]) => text.includes(part) && known === value)) {
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
  }
}

function labelsText(bytes: Uint8Array, start: number, end: number): string {
  const reader = new ProtoReader(bytes, start, end)
  const range = { nameStart: 0, nameEnd: 0, valueStart: 0, valueEnd: 0 }
  const pairs: string[] = []
  while (readLabelPair(reader, range)) {
    const name = decodeUtf8(bytes, range.nameStart, range.nameEnd)
    if (name !== '__metrics_gen_instance') pairs.push(`${name}=${decodeUtf8(bytes, range.valueStart, range.valueEnd)}`)
  }
  return pairs.join(',')
}

test('spans sent by OTLP arrive as metrics at a remote-write receiver', { timeout: 30_000 }, async (context) => {
  const remote = await receiver(context)
  const directory = await temporaryDirectory()
  const config = withGenerator(remote.url, 50)
  let tempo = await startTempo(directory.path, config)
  context.after(async () => {
    await tempo.stop()
    await directory.remove()
  })
  const nowMs = Date.now()
  const client = { trace: '1', id: '2', service: 'web', kind: 3, startMs: nowMs - 200, durationMs: 150, name: 'call' }
  const server = {
    ...client,
    id: '3',
    parent: '2',
    service: 'shop',
    kind: 2,
    status: 2,
    durationMs: 100,
    name: 'serve',
  }
  for (let round = 0; round < 3; round++) {
    const trace = String(round + 1)
    const response = await tempo.send(requestOf({ ...client, trace }, { ...server, trace }))
    assert.equal(response.status, 200)
  }
  await remote.has('__name__=traces_service_graph_request_failed_total,client=web,server=shop', 3)
  await remote.has('__name__=traces_spanmetrics_calls_total,service=shop,span_kind=SPAN_KIND_SERVER,span_name=serve', 3)
  const bucket = [...remote.values].find(([text]) =>
    text.includes('traces_spanmetrics_latency_bucket,le=0.128,service=shop'),
  )
  assert.equal(bucket?.[1], 3)
  assert.ok(
    remote.exemplars.some((text) => /service=shop.* traceID=\d+$/.test(text)),
    remote.exemplars.join('\n'),
  )
  await tempo.stop()
  // Counters begin anew, as upstream's do, and nothing of the last round is left behind.
  remote.values.clear()
  tempo = await startTempo(directory.path, config)
  await tempo.send(requestOf({ ...client, trace: '9' }))
  await remote.has('__name__=traces_spanmetrics_calls_total,service=web', 1)
})
