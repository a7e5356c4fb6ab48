import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { ProtoWriter } from '@quartet/model'
import { createMatcher } from '@quartet/query'
import { silentLogger, systemClock } from '@quartet/runtime'
import { nodeFileSystem } from '@quartet/storage'
import { MetricsDatabase } from '../src/storage/database.ts'

/**
 * A million active series in the storage alone: memory while they are written, and how long it takes to answer a query after
 * `kill -9`. One process writes and is killed, another opens; wall clock and CPU seconds, as machines are shared.
 * `node packages/metrics/bench/million.ts [series=1000000] [rounds=6]`
 */
const [mode = 'run', directory = `/tmp/quartet-million-${process.pid}`] = process.argv[2]?.match(/^\d/)
  ? []
  : process.argv.slice(2)
const numbers = process.argv.slice(2).filter((argument) => /^\d+$/.test(argument))
const series = Number(numbers[0] ?? 1_000_000)
const rounds = Number(numbers[1] ?? 6)
const START_MS = 1_795_392_045_000
const STEP_MS = 15_000
const PER_REQUEST = 2000

function open(): Promise<MetricsDatabase> {
  const clock = { ...systemClock, nowMs: () => START_MS + rounds * STEP_MS }
  return MetricsDatabase.open({ fileSystem: nodeFileSystem, directory, clock, logger: silentLogger, retentionMs: 0 })
}

/** Nine labels, about 200 bytes, and fifty series per pod, as Kubernetes' container metrics have. */
function requestOf(writer: ProtoWriter, first: number, round: number): Uint8Array {
  writer.reset()
  for (let number = first; number < first + PER_REQUEST; number++) {
    const start = writer.begin(1)
    label(writer, '__name__', `container_metric_${number % 50}_total`)
    label(writer, 'cluster', 'eu-west-1')
    label(writer, 'container', `app-${number % 20}`)
    label(writer, 'instance', `host-${Math.floor(number / 2000)}:9100`)
    label(writer, 'job', 'kubelet')
    label(writer, 'mode', `mode-${Math.floor(number / 50) % 8}`)
    label(writer, 'namespace', `team-${Math.floor(number / 2000) % 30}`)
    label(writer, 'node', `node-${Math.floor(number / 20_000)}`)
    label(writer, 'pod', `app-${Math.floor(number / 400)}-7d9f6c5b8-${Math.floor(number / 50)}`)
    const sample = writer.begin(2)
    writer.double(1, number + round * (1 + (number % 7))).int64(2, START_MS + round * STEP_MS)
    writer.finish(sample)
    writer.finish(start)
  }
  return writer.view()
}

function label(writer: ProtoWriter, name: string, value: string): void {
  const start = writer.begin(1)
  writer.string(1, name).string(2, value)
  writer.finish(start)
}

function memory(): string {
  const { rss } = process.memoryUsage()
  return `RSS ${(rss / 1e6).toFixed(0)} MB, peak ${(process.resourceUsage().maxRSS / 1e3).toFixed(0)} MB`
}

async function write(): Promise<void> {
  const database = await open()
  const writer = new ProtoWriter(1 << 20)
  for (let round = 0; round < rounds; round++) {
    const cpu = process.cpuUsage()
    for (let first = 0; first < series; first += PER_REQUEST) {
      const { problem } = await database.appendRemoteWrite(requestOf(writer, first, round))
      if (problem !== undefined) throw new Error(problem)
    }
    const { user, system } = process.cpuUsage(cpu)
    console.log(`round ${round}: CPU ${((user + system) / 1e6).toFixed(1)} s, ${memory()}`)
  }
  const { headBytes, walBytes } = database.stats()
  const each = (bytes: number): string => (bytes / series).toFixed(0)
  console.log(`per series: head ${each(headBytes)} bytes, WAL ${each(walBytes)} bytes`)
  process.kill(process.pid, 'SIGKILL')
}

async function reopen(): Promise<void> {
  const startMs = systemClock.monotonicMs()
  const database = await open()
  const openMs = systemClock.monotonicMs() - startMs
  const matchers = [createMatcher('instance', '=~', 'host-7.:9100'), createMatcher('mode', '=', 'mode-3')]
  const { signal } = new AbortController()
  const selection = await database.source.select({ matchers, minMs: 0, maxMs: Infinity, signal })
  const totalMs = systemClock.monotonicMs() - startMs
  const { user, system } = process.cpuUsage()
  console.log(
    `open ${(openMs / 1000).toFixed(1)} s, with the first query ${(totalMs / 1000).toFixed(1)} s (${selection.series.length} series), ` +
      `CPU of the whole process ${((user + system) / 1e6).toFixed(1)} s, ${database.stats().headSeries} series, ${memory()}`,
  )
  selection.release()
  await database.close()
}

async function run(part: 'write' | 'reopen'): Promise<void> {
  const script = new URL(import.meta.url).pathname
  const child = spawn(
    process.execPath,
    [...process.execArgv, script, part, directory, String(series), String(rounds)],
    {
      stdio: 'inherit',
    },
  )
  await once(child, 'exit')
}

if (mode === 'write') await write()
else if (mode === 'reopen') await reopen()
else {
  await run('write')
  await run('reopen')
  rmSync(directory, { recursive: true })
}
