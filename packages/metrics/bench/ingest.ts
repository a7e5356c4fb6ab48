import { once } from 'node:events'
import { request as httpRequest, Agent } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { rmSync } from 'node:fs'
import { fork } from 'node:child_process'
import { silentLogger, systemClock } from '@quartet/runtime'
import { nodeFileSystem } from '@quartet/storage'
import { remoteWriteHandler } from '../src/ingest/index.ts'
import { MetricsDatabase } from '../src/storage/database.ts'

/**
 * Remote-write ingestion over HTTP of the bench workload (100 000 series by default): CPU seconds of the receiving process per million
 * samples, memory, bytes per sample in WAL, head and blocks, replay speed.
 * `node packages/metrics/bench/ingest.ts [instances=50] [rounds=60]`
 */
const MODEL = process.env.QUARTET_BENCH_MODEL ?? '/work/shared/bench'
const instances = Number(process.argv[2] ?? 50)
const rounds = Number(process.argv[3] ?? 60)
const directory = `/tmp/quartet-bench-${process.pid}`
const START_MS = 1_795_392_045_000
const INTERVAL_MS = 15_000
const PER_INSTANCE = 2000
const BATCH = 1000

async function send(port: number): Promise<void> {
  const { Instance, DIM } = await import(`${MODEL}/model.mjs`)
  const { Batch } = await import(`${MODEL}/rw.mjs`)
  const { compressSync } = await import('snappy')
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  const post = (body: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'content-length': body.length,
      }
      const request = httpRequest(
        { port, host: '127.0.0.1', method: 'POST', path: '/api/v1/write', agent, headers },
        (response) => {
          response.resume()
          if (response.statusCode === 204) resolve()
          else reject(new Error(`status ${response.statusCode}`))
        },
      )
      request.on('error', reject)
      request.end(body)
    })
  const all = Array.from({ length: instances }, (_, index) => {
    const instance = new Instance(index)
    const batches = []
    for (let from = 0; from < PER_INSTANCE; from += BATCH) batches.push(new Batch(instance, from, from + BATCH, DIM))
    return { instance, batches }
  })
  for (let round = 0; round < rounds; round++) {
    for (const { instance, batches } of all) {
      instance.step()
      const timeMs = instance.ts(START_MS, round, INTERVAL_MS)
      await Promise.all(batches.map((batch) => post(compressSync(batch.fill(timeMs)))))
    }
    process.send!(round)
    await once(process, 'message')
  }
  agent.destroy()
  process.disconnect()
}

async function receive(): Promise<void> {
  const clock = { ...systemClock, nowMs: () => START_MS + rounds * INTERVAL_MS }
  const options = { fileSystem: nodeFileSystem, directory, clock, logger: silentLogger, retentionMs: 0 }
  let database = await MetricsDatabase.open(options)
  const handler = remoteWriteHandler(database)
  const server = createServer((request, response) => void handler(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const sender = fork(new URL(import.meta.url), [...process.argv.slice(2, 4), String(port)])
  let spent = 0
  let maintenance = 0
  let last = process.cpuUsage()
  const samples = instances * PER_INSTANCE
  for (let round = 0; round < rounds; round++) {
    await once(sender, 'message')
    const now = process.cpuUsage(last)
    if (round >= 2) spent += (now.user + now.system) / 1e6
    const before = performance.now()
    await database.maintain()
    maintenance += performance.now() - before
    last = process.cpuUsage()
    sender.send('go')
  }
  const stats = database.stats()
  const million = ((rounds - 2) * samples) / 1e6
  console.log(
    `CPU s per million samples: ${(spent / million).toFixed(3)} (HTTP, snappy, parse, WAL, append; first two rounds left out)`,
  )
  console.log(
    `RSS MB: ${(process.memoryUsage().rss / 1e6).toFixed(0)} , head bytes/sample ${(stats.headBytes / stats.headSamples).toFixed(2)}`,
  )
  const inBlocks = rounds * samples - stats.headSamples
  console.log(
    `WAL bytes/sample ${(stats.walBytes / stats.headSamples).toFixed(2)}, blocks ${stats.blocks}, bytes/sample in blocks ${(stats.blockBytes / inBlocks).toFixed(2)}, maintenance ${(maintenance / 1000).toFixed(2)} s`,
  )
  server.close()
  await database.close()
  const cpu = process.cpuUsage()
  database = await MetricsDatabase.open(options)
  const used = process.cpuUsage(cpu)
  const replayed = database.stats().walReplayedSamples
  console.log(`replay: ${replayed} samples, ${(replayed / (used.user + used.system)).toFixed(2)} M samples per CPU s`)
  await database.close()
  rmSync(directory, { recursive: true })
}

if (process.send) await send(Number(process.argv[4]))
else await receive()
