import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { pipelineClaims } from '../support/pipeline-claims.ts'
import { scalarOf } from '../support/prometheus-client.ts'
import { Quartet } from '../support/quartet.ts'
import { runShop } from '../support/shop.ts'
import type { ShopRun } from '../support/shop.ts'

let quartet: Quartet
let shop: ShopRun

before(async () => {
  quartet = await Quartet.start()
  shop = await runShop({ host: quartet.host, seconds: 12, rate: 25 })
})

after(async () => {
  await quartet.stop()
})

pipelineClaims({ platform: () => quartet, shop: () => shop })

test('kill -9 loses nothing, and SIGTERM ends with 0', async () => {
  const { directory } = quartet
  await quartet.kill()
  quartet = await Quartet.start({ directory })
  await quartet.get(3200, `/api/traces/${shop.traceIds[0]}`)
  const spans = await scalarOf(
    quartet,
    'sum(max_over_time(http_server_request_duration_seconds_count{service_name="storefront"}[10m]))',
  )
  assert.ok(spans > 100, String(spans))
  assert.equal(await quartet.stop({ keep: true }), 0)
  quartet = await Quartet.start({ directory })
  await quartet.get(3200, `/api/traces/${shop.traceIds[0]}`)
})
