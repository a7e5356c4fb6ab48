import { writeFileSync } from 'node:fs'

import { parseOptions } from '../options.ts'
import { metricServers } from '../servers/metric-servers.ts'
import { RunningServer } from '../servers/server.ts'
import { printTable, ratio, round } from '../table.ts'
import { remoteWriteLoad } from './remote-write-load.ts'
import type { LoadResult } from './remote-write-load.ts'

export type IngestRow = LoadResult & { readonly name: string; readonly diskBytes: number }

/** Remote write: CPU per sample, memory and disk of each store for the same samples. */
export async function metricsIngest(args: readonly string[]): Promise<readonly IngestRow[]> {
  const options = parseOptions(args, { instances: 50, rounds: 24 })
  const endMs = Date.now() - 30_000
  const rows: IngestRow[] = []
  for (const kind of metricServers(options.servers)) {
    console.log(`${kind.name}: ${options.instances * 2000} series, ${options.rounds} rounds …`)
    const server = await RunningServer.start(kind)
    try {
      const result = await remoteWriteLoad(server, options, endMs)
      rows.push({ ...result, name: kind.name, diskBytes: server.bytes() })
    } finally {
      await server.stop()
    }
  }
  const own = rows.find((row) => row.name === 'quartet')
  printTable(
    `Remote write, ${rows[0]?.series ?? 0} series × ${options.rounds} samples`,
    [
      '',
      'CPU s per million samples',
      'without first round',
      'ratio',
      'request p50 ms',
      'peak RSS MB',
      'ratio',
      'bytes per sample on disk (uncompacted)',
    ],
    rows.map((row) => [
      row.name,
      round(perMillion(row)),
      round(steadyPerMillion(row)),
      ratio(own && perMillion(own), perMillion(row)),
      round(row.requestP50Ms, 1),
      String(row.peakMb),
      ratio(own?.peakMb, row.peakMb),
      round(row.diskBytes / row.samples),
    ]),
  )
  console.log('\nratio: Quartet divided by the row; below 1 is better for Quartet.')
  if (options.out !== undefined) writeFileSync(options.out, JSON.stringify(rows, null, 2))
  return rows
}

export function perMillion(row: IngestRow): number {
  return (row.cpuSeconds / row.samples) * 1e6
}

function steadyPerMillion(row: IngestRow): number {
  return ((row.cpuSeconds - row.firstRoundCpuSeconds) / (row.samples - row.series)) * 1e6
}
