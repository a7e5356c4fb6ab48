import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { FaultyFileSystem } from '@quartet/storage/testing'
import { buildComponent, decodeSettings, testContext, until } from '../../../test/support/context.ts'
import { startFakeStore } from '../../../test/support/fake-store.ts'
import { prometheusRemoteWrite } from './remote-write.ts'
import { prometheusScrape } from './scrape.ts'

test('scraped samples reach every endpoint that they are forwarded to', async (t) => {
  const target = createServer((_, response) =>
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end('shop_orders_total 7\n'),
  )
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
  t.after(() => target.close())
  const stores = [await startFakeStore(), await startFakeStore()]
  for (const store of stores) t.after(() => store.close())
  const context = testContext({ fileSystem: new FaultyFileSystem() })
  const writers = stores.map((store, index) =>
    buildComponent(
      prometheusRemoteWrite,
      { ...context, id: `prometheus.remote_write.w${index}`, dataDirectory: `/w${index}` },
      `endpoint { url = "${store.url}/api/v1/write" }\nexternal_labels = { cluster = "c${index}" }`,
    ),
  )
  const address = `127.0.0.1:${(target.address() as AddressInfo).port}`
  const scrape = buildComponent(
    prometheusScrape,
    { ...context, id: 'prometheus.scrape.shop' },
    `targets = [{ __address__ = "${address}", team = "a" }]\nforward_to = [one, two]\nscrape_interval = "100ms"\nscrape_timeout = "100ms"`,
    { one: writers[0].exports.get('receiver')!, two: writers[1].exports.get('receiver')! },
  )
  for (const component of [...writers, scrape]) {
    await component.start()
    t.after(() => component.stop())
  }
  for (const [index, store] of stores.entries()) {
    await until('samples', () => store.received.length > 0)
    const text = store.received[0].body.toString('latin1')
    for (const part of ['shop_orders_total', 'prometheus.scrape.shop', address, 'team', `c${index}`])
      assert.ok(text.includes(part), part)
  }
})

test('mistakes in the arguments are told', () => {
  assert.throws(
    () => decodeSettings(prometheusScrape, 'targets = []\nforward_to = []\nscrape_timeout = "2m"'),
    /scrape_timeout greater than scrape_interval/,
  )
  assert.throws(() => decodeSettings(prometheusRemoteWrite, 'endpoint { url = "nowhere" }'), /is not a URL/)
  const rule = 'endpoint {\n url = "http://a/"\n write_relabel_config {\n regex = "("\n }\n}'
  assert.throws(() => decodeSettings(prometheusRemoteWrite, rule), /missing/)
})
