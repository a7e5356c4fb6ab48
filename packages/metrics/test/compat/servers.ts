import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { ProtoWriter, writeNativeHistogram } from '@quartet/model'
import { silentLogger, systemClock } from '@quartet/runtime'
import { temporaryDirectory } from '@quartet/runtime/testing'
import { system } from '../../src/index.ts'
import type { RandomSeries } from './random-series.ts'

export interface Server {
  readonly name: string
  readonly url: string
  stop(): Promise<void>
}

export const UPSTREAM_BINARY = process.env.QUARTET_PROMETHEUS ?? '/usr/bin/prometheus'
export const hasUpstream: boolean = existsSync(UPSTREAM_BINARY)

const CONFIG = 'global:\n  evaluation_interval: 1m\n'
const START_TIMEOUT_MS = 20_000

/** Debian's Prometheus on a free port, with an empty database, or on one that is there and stays. */
export async function startUpstream(
  extraFlags: readonly string[] = [],
  dataDirectory?: string,
  config = CONFIG,
  log: 'inherit' | 'ignore' = 'inherit',
): Promise<Server> {
  const directory = await temporaryDirectory()
  const port = await freePort()
  await writeFile(join(directory.path, 'prometheus.yml'), config)
  const flags = [
    `--config.file=${join(directory.path, 'prometheus.yml')}`,
    `--storage.tsdb.path=${dataDirectory ?? join(directory.path, 'data')}`,
    '--storage.tsdb.retention.time=100y',
    `--web.listen-address=127.0.0.1:${port}`,
    '--web.enable-remote-write-receiver',
    '--log.level=error',
    ...extraFlags,
  ]
  const child = spawn(UPSTREAM_BINARY, flags, { stdio: ['ignore', 'ignore', log] })
  const ended = once(child, 'exit')
  const url = `http://127.0.0.1:${port}`
  await untilReady(url, () => child.exitCode !== null)
  return {
    name: 'prometheus',
    url,
    async stop() {
      child.kill('SIGTERM')
      await ended
      await directory.remove()
    },
  }
}

/** Quartet's metrics system in this process, on a free port, with an empty database, or on one that is there and stays. */
export async function startQuartet(
  extraFlags: Readonly<Record<string, string | boolean>> = {},
  dataDirectory?: string,
  config = CONFIG,
): Promise<Server> {
  const directory = await temporaryDirectory()
  const configFile = join(directory.path, 'prometheus.yml')
  await writeFile(configFile, config)
  const running = await system.start({
    flags: {
      'config.file': configFile,
      'web.listen-address': ['127.0.0.1:0'],
      'storage.tsdb.path': dataDirectory ?? join(directory.path, 'prometheus'),
      'storage.tsdb.retention.time': '100y',
      'web.enable-remote-write-receiver': true,
      ...extraFlags,
    },
    dataDirectory: directory.path,
    stackDirectory: directory.path,
    listenHost: '127.0.0.1',
    clock: systemClock,
    logger: silentLogger,
  })
  return {
    name: 'quartet',
    url: running.endpoints[0].url,
    async stop() {
      await running.stop()
      await directory.remove()
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP address was expected')
  server.close()
  await once(server, 'close')
  return address.port
}

export async function untilReady(url: string, hasEnded: () => boolean): Promise<void> {
  const deadlineMs = systemClock.nowMs() + START_TIMEOUT_MS
  while (systemClock.nowMs() < deadlineMs) {
    if (hasEnded()) throw new Error('prometheus ended while it started')
    try {
      const response = await fetch(`${url}/-/ready`)
      if (response.ok) return
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
    }
    await wait(50)
  }
  throw new Error(`prometheus was not ready within ${START_TIMEOUT_MS} ms`)
}

/** Sends the same data to every server by remote write. One request, so that both number the series in the same order. */
export async function writeSeries(servers: readonly Server[], all: readonly RandomSeries[]): Promise<void> {
  const body = encodeSeries(all)
  await Promise.all(servers.map((server) => post(server, body)))
}

const STALE_BITS = 0x7ff0000000000002n

function encodeSeries(all: readonly RandomSeries[]): Uint8Array {
  const writer = new ProtoWriter()
  for (const { labels, samples } of all) {
    const series = writer.begin(1)
    for (const [name, value] of labels) {
      const label = writer.begin(1)
      writer.string(1, name).string(2, value)
      writer.finish(label)
    }
    for (const { timeMs, value } of samples) {
      if (typeof value === 'object') {
        const histogram = writer.begin(4)
        writeNativeHistogram(writer, timeMs, value)
        writer.finish(histogram)
        continue
      }
      const sample = writer.begin(2)
      if (value === 'stale') writer.fixed64(1, STALE_BITS)
      else writer.double(1, value)
      writer.int64(2, timeMs)
      writer.finish(sample)
    }
    writer.finish(series)
  }
  return writer.toBytes()
}

/** One request of remote write, whatever the answer is. */
export function sendSeries(server: Server, all: readonly RandomSeries[]): Promise<Response> {
  return send(server, encodeSeries(all))
}

function send(server: Server, body: Uint8Array): Promise<Response> {
  return fetch(`${server.url}/api/v1/write`, {
    method: 'POST',
    body: snappyLiterals(body),
    headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
  })
}

async function post(server: Server, body: Uint8Array): Promise<void> {
  const response = await send(server, body)
  if (!response.ok) throw new Error(`${server.name} refused the data: ${response.status} ${await response.text()}`)
}

/** Valid snappy without any compression: the length, then literals. */
function snappyLiterals(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const MAX_LITERAL = 65_536
  const writer = new ProtoWriter(bytes.length + 64)
  writer.varint(bytes.length)
  for (let at = 0; at < bytes.length; at += MAX_LITERAL) {
    const part = bytes.subarray(at, at + MAX_LITERAL)
    const length = part.length - 1
    writer.raw(Uint8Array.of(61 << 2, length & 255, length >> 8)).raw(part)
  }
  return writer.toBytes()
}
