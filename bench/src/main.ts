import { containers } from './workloads/containers.ts'
import { footprint } from './workloads/footprint.ts'
import { logsIngest } from './workloads/logs.ts'
import { metricsDisk } from './workloads/metrics-disk.ts'
import { metricsIngest } from './workloads/metrics-ingest.ts'
import { metricsLatency } from './workloads/metrics-latency.ts'
import { metricsMillion } from './workloads/metrics-million.ts'
import { metricsQuery } from './workloads/metrics-query.ts'
import { metrics } from './workloads/metrics.ts'
import { tracesIngest } from './workloads/traces.ts'

const WORKLOADS: Readonly<Record<string, { run: (args: readonly string[]) => Promise<unknown>; help: string }>> = {
  metrics: { run: metrics, help: 'all of the metrics workloads below, and whether they keep within their lines' },
  'metrics-ingest': {
    run: metricsIngest,
    help: 'remote write: CPU per sample, memory, disk, beside Prometheus and VictoriaMetrics',
  },
  'metrics-query': { run: metricsQuery, help: 'the query suite: p50, CPU and whether the answers agree' },
  'metrics-latency': {
    run: metricsLatency,
    help: 'latency of writes and small queries with and without a query of several seconds beside them',
  },
  'metrics-disk': { run: metricsDisk, help: 'bytes per sample of twelve hours, once they are in blocks' },
  'metrics-million': { run: metricsMillion, help: 'a million active series: memory, and time to answer after kill -9' },
  containers: {
    run: containers,
    help: 'CPU per scrape of the container metrics of 50 synthetic cgroups, both versions',
  },
  footprint: { run: footprint, help: 'everything together: time to ready, memory and CPU when idle' },
  logs: { run: logsIngest, help: 'Loki push: MB/s per CPU second, and one filter query' },
  traces: { run: tracesIngest, help: 'OTLP: spans/s per CPU second, and one search' },
}

// It names who started this program. Servers that are started from here would take it for theirs, and stop when they do not find it.
delete process.env['QUARTET_LAUNCHER_PID']

const [name, ...args] = process.argv.slice(2)
const workload = name === undefined ? undefined : WORKLOADS[name]
if (workload) await workload.run(args)
else {
  console.log(
    'npm run bench -- <workload> [--instances N] [--rounds N] [--servers quartet,prometheus,victoria-metrics] [--out file.json]\n',
  )
  for (const [key, { help }] of Object.entries(WORKLOADS)) console.log(`  ${key.padEnd(16)} ${help}`)
  process.exitCode = name === undefined ? 0 : 1
}
