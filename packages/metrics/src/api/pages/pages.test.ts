import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { classicToNative } from '@quartet/model'
import type { HttpServer } from '@quartet/runtime'
import { startApi } from '../../../test/support/api-server.ts'
import { MemorySource } from '../../../test/support/memory-source.ts'

const NASTY = '"><script>alert(1)</script>'

const nowMs = Date.now()
const source = new MemorySource()
for (const job of ['shop', NASTY]) {
  const samples = Array.from({ length: 240 }, (_, index) => ({ timeMs: nowMs - (239 - index) * 15_000, value: index }))
  source.add(
    [
      ['__name__', 'up'],
      ['job', job],
    ],
    samples,
  )
}

let server: HttpServer
let url = ''
before(async () => {
  ;({ server, url } = await startApi(source))
})
after(() => server.close())

async function page(path: string): Promise<string> {
  const response = await fetch(url + path)
  const text = await response.text()
  assert.equal(response.status, 200, text)
  assert.match(response.headers.get('content-type') ?? '', /^text\/html/)
  assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/)
  assert.ok(!text.includes('<script>alert'), 'nothing of others runs')
  return text
}

test('the root leads to the page of queries', async () => {
  const response = await fetch(url, { redirect: 'manual' })
  assert.equal(response.status, 302)
  assert.equal(new URL(response.headers.get('location') ?? '', `${url}/`).pathname, '/query')
})

test('the link of a notification shows the result', async () => {
  const text = await page('/graph?g0.expr=up&g0.tab=1')
  assert.match(text, /<textarea[^>]*>up<\/textarea/)
  assert.match(text, /<b>up<\/b>\{<span class="dim">job=<\/span>&quot;shop&quot;\}/)
  assert.match(text, /<td class="value">239<\/td>/)
  assert.match(text, /href="api\/v1\/query\?query=up&amp;time=/)
})

test('shows a graph of the last hour with a line per series', async () => {
  const text = await page('/graph?g0.expr=up&g0.tab=0')
  assert.equal(text.match(/<path class="line c\d"/g)?.length, 2)
  assert.match(text, /name="g0.range_input" value="1h"/)
  const [, path = ''] = /<path class="line c0" d="([^"]+)"/.exec(text) ?? []
  assert.ok(path.split('L').length > 200, path)
  assert.equal(path.split('M').length, 2, 'without gaps')
})

test('shows what an expression at another time and of another type gives', async () => {
  const past = new Date(nowMs - 600_000).toISOString().slice(0, 19).replace('T', '+')
  assert.match(await page(`/query?g0.expr=up&g0.moment_input=${past}`), /<td class="value">19\d<\/td>/)
  assert.match(await page('/query?g0.expr=1%2B1'), /<td class="dim">scalar<\/td>\s*<td class="value">2<\/td>/)
  assert.match(await page(`/query?g0.expr=${encodeURIComponent(`"${NASTY.replaceAll('"', '')}"`)}`), /string/)
  assert.match(await page('/query?g0.expr=up[1h]'), /earlier samples not shown/)
  assert.match(await page('/query?g0.expr=nope'), /The result is empty/)
  assert.match(await page('/query?g0.expr=nope&g0.tab=graph'), /The result is empty/)
})

test('tells mistakes in the words of the API, and where they are', async () => {
  const text = await page(`/query?g0.expr=${encodeURIComponent('sum(up) +* 2')}`)
  assert.match(text, /1:10: parse error: unexpected &lt;op:\*&gt;/)
  assert.match(text, /sum\(up\) \+<mark>\*<\/mark> 2/)
  assert.match(await page('/query?g0.expr=up%2B'), /unexpected end of input[^]*up\+<mark> <\/mark>/)
  assert.match(
    await page('/query?g0.expr=up&g0.moment_input=soon'),
    /cannot parse &quot;soon&quot; to a valid timestamp/,
  )
  assert.match(await page('/query?g0.expr=up&g0.tab=0&g0.range_input=x'), /Range: not a valid duration/)
  assert.match(await page('/query?g0.expr=up&g0.tab=0&g0.end_input=x'), /End: &quot;x&quot; is not a time/)
  assert.match(await page('/query?g0.expr=up[1h]&g0.tab=0'), /invalid expression type &quot;range vector&quot;/)
  assert.match(
    await page('/query?g0.expr=up&g0.tab=0&g0.range_input=1y&g0.step_input=1s'),
    /exceeded maximum resolution/,
  )
})

test('shows warnings', async () => {
  assert.match(await page('/query?g0.expr=quantile(2,up)'), /role="status">PromQL warning: quantile value should be/)
})

test('native histograms are texts in the table, and said to be missing in the graph', async () => {
  const histogram = classicToNative({
    buckets: new Map([
      [1, 3],
      [2, 5],
    ]),
    count: 6,
    sum: 9.5,
  })
  assert.ok(typeof histogram === 'object')
  source.add([['__name__', 'latency']], [{ timeMs: nowMs, value: histogram }])
  assert.match(
    await page('/query?g0.expr=latency'),
    /<td class="value">\{count:6, sum:9.5, \[-Inf,1\]:3, \(1,2\]:2, \(2,\+Inf\]:1\}<\/td>/,
  )
  assert.match(await page('/query?g0.expr=latency&g0.tab=0'), /1 series of native histograms cannot be drawn/)
})

test('of too many series the first are shown, and said to be', async () => {
  const many = new MemorySource()
  for (let index = 0; index < 600; index++) {
    many.add(
      [
        ['__name__', 'many'],
        ['index', String(index)],
      ],
      [{ timeMs: nowMs, value: index }],
    )
  }
  const other = await startApi(many)
  try {
    const table = await (await fetch(`${other.url}/query?g0.expr=many`)).text()
    assert.match(table, /the first 500 series in [^<]*; there are more/)
    assert.equal(table.match(/<b>many<\/b>/g)?.length, 500)
    const graph = await (await fetch(`${other.url}/query?g0.expr=many&g0.tab=0`)).text()
    assert.equal(graph.match(/<path class="line/g)?.length, 20)
  } finally {
    await other.server.close()
  }
})

test('nothing that is asked or stored becomes a part of the page', async () => {
  for (const tab of [0, 1]) {
    const text = await page(`/graph?g0.expr=up&g0.tab=${tab}`)
    assert.ok(text.includes('&lt;script&gt;alert(1)&lt;/script&gt;'))
  }
  const asked = encodeURIComponent(NASTY)
  for (const name of ['expr', 'tab', 'range_input', 'end_input', 'moment_input', 'step_input']) {
    for (const tab of [0, 1]) await page(`/query?g0.expr=up&g0.tab=${tab}&g0.${name}=${asked}&g1.expr=${asked}`)
  }
  await page(`/targets?search=${asked}&scrapePool=${asked}&health=${asked}`)
  await page(`/flags?search=${asked}`)
  await page(`/alerts?state=${asked}`)
})
