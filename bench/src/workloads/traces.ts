import { SpanModel } from '../data/span-model.ts'
import { HttpClient } from '../http-client.ts'
import { parseOptions } from '../options.ts'
import { quartetTraces } from '../servers/quartet.ts'
import { RunningServer } from '../servers/server.ts'
import { median, printTable, round } from '../table.ts'

const TRACES_PER_REQUEST = 100
const QUERY = '{ resource.service.name = "orders" && duration > 390ms }'
const RUNS = 9

/** OTLP over HTTP: spans per CPU second, then one search and one lookup by id. */
export async function tracesIngest(args: readonly string[]): Promise<void> {
  const { rounds } = parseOptions(args, { instances: 1, rounds: 200 })
  const server = await RunningServer.start(quartetTraces)
  const client = new HttpClient(1)
  try {
    const model = new SpanModel()
    const startNs = BigInt(Date.now() - rounds * TRACES_PER_REQUEST - 60_000) * 1_000_000n
    const otlp = new URL(server.url)
    otlp.port = String(Number(otlp.port) + 1)
    const before = server.cpuSeconds()
    let bytes = 0
    let spans = 0
    for (let index = 0; index < rounds; index++) {
      const request = model.request(startNs + BigInt(index * TRACES_PER_REQUEST) * 1_000_000n, TRACES_PER_REQUEST)
      await client.expectSuccess({
        method: 'POST',
        url: `${otlp.href}v1/traces`,
        headers: { 'content-type': 'application/x-protobuf' },
        body: request.body,
      })
      bytes += request.body.length
      spans += request.spans
    }
    const cpu = server.cpuSeconds() - before
    const search = await timed(client, `${server.url}/api/search?${new URLSearchParams({ q: QUERY, limit: '20' })}`)
    const lookup = await timed(client, `${server.url}/api/traces/${model.traceIds[0]}`)
    printTable(
      `Traces, ${spans} spans of ${round(bytes / spans, 0)} bytes`,
      ['', 'spans/s per CPU s', 'peak RSS MB', 'bytes on disk per span', 'search p50 ms', 'trace by id p50 ms'],
      [
        [
          'quartet',
          round(spans / cpu, 0),
          String(server.memory().peakMb),
          round(server.bytes() / spans, 0),
          round(search, 1),
          round(lookup, 1),
        ],
      ],
    )
  } finally {
    client.close()
    await server.stop()
  }
}

async function timed(client: HttpClient, url: string): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < RUNS; run++) times.push((await client.expectSuccess({ url })).ms)
  return median(times)
}
