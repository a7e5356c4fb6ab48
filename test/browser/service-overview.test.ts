import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { complaintsOf, launchChromium, screenshotPath } from '../support/chromium.ts'
import { Quartet } from '../support/quartet.ts'
import { runShop } from '../support/shop.ts'
import type { ShopRun } from '../support/shop.ts'

const PASSWORD = 'end-to-end-password'

let quartet: Quartet
let shop: ShopRun
let browser: Browser
let page: Page
let complaints: string[]

before(async () => {
  quartet = await Quartet.start()
  ;[shop, browser] = await Promise.all([runShop({ host: quartet.host, seconds: 25, rate: 20 }), launchChromium()])
  page = await browser.newPage({ viewport: { width: 1500, height: 1400 } })
  complaints = complaintsOf(page)
  await page.goto(quartet.url(3000, '/login'))
  await page.fill('input[name="user"]', 'admin')
  await page.fill('input[name="password"]', PASSWORD)
  await page.keyboard.press('Enter')
  await page.waitForURL(quartet.url(3000, '/'))
})

after(async () => {
  await browser?.close()
  await quartet?.stop()
})

/** Explore with one query, as Grafana's links have it. */
function explore(dataSource: string, query: Record<string, unknown>): string {
  const queries = [{ refId: 'A', datasource: { uid: dataSource, type: dataSource }, ...query }]
  const pane = { datasource: dataSource, queries, range: { from: 'now-15m', to: 'now' } }
  return `/explore?schemaVersion=1&orgId=1&panes=${encodeURIComponent(JSON.stringify({ a: pane }))}`
}

async function show(path: string, name: string, texts: readonly (string | RegExp)[]): Promise<void> {
  complaints.length = 0
  await page.goto(quartet.url(3000, path))
  for (const text of texts) await page.getByText(text).first().waitFor({ timeout: 20_000 })
  await page.waitForTimeout(500) // what is drawn late may complain late
  await page.screenshot({ path: screenshotPath(name) })
  assert.deepEqual(complaints, [], `${path} complains`)
}

test('"Service overview" shows metrics, logs and traces together without a complaint', async () => {
  assert.equal(shop.code, 0, shop.output)
  await show('/d/service-overview', 'service-overview', ['shop/storefront', /req\/s/, /placed for/, 'Recent traces'])
  const ids = await page.getByRole('link', { name: /^[0-9a-f]{32}$/ }).count()
  assert.ok(ids > 0, 'no trace is linked')
})

test('"Quartet itself" shows every system up', async () => {
  await show('/d/quartet-itself', 'quartet-itself', ['prometheus', 'loki', 'tempo', 'alloy', 'grafana'])
})

test('Explore answers in all three languages', async () => {
  await show(
    explore('prometheus', { expr: 'sum by (service_name) (rate(http_server_request_duration_seconds_count[1m]))' }),
    'explore-promql',
    ['storefront'],
  )
  await show(explore('loki', { expr: '{service_namespace="shop"} |= "placed"' }), 'explore-logql', [/placed for/])
  await show(
    explore('tempo', { queryType: 'traceql', query: '{ resource.service.name = "payments" }' }),
    'explore-traceql',
    [/^[0-9a-f]{32}$/],
  )
})

test('a trace leads to its logs and to the metrics of its service', async () => {
  const path = explore('tempo', { queryType: 'traceql', query: shop.traceIds[0] })
  await show(path, 'explore-trace', ['POST /checkout', 'charge card'])
  await page.getByText('charge card').click()
  const detail = page.getByTestId('span-detail')
  await detail.getByRole('link', { name: /Request rate/ }).click()
  await page.getByText('rate(http_server_request_duration_seconds_count').first().waitFor()
  await page.screenshot({ path: screenshotPath('trace-to-metrics') })
  await page.goBack()
  await page.getByText('render checkout').click()
  await page.getByTestId('span-detail').getByRole('link', { name: 'Logs for this span' }).click()
  await page
    .getByTestId('log-list')
    .getByText(/POST \/checkout/)
    .first()
    .waitFor()
  await page.screenshot({ path: screenshotPath('trace-to-logs') })
  assert.deepEqual(complaints, [])
})
