import assert from 'node:assert/strict'
import { test } from 'node:test'

import { JSON_HEADERS, traceRequest } from './otlp.ts'
import type { Platform } from './platform.ts'
import { instantQuery, scalarOf } from './prometheus-client.ts'
import { eventually } from './quartet.ts'
import type { ShopRun } from './shop.ts'

interface TempoSearch {
  traces: { traceID: string; rootServiceName: string; rootTraceName: string; durationMs: number }[]
}

interface TempoTrace {
  batches: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] }
    scopeSpans: { spans: { name: string }[] }[]
  }[]
}

/** What holds when the shop has sent to a platform, however it is run. Registers the tests; the subject is there when they run. */
export function pipelineClaims(subject: { platform: () => Platform; shop: () => ShopRun }): void {
  const { platform, shop } = subject

  test('the shop delivers everything over OTLP gRPC, HTTP/protobuf and HTTP/JSON', () => {
    assert.equal(shop().code, 0, shop().output)
    assert.ok(shop().traceIds.length > 0, shop().output)
  })

  test('a trace is found by its id, with the spans of all three services', async () => {
    const trace = await platform().get<TempoTrace>(3200, `/api/traces/${shop().traceIds[0]}`)
    const services = trace.batches.map(
      (batch) => batch.resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue,
    )
    assert.deepEqual([...new Set(services)].sort(), ['orders', 'payments', 'storefront'])
  })

  test('the same trace is found by TraceQL and by legacy tags', async () => {
    const end = Math.ceil(Date.now() / 1000)
    for (const query of [
      `q=${encodeURIComponent('{ resource.service.name = "payments" && duration > 1ms }')}`,
      `tags=${encodeURIComponent('service.name=payments')}`,
    ]) {
      const found = await platform().get<TempoSearch>(
        3200,
        `/api/search?${query}&start=${end - 600}&end=${end}&limit=1000`,
      )
      assert.ok(found.traces.length > 0, query)
      assert.ok(
        found.traces.some(({ traceID }) => traceID.padStart(32, '0') === shop().traceIds[0]),
        query,
      )
    }
  })

  test('a trace is found by id and by TraceQL within a second of being sent', async () => {
    const { traceId, body } = traceRequest({ service: 'prompt-service' })
    const sent = performance.now()
    const response = await fetch(platform().url(4318, '/v1/traces'), { method: 'POST', headers: JSON_HEADERS, body })
    assert.equal(response.status, 200, await response.text())
    await eventually('the trace by id', () => platform().get(3200, `/api/traces/${traceId}`), 1000)
    const query = encodeURIComponent('{ resource.service.name = "prompt-service" }')
    await eventually(
      'the trace by TraceQL',
      async () => {
        const { traces } = await platform().get<TempoSearch>(3200, `/api/search?q=${query}`)
        assert.equal(traces.length, 1)
      },
      Math.max(1, 1000 - (performance.now() - sent)),
    )
  })

  test('the logs of a trace are found by its id', async () => {
    const query = `{service_namespace="shop"} | trace_id = "${shop().traceIds[0]}"`
    const path = `/loki/api/v1/query_range?${new URLSearchParams({ query, limit: '100' })}`
    const answer = await platform().get<{
      data: { resultType: string; result: { stream: Record<string, string>; values: [string, string][] }[] }
    }>(3100, path)
    assert.equal(answer.data.resultType, 'streams')
    assert.ok(answer.data.result.length > 0)
    for (const { stream } of answer.data.result) assert.equal(stream['trace_id'], shop().traceIds[0])
  })

  test('the request rate of each service is a PromQL query away', async () => {
    await eventually('request rates', async () => {
      const rates = await instantQuery(
        platform(),
        'sum by (service_name) (rate(http_server_request_duration_seconds_count[1m]))',
      )
      assert.deepEqual(rates.map(({ metric }) => metric['service_name']).sort(), ['orders', 'payments', 'storefront'])
      for (const { value } of rates) assert.ok(Number(value[1]) > 0)
    })
    const slow = await scalarOf(
      platform(),
      'histogram_quantile(0.95, sum by (le) (rate(http_server_request_duration_seconds_bucket[1m])))',
    )
    assert.ok(slow > 0 && slow < 10, String(slow))
  })

  test('exemplars lead from a metric to its trace', async () => {
    const end = Date.now() / 1000
    const query = new URLSearchParams({
      query: 'http_server_request_duration_seconds_bucket',
      start: String(end - 600),
      end: String(end),
    })
    const answer = await platform().get<{ data: { exemplars: { labels: Record<string, string> }[] }[] }>(
      9090,
      `/api/v1/query_exemplars?${query}`,
    )
    const traceId = answer.data[0]?.exemplars[0]?.labels['trace_id']
    assert.match(traceId ?? '', /^[0-9a-f]{32}$/)
    await platform().get(3200, `/api/traces/${traceId}`)
  })

  test('Quartet scrapes itself: every system is up', async () => {
    await eventually(
      'all systems up',
      async () => {
        const up = await instantQuery(platform(), 'up')
        const jobs = up.filter(({ value }) => value[1] === '1').map(({ metric }) => metric['job'])
        for (const job of ['prometheus', 'loki', 'tempo', 'alloy', 'grafana'])
          assert.ok(jobs.includes(job), `${job} is not up: ${JSON.stringify(up)}`)
      },
      30_000,
    )
  })

  test('every system tells that it is healthy and ready, and has metrics', async () => {
    for (const [port, paths] of Object.entries({
      9090: ['/-/healthy', '/-/ready'],
      3100: ['/ready'],
      3200: ['/ready'],
      12345: ['/-/ready', '/-/healthy'],
      3000: ['/api/health'],
    })) {
      for (const path of [...paths, '/metrics']) {
        const response = await fetch(platform().url(Number(port), path))
        assert.equal(response.status, 200, `${port}${path}: ${await response.text()}`)
      }
    }
  })

  test('what is wrong is answered with a reason, and nothing of it is stored', async () => {
    const before = await instantQuery(platform(), 'count({__name__=~"bad.*"})')
    const cases: [number, string, Record<string, string>, Uint8Array | string][] = [
      [4318, '/v1/traces', { 'content-type': 'application/x-protobuf' }, Buffer.from([0x0a, 0xff])],
      [4318, '/v1/logs', JSON_HEADERS, '{"resourceLogs": [}'],
      [4318, '/v1/metrics', { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' }, 'no gzip'],
      [9090, '/api/v1/write', { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' }, 'no snappy'],
      [3100, '/loki/api/v1/push', JSON_HEADERS, '{"streams": 5}'],
      [3100, '/loki/api/v1/push', { 'content-type': 'application/x-protobuf' }, 'no snappy'],
    ]
    for (const [port, path, headers, body] of cases) {
      const response = await fetch(platform().url(port, path), { method: 'POST', headers, body: body as string })
      const text = await response.text()
      assert.ok(response.status >= 400 && response.status < 500, `${path}: ${response.status} ${text}`)
      assert.ok(text.length > 5, `${path} gives no reason`)
    }
    assert.deepEqual(await instantQuery(platform(), 'count({__name__=~"bad.*"})'), before)
  })
}
