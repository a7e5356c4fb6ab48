import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { directoryBytes } from '../process-stats.ts'
import { parseOptions } from '../options.ts'
import { metricServers } from '../servers/metric-servers.ts'
import { RunningServer } from '../servers/server.ts'
import { printTable, round } from '../table.ts'
import { remoteWriteLoad } from './remote-write-load.ts'

/** Stores look after their blocks once a minute; two turns and some slack. */
const SETTLE_MS = 150_000
const POLL_MS = 2000

export interface DiskRow {
  readonly name: string
  /** Blocks alone, index included; undefined where a store has no blocks. */
  readonly bytesPerBlockSample: number | undefined
  /** The whole directory, with the log of what is not in a block yet. */
  readonly bytesPerSample: number
}

/** Twelve hours by remote write, until the store has put into blocks what it can. */
export async function metricsDisk(args: readonly string[]): Promise<readonly DiskRow[]> {
  const options = parseOptions(args, { instances: 1, rounds: 2880 })
  const endMs = Date.now() - 30_000
  const rows: DiskRow[] = []
  for (const kind of metricServers(options.servers)) {
    console.log(`${kind.name}: ${options.instances * 2000} series × ${options.rounds}, then until blocks are cut …`)
    const server = await RunningServer.start(kind)
    try {
      const load = await remoteWriteLoad(server, options, endMs)
      await settled(server)
      const { bytes, samples } = blocksOf(server.directory)
      rows.push({
        name: kind.name,
        bytesPerBlockSample: samples === 0 ? undefined : bytes / samples,
        bytesPerSample: server.bytes() / load.samples,
      })
    } finally {
      await server.stop()
    }
  }
  printTable(
    `Disk, ${options.instances * 2000} series × ${options.rounds} samples`,
    ['', 'bytes per sample in blocks, index included', 'bytes per sample, whole directory'],
    rows.map(({ name, bytesPerBlockSample, bytesPerSample }) => [
      name,
      bytesPerBlockSample === undefined ? '–' : round(bytesPerBlockSample),
      round(bytesPerSample),
    ]),
  )
  return rows
}

/** Until the directory has not changed its size for twenty seconds, behind at least one turn of maintenance. */
async function settled(server: RunningServer): Promise<void> {
  const started = performance.now()
  let size = -1
  let since = started
  while (performance.now() - started < SETTLE_MS) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    const now = server.bytes()
    if (now !== size) since = performance.now()
    size = now
    if (performance.now() - started > 75_000 && performance.now() - since > 20_000) return
  }
}

/** Bytes and samples of the blocks below a directory, Quartet's or Prometheus's. */
function blocksOf(directory: string): { bytes: number; samples: number } {
  const total = { bytes: 0, samples: 0 }
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const path = join(directory, entry.name)
    const meta = join(path, 'meta.json')
    if (existsSync(meta)) {
      total.bytes += directoryBytes(path)
      total.samples += samplesOf(JSON.parse(readFileSync(meta, 'utf8')))
    } else {
      const below = blocksOf(path)
      total.bytes += below.bytes
      total.samples += below.samples
    }
  }
  return total
}

function samplesOf(meta: { sampleCount?: number; stats?: { numSamples?: number } }): number {
  return meta.stats?.numSamples ?? meta.sampleCount ?? 0
}
