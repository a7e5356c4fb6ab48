import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { Random } from './random.ts'
import { randomSeries, SPAN_MS, START_MS } from './random-series.ts'
import type { RandomSeries } from './random-series.ts'
import { hasUpstream, startQuartet, startUpstream, writeSeries } from './servers.ts'
import type { Server } from './servers.ts'

/** What a heavy query does to others: it ends with its client, at the limit of samples, and lets writers through. */
let quartet: Server

const SERIES = 3000
const SAMPLES = 200

before(async () => {
  quartet = await startQuartet()
  await writeSeries([quartet], manySeries())
})

function manySeries(): RandomSeries[] {
  return Array.from({ length: SERIES }, (_, index) => ({
    labels: [
      ['__name__', 'heavy_bucket'],
      ['host', `host-${Math.floor(index / 5)}`],
      ['le', ['0.1', '0.5', '1', '5', '+Inf'][index % 5]],
    ],
    samples: Array.from({ length: SAMPLES }, (_sample, at) => {
      return { timeMs: START_MS + at * 15_000 + 500, value: at * (1 + (index % 5)) }
    }),
  }))
}

after(() => quartet.stop())

const range = { start: String(START_MS / 1000), end: String((START_MS + SPAN_MS) / 1000), step: '1' }

/** Each takes seconds in another part of the engine. */
const HEAVY: Readonly<Record<string, string>> = {
  subqueries: 'max_over_time(sum by (host) (rate(heavy_bucket[5m]))[30m:1s])',
  'sorting windows': 'sum(quantile_over_time(0.9, heavy_bucket[50m:15s]))',
  joins: 'sum(heavy_bucket * on(host, le) group_left() heavy_bucket)',
  'topk and a large answer': 'topk(50, heavy_bucket) or heavy_bucket{le="1"}',
  histograms: 'histogram_quantile(0.9, rate(heavy_bucket[5m]))',
}

const pathOf = (query: string): string => `/api/v1/query_range?${new URLSearchParams({ query, ...range })}`

async function runningQueries(): Promise<number> {
  const text = await (await fetch(`${quartet.url}/metrics`)).text()
  return Number(/^prometheus_engine_queries (\d+)$/m.exec(text)?.[1])
}

/** Asks again and again: the answers themselves take their turns with the query. */
async function until(condition: () => Promise<boolean>): Promise<number> {
  const startMs = performance.now()
  while (!(await condition())) assert.ok(performance.now() - startMs < 20_000, 'waited for 20 s')
  return performance.now() - startMs
}

test('a query ends with its client', async (t) => {
  for (const [name, query] of Object.entries(HEAVY)) {
    const sent = request(`${quartet.url}${pathOf(query)}`, { agent: false })
    sent.on('error', () => undefined)
    sent.end()
    await until(async () => (await runningQueries()) === 1)
    sent.destroy()
    const tookMs = await until(async () => (await runningQueries()) === 0)
    t.diagnostic(`${name}: ended ${tookMs.toFixed(0)} ms after its client`)
    assert.ok(tookMs < 1000, `${name} went on for ${tookMs} ms`)
  }
})

test('writes are acknowledged while a heavy query runs', async (t) => {
  const WRITES = 30
  let timeMs = START_MS + SPAN_MS + 60_000
  for (const [name, query] of Object.entries(HEAVY)) {
    const heavy = { isDone: false }
    const controller = new AbortController()
    const answer = fetch(`${quartet.url}${pathOf(query)}`, { signal: controller.signal })
      .then((response) => response.arrayBuffer())
      .catch((error: unknown) => {
        if (!controller.signal.aborted) throw error
      })
      .finally(() => {
        heavy.isDone = true
      })
    await until(async () => heavy.isDone || (await runningQueries()) === 1)
    const latencies: number[] = []
    for (let count = 0; count < WRITES && !heavy.isDone; count++) {
      const startMs = performance.now()
      await writeSeries(
        [quartet],
        [{ labels: [['__name__', 'written']], samples: [{ timeMs: (timeMs += 1000), value: 1 }] }],
      )
      latencies.push(performance.now() - startMs)
    }
    assert.ok(latencies.length > 0, `${name}: no write came through`)
    controller.abort()
    await answer
    latencies.sort((a, b) => a - b)
    // Ten to a hundred milliseconds on two busy cores; an operator that never gives way took seconds.
    const worst = latencies[latencies.length - 1]
    assert.ok(worst < 1000, `${name}: a write took ${worst} ms`)
    const median = latencies[latencies.length >> 1]
    t.diagnostic(`${name}: ${latencies.length} writes, median ${median.toFixed(1)} ms, worst ${worst.toFixed(1)} ms`)
  }
})

test('a query over the sample limit is refused in upstream’s words', async () => {
  const limited = await startQuartet({ 'query.max-samples': '1000' })
  const servers = hasUpstream ? [limited, await startUpstream(['--query.max-samples=1000'])] : [limited]
  try {
    await writeSeries(servers, randomSeries(new Random(1)))
    for (const server of servers) {
      for (const query of ['{job=~".+"}', 'sum(rate(requests_total[1h]))', 'last_over_time({job=~".+"}[30m:1s])']) {
        const response = await fetch(`${server.url}${pathOf(query)}`)
        assert.equal(response.status, 422, `${server.name}: ${query}`)
        assert.deepEqual(await response.json(), {
          status: 'error',
          errorType: 'execution',
          error: 'query processing would load too many samples into memory in query execution',
        })
      }
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
})
