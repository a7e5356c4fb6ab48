import { compressSync } from 'snappy'

import { LogModel } from '../data/log-model.ts'
import { HttpClient } from '../http-client.ts'
import { parseOptions } from '../options.ts'
import { quartetLogs } from '../servers/quartet.ts'
import { RunningServer } from '../servers/server.ts'
import { median, printTable, round } from '../table.ts'

const LINES_PER_STREAM = 1000
const QUERY = 'sum(count_over_time({env="prod"} |= "connection reset" [1h]))'
const RUNS = 9

/** Loki push: megabytes of lines per CPU second, then one query that filters all of them. */
export async function logsIngest(args: readonly string[]): Promise<void> {
  const { rounds } = parseOptions(args, { instances: 1, rounds: 200 })
  const server = await RunningServer.start(quartetLogs)
  const client = new HttpClient(1)
  try {
    const model = new LogModel()
    const startNs = BigInt(Date.now() - rounds * LINES_PER_STREAM - 60_000) * 1_000_000n
    const before = server.cpuSeconds()
    let bytes = 0
    let lines = 0
    for (let index = 0; index < rounds; index++) {
      const request = model.request(startNs + BigInt(index * LINES_PER_STREAM) * 1_000_000n, LINES_PER_STREAM)
      await client.expectSuccess({
        method: 'POST',
        url: `${server.url}/loki/api/v1/push`,
        headers: { 'content-type': 'application/x-protobuf' },
        body: compressSync(Buffer.from(request.body)),
      })
      bytes += request.lineBytes
      lines += request.lines
    }
    const cpu = server.cpuSeconds() - before
    const query = await filterQuery(server, client, startNs)
    printTable(
      `Logs, ${lines} lines of ${round(bytes / lines, 0)} bytes`,
      [
        '',
        'MB/s per CPU s',
        'peak RSS MB',
        'bytes on disk per line byte',
        'filter query p50 ms',
        'query MB/s per CPU s',
      ],
      [
        [
          'quartet',
          round(bytes / 1e6 / cpu, 1),
          String(server.memory().peakMb),
          round(server.bytes() / bytes),
          round(query.p50Ms, 1),
          round(bytes / 1e6 / query.cpuSeconds, 0),
        ],
      ],
    )
  } finally {
    client.close()
    await server.stop()
  }
}

async function filterQuery(
  server: RunningServer,
  client: HttpClient,
  startNs: bigint,
): Promise<{ p50Ms: number; cpuSeconds: number }> {
  const parameters = new URLSearchParams({
    query: QUERY,
    start: String(startNs),
    end: String(BigInt(Date.now()) * 1_000_000n),
    step: '60',
  })
  const before = server.cpuSeconds()
  const times: number[] = []
  for (let run = 0; run < RUNS; run++) {
    times.push((await client.expectSuccess({ url: `${server.url}/loki/api/v1/query_range?${parameters}` })).ms)
  }
  return { p50Ms: median(times), cpuSeconds: (server.cpuSeconds() - before) / RUNS }
}
