import { HttpClient } from '../http-client.ts'
import { parseOptions } from '../options.ts'
import { metricServers } from '../servers/metric-servers.ts'
import { RunningServer } from '../servers/server.ts'
import { printTable, round } from '../table.ts'
import { remoteWriteLoad } from './remote-write-load.ts'

/** The counts of one host's series, which every round has written. */
const QUESTION = 'count({instance=~"host-07.*"})'

export interface MillionRow {
  readonly name: string
  readonly series: number
  readonly residentMb: number
  readonly peakMb: number
  /** From the start after `kill -9` to the answer of a query, and whether it was the same as before. */
  readonly queryableMs: number
  readonly isAnswerSame: boolean
}

/** A million active series: memory while they are written, and the way back after `kill -9`. */
export async function metricsMillion(args: readonly string[]): Promise<readonly MillionRow[]> {
  const options = parseOptions(args.includes('--servers') ? args : [...args, '--servers', 'quartet'], {
    instances: 500,
    rounds: 6,
  })
  const endMs = Date.now() - 30_000
  const rows: MillionRow[] = []
  for (const kind of metricServers(options.servers)) {
    console.log(`${kind.name}: ${options.instances * 2000} series × ${options.rounds} …`)
    const server = await RunningServer.start(kind)
    try {
      rows.push(await fillAndKill(server, () => remoteWriteLoad(server, options, endMs)))
    } finally {
      await server.stop()
    }
  }
  printTable(
    `${rows[0]?.series ?? 0} active series`,
    ['', 'RSS MB', 'peak RSS MB', 'queryable after kill -9, s', 'answer after it'],
    rows.map((row) => [
      row.name,
      String(row.residentMb),
      String(row.peakMb),
      round(row.queryableMs / 1000, 1),
      row.isAnswerSame ? 'same' : 'DIFFERENT',
    ]),
  )
  return rows
}

async function fillAndKill(
  server: RunningServer,
  fill: () => Promise<{ series: number; endMs: number }>,
): Promise<MillionRow> {
  const { series, endMs } = await fill()
  const { residentMb, peakMb } = server.memory()
  const client = new HttpClient(1)
  const url = `${server.url}/api/v1/query?${new URLSearchParams({ query: QUESTION, time: String(endMs / 1000) })}`
  const before = await client.expectSuccess({ url })
  client.close()
  const readyMs = await server.killAndRestart()
  const again = new HttpClient(1)
  const after = await again.expectSuccess({ url })
  again.close()
  return {
    name: server.kind.name,
    series,
    residentMb,
    peakMb,
    queryableMs: readyMs + after.ms,
    isAnswerSame: before.body.equals(after.body),
  }
}
