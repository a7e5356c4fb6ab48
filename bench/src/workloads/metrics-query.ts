import { writeFileSync } from 'node:fs'

import { HttpClient } from '../http-client.ts'
import { parseOptions } from '../options.ts'
import { metricServers } from '../servers/metric-servers.ts'
import { RunningServer } from '../servers/server.ts'
import { median, printTable, ratio, round } from '../table.ts'
import { agreement } from './agreement.ts'
import { remoteWriteLoad } from './remote-write-load.ts'

const STEP_SECONDS = 15
const RANGE_SECONDS = 3600
/**
 * Steps between two scrapes, never on one: Prometheus 2 counts a sample at the start of a range, Prometheus 3 and Quartet do not,
 * and the answers could not be compared.
 */
const OFF_GRID_SECONDS = 7
/** Each query runs at least this often and this long, so that CPU ticks of 10 ms mean something. */
const MIN_RUNS = 7
const MIN_MS = 1000
const MAX_RUNS = 200

const RANGE_QUERIES: readonly (readonly [name: string, query: string])[] = [
  ['selector', 'app_temperature_160_celsius'],
  ['rate', 'rate(app_ops_040_total[5m])'],
  ['sum by(rate)', 'sum by (code) (rate(http_requests_total[5m]))'],
  [
    'histogram_quantile',
    'histogram_quantile(0.99, sum by (le, handler) (rate(http_request_duration_seconds_bucket[5m])))',
  ],
  ['topk of sum by(rate)', 'topk(5, sum by (instance, handler) (rate(http_requests_total[5m])))'],
  [
    'error ratio (join)',
    'sum by (instance, handler) (rate(http_requests_total{code=~"5.."}[5m])) / on (instance, handler) sum by (instance, handler) (rate(http_requests_total[5m]))',
  ],
  ['quantile_over_time', 'quantile_over_time(0.95, app_temperature_161_celsius[10m])'],
  ['subquery', 'max_over_time(rate(app_ops_041_total[5m])[1h:1m])'],
  ['selector, 560 series', '{__name__=~"app_ops_04[0-6]_total"}'],
  ['regex matchers', 'count by (job) ({__name__=~"app_ops_.*_total", instance=~"host-0[0-4].*", code=~"2..|3..|40."})'],
  ['absent', 'absent(no_such_metric{job="x"})'],
  [
    'label_replace',
    'label_replace(sum by (instance) (app_memory_140_bytes), "host", "$1", "instance", "(host-[0-9]+).*")',
  ],
  ['one-to-one join', 'rate(app_ops_042_total[5m]) / on (instance, code) rate(app_ops_043_total[5m])'],
]

export interface Measured {
  readonly p50Ms: number
  readonly cpuMs: number
  readonly body: Buffer
}

/** By server, then by query. */
export type QueryResults = ReadonlyMap<string, ReadonlyMap<string, Measured>>

/** Range, instant and metadata queries over the same samples; the answers are compared, not only the times. */
export async function metricsQuery(args: readonly string[]): Promise<QueryResults> {
  const options = parseOptions(args, { instances: 8, rounds: 520 })
  const endMs = Date.now() - 30_000
  const results = new Map<string, Map<string, Measured>>()
  const peaks = new Map<string, number>()
  for (const kind of metricServers(options.servers)) {
    console.log(`${kind.name}: loading ${options.instances * 2000} series × ${options.rounds} …`)
    const server = await RunningServer.start(kind)
    try {
      const load = await remoteWriteLoad(server, options, endMs)
      results.set(kind.name, await runSuite(server, load.endMs))
      peaks.set(kind.name, server.memory().peakMb)
    } finally {
      await server.stop()
    }
  }
  const own = results.get('quartet')
  const names = [...results.keys()]
  const others = names.filter((name) => name !== 'quartet')
  const rows = [...(results.values().next().value?.keys() ?? [])].map((query) => {
    const cells = names.flatMap((name) => [
      round(results.get(name)!.get(query)!.p50Ms, 1),
      round(results.get(name)!.get(query)!.cpuMs, 1),
    ])
    const ratios = others.map((name) => ratio(own?.get(query)?.cpuMs, results.get(name)?.get(query)?.cpuMs))
    const answer =
      own && results.has('prometheus')
        ? agreement(own.get(query)!.body, results.get('prometheus')!.get(query)!.body)
        : '–'
    return [query, ...cells, ...ratios, answer]
  })
  printTable(
    `Queries, ${options.instances * 2000} series, 1 h by 15 s`,
    [
      '',
      ...names.flatMap((name) => [`${name} p50 ms`, `${name} CPU ms`]),
      ...others.map((name) => `CPU ratio to ${name}`),
      'answer against prometheus',
    ],
    rows,
  )
  for (const [name, peak] of peaks) console.log(`${name}: peak RSS ${peak} MB`)
  if (options.out !== undefined) {
    const plain = [...results].map(([name, queries]) => [
      name,
      [...queries].map(([query, { p50Ms, cpuMs }]) => ({ query, p50Ms, cpuMs })),
    ])
    writeFileSync(options.out, JSON.stringify(Object.fromEntries(plain), null, 2))
  }
  return results
}

async function runSuite(server: RunningServer, endMs: number): Promise<Map<string, Measured>> {
  const end = Math.floor(endMs / 1000 / STEP_SECONDS) * STEP_SECONDS - OFF_GRID_SECONDS
  const start = end - RANGE_SECONDS
  const measured = new Map<string, Measured>()
  const client = new HttpClient(1)
  for (const [name, query] of RANGE_QUERIES) {
    const parameters = new URLSearchParams({
      query,
      start: String(start),
      end: String(end),
      step: String(STEP_SECONDS),
    })
    measured.set(name, await measure(server, client, `/api/v1/query_range?${parameters}`))
  }
  const instant = new URLSearchParams({ query: RANGE_QUERIES[2][1], time: String(end) })
  measured.set('instant sum by(rate)', await measure(server, client, `/api/v1/query?${instant}`))
  const series = new URLSearchParams({ 'match[]': 'http_requests_total', start: String(start), end: String(end) })
  // All series, of which only one sample is asked for: the output counts, not the evaluation.
  const output = new URLSearchParams({ query: '{__name__=~"app_ops_.*"}', time: String(end) })
  measured.set('instant selector, 5600 series', await measure(server, client, `/api/v1/query?${output}`))
  measured.set('/series', await measure(server, client, `/api/v1/series?${series}`))
  measured.set('label values', await measure(server, client, `/api/v1/label/__name__/values?start=${start}&end=${end}`))
  measured.set('labels', await measure(server, client, `/api/v1/labels?start=${start}&end=${end}`))
  client.close()
  return measured
}

async function measure(server: RunningServer, client: HttpClient, path: string): Promise<Measured> {
  const { body } = await client.expectSuccess({ url: server.url + path })
  const cpuBefore = server.cpuSeconds()
  const started = performance.now()
  const times: number[] = []
  while (times.length < MIN_RUNS || (performance.now() - started < MIN_MS && times.length < MAX_RUNS)) {
    times.push((await client.expectSuccess({ url: server.url + path })).ms)
  }
  return { p50Ms: median(times), cpuMs: ((server.cpuSeconds() - cpuBefore) / times.length) * 1000, body }
}
