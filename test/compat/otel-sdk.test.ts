import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { scalarOf } from '../support/prometheus-client.ts'
import { eventually, Quartet } from '../support/quartet.ts'
import { runShop } from '../support/shop.ts'

let quartet: Quartet

before(async () => {
  quartet = await Quartet.start()
})

after(async () => {
  await quartet.stop()
})

const REQUESTS = 'sum(max_over_time(http_server_request_duration_seconds_count[10m]))'

for (const protocol of ['grpc', 'http/protobuf', 'http/json']) {
  test(`the official SDK delivers traces, metrics and logs over OTLP ${protocol}`, async () => {
    const before = await scalarOf(quartet, `${REQUESTS} or vector(0)`)
    const shop = await runShop({ host: quartet.host, seconds: 3, rate: 15, protocol, exemplars: false })
    assert.equal(shop.code, 0, shop.output)
    const traceId = shop.traceIds[0]
    await eventually('the trace', () => quartet.get(3200, `/api/traces/${traceId}`))
    await eventually('its logs', async () => {
      const query = new URLSearchParams({ query: `{service_name=~".+"} | trace_id = "${traceId}"` })
      const answer = await quartet.get<{ data: { result: unknown[] } }>(3100, `/loki/api/v1/query_range?${query}`)
      assert.ok(answer.data.result.length > 0)
    })
    await eventually('the metrics', async () => assert.ok((await scalarOf(quartet, REQUESTS)) > before))
  })
}
