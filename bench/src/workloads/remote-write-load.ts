import { compressSync } from 'snappy'

import { Instance, UNITS, VALUES } from '../data/metric-model.ts'
import { RemoteWriteBatch } from '../data/remote-write-batch.ts'
import { HttpClient } from '../http-client.ts'
import type { BenchOptions } from '../options.ts'
import type { RunningServer } from '../servers/server.ts'
import { median } from '../table.ts'

export const INTERVAL_MS = 15_000
const PER_INSTANCE = UNITS * VALUES

export interface LoadResult {
  readonly series: number
  readonly samples: number
  readonly cpuSeconds: number
  /** The first round alone, in which every series is new. */
  readonly firstRoundCpuSeconds: number
  readonly requestP50Ms: number
  readonly peakMb: number
  /** Time of the last round's grid. */
  readonly endMs: number
}

/** Sends the same history to a server by remote write 1.0, each host's series in order, `options.connections` hosts at a time. */
export async function remoteWriteLoad(
  server: RunningServer,
  options: BenchOptions,
  endMs: number,
): Promise<LoadResult> {
  const startMs = Math.floor((endMs - options.rounds * INTERVAL_MS) / INTERVAL_MS) * INTERVAL_MS
  const hosts = Array.from({ length: options.instances }, (_, index) => host(index, options.batch))
  const client = new HttpClient(options.connections)
  const cpuBefore = server.cpuSeconds()
  const times: number[] = []
  let samples = 0
  let firstRound = 0
  for (let round = 0; round < options.rounds; round++) {
    let next = 0
    const worker = async (): Promise<void> => {
      while (next < hosts.length) {
        const { instance, batches } = hosts[next++]
        instance.step()
        const timeMs = instance.timeMs(startMs, round, INTERVAL_MS)
        for (const batch of batches) {
          const body = compressSync(Buffer.from(batch.fill(timeMs)))
          const answer = await client.expectSuccess({
            method: 'POST',
            url: `${server.url}/api/v1/write`,
            headers: { ...HEADERS },
            body,
          })
          times.push(answer.ms)
          samples += batch.sampleCount
        }
      }
    }
    await Promise.all(Array.from({ length: options.connections }, worker))
    if (round === 0) firstRound = server.cpuSeconds() - cpuBefore
  }
  client.close()
  return {
    series: options.instances * PER_INSTANCE,
    samples,
    cpuSeconds: server.cpuSeconds() - cpuBefore,
    firstRoundCpuSeconds: firstRound,
    requestP50Ms: median(times),
    peakMb: server.memory().peakMb,
    endMs: startMs + (options.rounds - 1) * INTERVAL_MS,
  }
}

export const HEADERS = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
}

/** One host and the requests of one of its scrapes. */
export function host(index: number, batchSize: number): { instance: Instance; batches: RemoteWriteBatch[] } {
  const instance = new Instance(index)
  const batches: RemoteWriteBatch[] = []
  for (let from = 0; from < PER_INSTANCE; from += batchSize) {
    batches.push(new RemoteWriteBatch(instance, index, { from, to: Math.min(PER_INSTANCE, from + batchSize) }))
  }
  return { instance, batches }
}
