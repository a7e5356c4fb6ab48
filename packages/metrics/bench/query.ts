import { rmSync } from 'node:fs'
import { silentLogger, systemClock } from '@quartet/runtime'
import { nodeFileSystem } from '@quartet/storage'
import { encodeQueryResult } from '../src/api/query-response.ts'
import { QueryEngine } from '../src/query/engine.ts'
import { MetricsDatabase } from '../src/storage/database.ts'

/**
 * Queries of the bench suite without HTTP: CPU ms of evaluation and of writing the answer. For profiles:
 * `node --cpu-prof packages/metrics/bench/query.ts [instances=8] [rounds=520] [only=part of a name] [runs=20]`
 */
const instances = Number(process.argv[2] ?? 8)
const rounds = Number(process.argv[3] ?? 520)
const only = process.argv[4] ?? ''
const runs = Number(process.argv[5] ?? 20)
const INTERVAL_MS = 15_000
const START_MS = 1_795_392_045_000
const QUERIES: Readonly<Record<string, string>> = {
  selector: 'app_temperature_160_celsius',
  rate: 'rate(app_ops_040_total[5m])',
  'sum by(rate)': 'sum by (code) (rate(http_requests_total[5m]))',
  histogram_quantile: 'histogram_quantile(0.99, sum by (le, handler) (rate(http_request_duration_seconds_bucket[5m])))',
  topk: 'topk(5, sum by (instance, handler) (rate(http_requests_total[5m])))',
  'error ratio':
    'sum by (instance, handler) (rate(http_requests_total{code=~"5.."}[5m])) / on (instance, handler) sum by (instance, handler) (rate(http_requests_total[5m]))',
  quantile_over_time: 'quantile_over_time(0.95, app_temperature_161_celsius[10m])',
  subquery: 'max_over_time(rate(app_ops_041_total[5m])[1h:1m])',
  regex: 'count by (job) ({__name__=~"app_ops_.*_total", instance=~"host-0[0-4].*", code=~"2..|3..|40."})',
  join: 'rate(app_ops_042_total[5m]) / on (instance, code) rate(app_ops_043_total[5m])',
  'selector of 560': '{__name__=~"app_ops_04[0-6]_total"}',
}

const DATA = new URL('../../../bench/src/data/', import.meta.url).href
const { Instance } = await import(`${DATA}metric-model.ts`)
const { RemoteWriteBatch } = await import(`${DATA}remote-write-batch.ts`)
const directory = `/tmp/quartet-bench-query-${process.pid}`
const clock = { ...systemClock, nowMs: () => START_MS + rounds * INTERVAL_MS }
const database = await MetricsDatabase.open({
  fileSystem: nodeFileSystem,
  directory,
  clock,
  logger: silentLogger,
  retentionMs: 0,
})
for (let index = 0; index < instances; index++) {
  const instance = new Instance(index)
  const batch = new RemoteWriteBatch(instance, index, { from: 0, to: 2000 })
  for (let round = 0; round < rounds; round++) {
    instance.step()
    await database.appendRemoteWrite(batch.fill(instance.timeMs(START_MS, round, INTERVAL_MS)))
  }
}
const engine = new QueryEngine(database.source, {
  maxSamples: 50_000_000,
  timeoutMs: 120_000,
  lookbackMs: 300_000,
  defaultStepMs: 15_000,
  nowMs: () => Date.now(),
})
const endMs = Math.floor((START_MS + (rounds - 1) * INTERVAL_MS) / INTERVAL_MS) * INTERVAL_MS - 7000
const range = { startMs: endMs - 3_600_000, endMs, stepMs: INTERVAL_MS }
const cpuMs = (): number => process.cpuUsage().user / 1000
for (const [name, query] of Object.entries(QUERIES)) {
  if (!name.includes(only)) continue
  let evaluation = 0
  let writing = 0
  for (let run = -3; run < runs; run++) {
    const expr = engine.parse(query)
    const before = cpuMs()
    const result = await engine.range(expr, range, { signal: new AbortController().signal })
    const between = cpuMs()
    await encodeQueryResult(result, { query, limit: 0, withStats: false })
    if (run < 0) continue
    evaluation += between - before
    writing += cpuMs() - between
  }
  console.log(`${name.padEnd(20)} ${(evaluation / runs).toFixed(2)} ms + ${(writing / runs).toFixed(2)} ms`)
}
await database.close()
rmSync(directory, { recursive: true, force: true })
