import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { complaintsOf, launchChromium, screenshotPath } from '../support/chromium.ts'
import { eventually, Quartet } from '../support/quartet.ts'
import { runShop } from '../support/shop.ts'

const PASSWORD = 'end-to-end-password'

let quartet: Quartet
let browser: Browser
let page: Page
let complaints: string[]

interface Vector {
  readonly data: { readonly result: readonly { readonly metric: Record<string, string> }[] }
}

before(async () => {
  quartet = await Quartet.start()
  const [shop, launched] = await Promise.all([
    runShop({ host: quartet.host, seconds: 30, rate: 20, outage: '10-20' }),
    launchChromium(),
  ])
  browser = launched
  assert.equal(shop.code, 0, shop.output)
  // A root span waits ten seconds for its caller, and metrics are written every fifteen.
  await eventually(
    'the edge of the user',
    async () => {
      const query = encodeURIComponent(
        'traces_service_graph_request_total{client="user",connection_type="virtual_node"}',
      )
      const { data } = await quartet.get<Vector>(9090, `/api/v1/query?query=${query}`)
      assert.equal(data.result[0]?.metric['server'], 'storefront')
    },
    40_000,
  )
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

const part = (label: string) => page.getByTestId('node-graph').getByRole('button', { name: label }).first()

test('"Service map" draws the services, and a service leads to its metrics', async () => {
  complaints.length = 0
  await page.goto(quartet.url(3000, '/d/quartet-service-map?from=now-5m&to=now'))
  for (const name of ['user, external', 'storefront,', 'orders,', 'payments,', 'shop, database']) {
    await part(name).waitFor({ timeout: 20_000 })
  }
  for (const text of ['POST /charge', 'GET /products/{product}']) await page.getByText(text).first().waitFor()
  await page.waitForTimeout(500) // what is drawn late may complain late
  await page.screenshot({ path: screenshotPath('service-map') })
  await part('payments,').click()
  await page.getByText('Request histogram').click()
  await page.waitForURL(/traces_service_graph_request_server_seconds_bucket/)
  await page
    .getByText(/server="payments"/)
    .first()
    .waitFor()
  await page.screenshot({ path: screenshotPath('service-map-histogram') })
  assert.deepEqual(complaints, [])
})

test('Explore shows the service graph, and an edge leads to the traces of its calls', async () => {
  complaints.length = 0
  const queries = [{ refId: 'A', queryType: 'serviceMap' }]
  const panes = { a: { datasource: 'tempo', queries, range: { from: 'now-15m', to: 'now' } } }
  await page.goto(quartet.url(3000, `/explore?schemaVersion=1&panes=${encodeURIComponent(JSON.stringify(panes))}`))
  await part('orders to payments').waitFor({ timeout: 20_000 })
  await page.getByText('Operations').first().waitFor()
  await page.screenshot({ path: screenshotPath('service-graph-explore') })
  await part('orders to payments').press('Enter')
  await page.getByText('View traces').click()
  await page
    .getByRole('link', { name: /^[0-9a-f]{32}$/ })
    .first()
    .waitFor({ timeout: 20_000 })
  assert.deepEqual(complaints, [])
})
