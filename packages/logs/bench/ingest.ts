import { ProtoWriter } from '@quartet/model'
import { systemClock } from '@quartet/runtime'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import snappy from 'snappy'
import { startLoki } from '../test/support/start.ts'

/*
 * Pushes logfmt lines of about 180 bytes over HTTP (snappy protobuf, 20 streams, 2,000 lines per request) to a store in this
 * process, then runs one filter query over all of it. CPU is the whole process's, client included:
 *   node packages/logs/bench/ingest.ts [megabytes]
 */
const MEGABYTES = Number(process.argv[2] ?? 100)
const LINES_PER_PUSH = 2000
const STREAMS = 20

const directory = await mkdtemp(join(tmpdir(), 'quartet-logs-bench-'))
const { url, running } = await startLoki(
  directory,
  'auth_enabled: false\nlimits_config: {ingestion_rate_mb: 10000, ingestion_burst_size_mb: 10000}\n',
)
const bodies = Array.from({ length: 20 }, (_, index) => buildBody(index))
const rawBytes = bodies[0].rawBytes

let pushed = 0
const began = { cpu: process.cpuUsage(), wallMs: performance.now() }
for (let index = 0; pushed < MEGABYTES * 1e6; index++) {
  const { body } = bodies[index % bodies.length]
  const response = await fetch(`${url}/loki/api/v1/push`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: body(index),
  })
  if (response.status !== 204) throw new Error(await response.text())
  pushed += rawBytes
}
const cpu = process.cpuUsage(began.cpu)
const cpuSeconds = (cpu.user + cpu.system) / 1e6
report('push', pushed, cpuSeconds, performance.now() - began.wallMs)

for (const query of [
  '{app="bench"} |= "status=503"',
  'sum by (pod) (count_over_time({app="bench"} |= "status=503" [1h]))',
  '{app="bench"} | logfmt | status=503',
]) {
  const before = { cpu: process.cpuUsage(), wallMs: performance.now() }
  const isMetric = query.startsWith('sum')
  const parameters = new URLSearchParams({ query, limit: '5000', ...(isMetric ? {} : { since: '1h' }) })
  const response = await fetch(`${url}/loki/api/v1/${isMetric ? 'query' : 'query_range'}?${parameters}`)
  const answer = (await response.json()) as {
    data: { result: unknown[]; stats: { summary: { totalBytesProcessed: number } } }
  }
  const used = process.cpuUsage(before.cpu)
  report(
    query,
    answer.data.stats.summary.totalBytesProcessed,
    (used.user + used.system) / 1e6,
    performance.now() - before.wallMs,
  )
}
console.log(`peak RSS ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`)
await running.stop()
await rm(directory, { recursive: true })

function report(what: string, bytes: number, seconds: number, wallMs: number): void {
  console.log(
    `${what}: ${(bytes / 1e6).toFixed(0)} MB, ${(bytes / 1e6 / seconds).toFixed(1)} MB per CPU second, ${wallMs.toFixed(0)} ms`,
  )
}

function buildBody(batch: number): { body: (round: number) => Buffer; rawBytes: number } {
  let size = 0
  const lines = Array.from({ length: LINES_PER_PUSH }, (_, index) => {
    const line = `ts=2026-11-23T05:00:00.${String(index).padStart(9, '0')}Z level=${index % 50 === 0 ? 'error' : 'info'} caller=server.go:${index % 300} msg="request served" method=GET path=/api/v1/items/${batch * 7919 + index * 31} status=${index % 997 === 0 ? 503 : 200} duration=${(index * 37) % 900}ms`
    size += line.length
    return line
  })
  return {
    rawBytes: size,
    body(round) {
      const writer = new ProtoWriter(1 << 20)
      const nowNs = systemClock.nowNs()
      for (let stream = 0; stream < STREAMS; stream++) {
        const start = writer.begin(1)
        writer.string(1, `{app="bench", level="info", pod="pod-${stream}"}`)
        for (let index = stream; index < lines.length; index += STREAMS) {
          const entry = writer.begin(2)
          const time = writer.begin(1)
          const ns = nowNs + BigInt(index) * 1000n + BigInt(round)
          writer.int64(1, ns / 1_000_000_000n).uint(2, Number(ns % 1_000_000_000n))
          writer.finish(time)
          writer.string(2, lines[index])
          writer.finish(entry)
        }
        writer.finish(start)
      }
      return snappy.compressSync(Buffer.from(writer.view()))
    },
  }
}
