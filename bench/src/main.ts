import { containers } from './workloads/containers.ts'
import { footprint } from './workloads/footprint.ts'
import { logsIngest } from './workloads/logs.ts'
import { metricsIngest } from './workloads/metrics-ingest.ts'
import { metricsQuery } from './workloads/metrics-query.ts'
import { tracesIngest } from './workloads/traces.ts'

const WORKLOADS: Readonly<Record<string, { run: (args: readonly string[]) => Promise<void>; help: string }>> = {
  'metrics-ingest': {
    run: metricsIngest,
    help: 'remote write: CPU per sample, memory, disk, beside Prometheus and VictoriaMetrics',
  },
  'metrics-query': { run: metricsQuery, help: 'the query suite: p50, CPU and whether the answers agree' },
  containers: {
    run: containers,
    help: 'CPU per scrape of the container metrics of 50 synthetic cgroups, both versions',
  },
  footprint: { run: footprint, help: 'everything together: time to ready, memory and CPU when idle' },
  logs: { run: logsIngest, help: 'Loki push: MB/s per CPU second, and one filter query' },
  traces: { run: tracesIngest, help: 'OTLP: spans/s per CPU second, and one search' },
}

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
