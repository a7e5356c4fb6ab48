import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { otlpJsonToProto } from '@quartet/model'
import { requestOf, startTempo, withTempo } from '../test/support/tempo.ts'
import type { Json, Tempo } from '../test/support/tempo.ts'

const ROOT = { trace: 'a1', id: '1', name: 'GET /cart', service: 'web', durationMs: 250, kind: 2 }
const CHILD = {
  trace: 'a1',
  id: '2',
  parent: '1',
  name: 'SELECT',
  service: 'db',
  durationMs: 40,
  kind: 3,
  status: 2,
  startMs: 1_700_000_000_050,
  attributes: { 'db.rows': 7, 'db.system': 'postgresql', cached: false, ratio: 0.5 },
}

async function find(tempo: Tempo, query: string): Promise<Json[]> {
  return (await tempo.json(`/api/search?q=${encodeURIComponent(query)}`)).traces
}

describe('the traces system', () => {
  it('finds a trace by id and by search at once, before and after a block is cut and a restart', async () => {
    await withTempo(async (tempo, directory) => {
      assert.equal((await tempo.send(requestOf(ROOT, CHILD))).status, 200)
      const check = async (running: Tempo): Promise<void> => {
        const { batches } = await running.json('/api/traces/a1')
        const spans = batches.flatMap((batch: Json) => batch.scopeSpans.flatMap((scope: Json) => scope.spans))
        assert.deepEqual(
          spans.map((span: Json) => span.name),
          ['GET /cart', 'SELECT'],
        )
        assert.equal(spans[1].status.code, 'STATUS_CODE_ERROR')
        assert.equal(spans[1].spanId, Buffer.from('0000000000000002', 'hex').toString('base64'))
        const [found] = await find(running, '{ resource.service.name = "db" && span.db.rows > 5 && duration < 1s }')
        assert.deepEqual(found, {
          traceID: 'a1',
          rootServiceName: 'web',
          rootTraceName: 'GET /cart',
          startTimeUnixNano: '1700000000000000000',
          durationMs: 250,
          spanSet: found.spanSets[0],
          spanSets: [
            {
              spans: [
                {
                  spanID: '0000000000000002',
                  startTimeUnixNano: '1700000000050000000',
                  durationNanos: '40000000',
                  attributes: [
                    { key: 'service.name', value: { stringValue: 'db' } },
                    { key: 'db.rows', value: { intValue: '7' } },
                  ],
                },
              ],
              matched: 1,
            },
          ],
          serviceStats: { web: { spanCount: 1 }, db: { spanCount: 1, errorCount: 1 } },
        })
      }
      await check(tempo)
      assert.equal((await fetch(`${tempo.api}/flush`, { method: 'POST' })).status, 204)
      await check(tempo)
      const restarted = await startTempo(directory + '/unused').then((other) => other.stop())
      assert.equal(restarted, undefined)
    })
  })

  it('replays the WAL and reads blocks after a restart', async () => {
    await withTempo(async (tempo, directory) => {
      const other = `${directory}/restart`
      const first = await startTempo(other)
      await first.send(requestOf(ROOT))
      await fetch(`${first.api}/flush`, { method: 'POST' })
      await first.send(requestOf(CHILD))
      await first.stop()
      const second = await startTempo(other)
      assert.equal((await find(second, '{ name = "GET /cart" } >> { status = error }')).length, 1)
      assert.equal((await find(second, '{ trace:duration > 200ms && span.db.rows = 7 }')).length, 1)
      await second.stop()
      assert.equal((await find(tempo, '{}')).length, 0)
    })
  })

  it('takes protobuf, gzip, zstd and gRPC', async () => {
    await withTempo(async (tempo) => {
      const proto = (trace: string): Uint8Array =>
        otlpJsonToProto('traces', JSON.stringify(requestOf({ trace, id: '1' })))
      const post = (body: Uint8Array, headers: Record<string, string>): Promise<Response> =>
        fetch(`${tempo.http}/v1/traces`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-protobuf', ...headers },
          body: new Uint8Array(body),
        })
      assert.equal((await post(proto('b1'), {})).status, 200)
      assert.equal((await post(gzipSync(proto('b2')), { 'content-encoding': 'gzip' })).status, 200)
      assert.equal((await post(zstdCompressSync(proto('b3')), { 'content-encoding': 'zstd' })).status, 200)
      await exportOverGrpc(tempo.grpc, proto('b4'))
      for (const id of ['b1', 'b2', 'b3', 'b4', 'B4', '0000b4'])
        assert.equal((await tempo.get(`/api/traces/${id}`)).status, 200)
    })
  })

  it('answers a trace as protobuf, in both versions', async () => {
    await withTempo(async (tempo) => {
      const request = requestOf(ROOT)
      await tempo.send(request)
      const sent = Buffer.from(otlpJsonToProto('traces', JSON.stringify(request)))
      const get = async (path: string): Promise<Buffer> => {
        const response = await tempo.get(path, { accept: 'application/protobuf' })
        assert.equal(response.headers.get('content-type'), 'application/protobuf')
        return Buffer.from(await response.arrayBuffer())
      }
      assert.deepEqual(await get('/api/traces/a1'), sent)
      const wrapped = await get('/api/v2/traces/a1')
      assert.deepEqual(wrapped.subarray(-sent.length), sent)
      assert.equal(wrapped[0], 10)
      const { trace } = await tempo.json('/api/v2/traces/a1')
      assert.equal(trace.resourceSpans[0].scopeSpans[0].spans[0].name, 'GET /cart')
    })
  })

  it('refuses bad requests with the upstream code and stores nothing', async () => {
    await withTempo(async (tempo) => {
      const post = (body: string | Uint8Array, type: string): Promise<Response> =>
        fetch(`${tempo.http}/v1/traces`, {
          method: 'POST',
          headers: { 'content-type': type },
          body: typeof body === 'string' ? body : new Uint8Array(body),
        })
      assert.equal((await post('x', 'text/plain')).status, 415)
      assert.equal((await post('{', 'application/json')).status, 400)
      assert.equal((await post(new Uint8Array([10, 200, 1, 0]), 'application/x-protobuf')).status, 400)
      const short = await post(
        '{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"abcd","spanId":"01"}]}]}]}',
        'application/json',
      )
      assert.equal(short.status, 400)
      assert.deepEqual(await short.json(), { code: 3, message: 'trace ids must be 128 bit, received 16 bits' })
      assert.equal((await fetch(`${tempo.http}/v1/traces`)).status, 405)
      const metrics = await (await tempo.get('/metrics')).text()
      assert.match(metrics, /tempo_discarded_spans_total\{reason="invalid_trace_id",tenant="single-tenant"\} 1/)
      assert.equal((await find(tempo, '{}')).length, 0)
    })
  })

  it('answers errors and small endpoints as Tempo', async () => {
    await withTempo(async (tempo) => {
      const missing = await tempo.get('/api/traces/1234')
      assert.deepEqual([missing.status, await missing.text()], [404, 'trace not found'])
      const invalid = await tempo.get('/api/traces/xyz')
      assert.equal(invalid.status, 400)
      const syntax = await tempo.get('/api/search?q=%7B%20foo%20%7D')
      assert.deepEqual(
        [syntax.status, await syntax.text()],
        [400, 'invalid TraceQL query: parse error at line 1, col 3: syntax error: unexpected IDENTIFIER\n'],
      )
      assert.equal(await (await tempo.get('/api/echo')).text(), 'echo')
      assert.equal((await tempo.get('/ready')).status, 200)
      assert.equal((await tempo.json('/api/status/buildinfo')).version, '2.9.0')
      const preflight = await fetch(`${tempo.http}/v1/traces`, {
        method: 'OPTIONS',
        headers: { origin: 'http://app.example.org', 'access-control-request-method': 'POST' },
      })
      assert.equal(preflight.status, 204)
      assert.equal(preflight.headers.get('access-control-allow-origin'), 'http://app.example.org')
    })
  })

  it('lists tags and typed values, filtered by what else the query says', async () => {
    await withTempo(async (tempo) => {
      const event = {
        timeUnixNano: '1700000000000000500',
        name: 'exception',
        attributes: [{ key: 'type', value: { stringValue: 'E' } }],
      }
      await tempo.send(requestOf({ ...ROOT, events: [event] }, CHILD))
      for (const stage of ['head', 'block']) {
        const { scopes } = await tempo.json('/api/v2/search/tags')
        const byName = Object.fromEntries(scopes.map((scope: Json) => [scope.name, scope.tags]))
        assert.deepEqual(byName.span, ['cached', 'db.rows', 'db.system', 'ratio'], stage)
        assert.deepEqual(byName.resource, ['service.name'])
        assert.deepEqual(byName.event, ['type'])
        assert.ok(byName.intrinsic.includes('trace:rootName'))
        assert.deepEqual((await tempo.json('/api/search/tags?scope=span')).tagNames, [
          'cached',
          'db.rows',
          'db.system',
          'ratio',
        ])
        const values = async (path: string): Promise<unknown> => (await tempo.json(path)).tagValues
        assert.deepEqual(await values('/api/search/tag/service.name/values'), ['db', 'web'])
        assert.deepEqual(await values('/api/v2/search/tag/span.db.rows/values'), [{ type: 'int', value: '7' }])
        assert.deepEqual(await values('/api/v2/search/tag/ratio/values'), [{ type: 'float', value: '0.5' }])
        const filter = encodeURIComponent('{ status = error && name = }')
        assert.deepEqual(await values(`/api/v2/search/tag/resource.service.name/values?q=${filter}`), [
          { type: 'string', value: 'db' },
        ])
        assert.deepEqual(await values('/api/v2/search/tag/rootName/values'), [{ type: 'string', value: 'GET /cart' }])
        assert.equal(
          (await find(tempo, '{ event:name = "exception" && event.type = "E" && event:timeSinceStart = 500ns }'))
            .length,
          1,
        )
        assert.equal((await find(tempo, '{ instrumentation:name = "test" } | count() = 2')).length, 1)
        await fetch(`${tempo.api}/flush`, { method: 'POST' })
      }
    })
  })

  it('searches by tags and duration in the old way', async () => {
    await withTempo(async (tempo) => {
      await tempo.send(requestOf(ROOT, CHILD, { trace: 'c1', id: '1', durationMs: 5 }))
      const ids = async (path: string): Promise<string[]> =>
        (await tempo.json(path)).traces.map((trace: Json) => trace.traceID).sort()
      assert.deepEqual(await ids('/api/search?tags=service.name%3Dwe%20db.system%3Dpostgres'), ['a1'])
      assert.deepEqual(await ids('/api/search?maxDuration=100ms'), ['c1'])
      assert.deepEqual(await ids('/api/search'), ['a1', 'c1'])
      assert.deepEqual(await ids('/api/search?start=1&end=2'), [])
    })
  })
})

async function exportOverGrpc(url: string, message: Uint8Array): Promise<void> {
  const { Client, credentials } = await import('@grpc/grpc-js')
  const client = new Client(url.replace('http://', ''), credentials.createInsecure())
  await new Promise<void>((resolve, reject) => {
    client.makeUnaryRequest(
      '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes: Buffer) => bytes,
      message,
      (error: Error | null) => (error ? reject(error) : resolve()),
    )
  })
  client.close()
}
