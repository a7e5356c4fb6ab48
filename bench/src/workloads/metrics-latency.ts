import { compressSync } from 'snappy'

import { HttpClient } from '../http-client.ts'
import { parseOptions } from '../options.ts'
import { metricServers } from '../servers/metric-servers.ts'
import { RunningServer } from '../servers/server.ts'
import { printTable, round } from '../table.ts'
import { HEADERS, host, INTERVAL_MS, remoteWriteLoad } from './remote-write-load.ts'

/** Every series, a window that holds four times as many samples as there are steps to the next: several seconds of work. */
const HEAVY = 'count(quantile_over_time(0.5, {job=~".+"}[1h]) > 0)'
const SMALL = 'sum by (code) (rate(app_ops_040_total[5m]))'
const PHASE_MS = 6000
/** Then a store gives the heavy query up. */
const GIVE_UP_SECONDS = 20
/** Pause between two small queries, and between two writes: an open load, so that a stall is seen by more than one. */
const PAUSE_MS = 25

interface Latencies {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export interface LatencyRow {
  readonly name: string
  readonly quiet: { readonly write: Latencies; readonly query: Latencies }
  readonly busy: { readonly write: Latencies; readonly query: Latencies }
  readonly heavyMs: number
  readonly isHeavyAnswered: boolean
}

/** Writes and small queries go on at a steady pace, first alone, then while a query of several seconds is evaluated. */
export async function metricsLatency(args: readonly string[]): Promise<readonly LatencyRow[]> {
  const options = parseOptions(args, { instances: 8, rounds: 520 })
  const endMs = Date.now() - 30_000
  const rows: LatencyRow[] = []
  for (const kind of metricServers(options.servers)) {
    console.log(`${kind.name}: loading ${options.instances * 2000} series × ${options.rounds} …`)
    const server = await RunningServer.start(kind)
    try {
      const load = await remoteWriteLoad(server, options, endMs)
      rows.push(await runPhases(server, load.endMs))
    } finally {
      await server.stop()
    }
  }
  const cells = ({ p50Ms, p99Ms, maxMs }: Latencies): string[] => [round(p50Ms, 1), round(p99Ms, 1), round(maxMs, 1)]
  printTable(
    `Latency of 500-series writes and small queries in ms, without and with a heavy query over ${options.instances * 2000} series`,
    ['', 'write p50', 'p99', 'max', 'query p50', 'p99', 'max', 'heavy query s'],
    rows.flatMap(({ name, quiet, busy, heavyMs, isHeavyAnswered }) => [
      [`${name}, quiet`, ...cells(quiet.write), ...cells(quiet.query), '–'],
      [
        `${name}, busy`,
        ...cells(busy.write),
        ...cells(busy.query),
        isHeavyAnswered ? round(heavyMs / 1000, 1) : `gave up after ${GIVE_UP_SECONDS}`,
      ],
    ]),
  )
  return rows
}

async function runPhases(server: RunningServer, endMs: number): Promise<LatencyRow> {
  const end = Math.floor(endMs / 1000)
  const path = (query: string): string => {
    const range = { start: String(end - 3600), end: String(end), step: '15', timeout: `${GIVE_UP_SECONDS}s` }
    return `/api/v1/query_range?${new URLSearchParams({ query, ...range })}`
  }
  const writer = steadyWrites(server, endMs)
  const quiet = await phase(server, path(SMALL), writer, until(PHASE_MS))
  const heavy = new HttpClient(1)
  const started = performance.now()
  let heavyRuns = 0
  let isHeavyAnswered = true
  const isOver = { value: false }
  const running = (async () => {
    while (performance.now() - started < PHASE_MS) {
      const { status } = await heavy.send({ url: server.url + path(HEAVY) })
      isHeavyAnswered &&= status === 200
      heavyRuns++
    }
    isOver.value = true
  })()
  const busy = await phase(server, path(SMALL), writer, () => isOver.value)
  await running
  const heavyMs = (performance.now() - started) / heavyRuns
  heavy.close()
  return { name: server.kind.name, quiet, busy, heavyMs, isHeavyAnswered }
}

function until(durationMs: number): () => boolean {
  const deadline = performance.now() + durationMs
  return () => performance.now() >= deadline
}

/** Sends the scrapes that follow, half a thousand series at a time. */
function steadyWrites(server: RunningServer, endMs: number): () => Promise<number> {
  const client = new HttpClient(8)
  const { instance, batches } = host(0, 500)
  let sent = 0
  return async () => {
    const batch = batches[sent % batches.length]
    if (sent % batches.length === 0) instance.step()
    // A new time for every turn through the host's series, milliseconds apart: the load does not run ahead of the clock.
    const timeMs = endMs + INTERVAL_MS + Math.floor(sent / batches.length) * 20
    sent++
    const body = compressSync(Buffer.from(batch.fill(timeMs)))
    const url = `${server.url}/api/v1/write`
    return (await client.expectSuccess({ method: 'POST', url, headers: { ...HEADERS }, body })).ms
  }
}

async function phase(
  server: RunningServer,
  small: string,
  write: () => Promise<number>,
  isOver: () => boolean,
): Promise<{ write: Latencies; query: Latencies }> {
  const client = new HttpClient(8)
  const query = async (): Promise<number> => (await client.expectSuccess({ url: server.url + small })).ms
  const [writes, queries] = await Promise.all([repeat(write, isOver), repeat(query, isOver)])
  client.close()
  return { write: latenciesOf(writes), query: latenciesOf(queries) }
}

async function repeat(action: () => Promise<number>, isOver: () => boolean): Promise<number[]> {
  const times: number[] = []
  while (!isOver()) {
    times.push(await action())
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
  return times
}

function latenciesOf(times: readonly number[]): Latencies {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
}
