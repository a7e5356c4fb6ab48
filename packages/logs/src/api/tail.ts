import { metadataPairs } from '@quartet/model'
import type { Clock, HttpServer, Logger, Timer } from '@quartet/runtime'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Limits } from '../config/limits.ts'
import { Pipeline } from '../query/engine/pipeline.ts'
import { parseLogSelector } from '../query/parser.ts'
import { Queries } from '../query/queries.ts'
import type { SelectorNode } from '../query/ast.ts'
import type { LogStore } from '../storage/log-store.ts'
import { toAnswer } from './errors.ts'
import { parseLimit, parseTimeNs } from './parameters.ts'
import { categories, labelsJson } from './response.ts'

const FLUSH_MS = 100
const MAX_WAITING = 10_000
const MAX_DROPPED = 100
const MAX_BUFFERED_BYTES = 4 << 20
const MAX_DELAY_SECONDS = 5
const SINCE_NS = 3600n * 1_000_000_000n

export interface TailOptions {
  readonly store: LogStore
  readonly limits: Limits
  readonly clock: Clock
  readonly logger: Logger
  readonly authorize: (request: IncomingMessage) => void
}

interface Waiting {
  readonly labels: string
  readonly timeNs: bigint
  /** `["ns","line"]` as JSON. */
  readonly value: string
}

/** GET /loki/api/v1/tail over a WebSocket: the newest entries first, then live ones. Returns what closes all tails. */
export async function addTailApi(server: HttpServer, options: TailOptions): Promise<() => void> {
  const { WebSocketServer } = await import('ws')
  const sockets = new WebSocketServer({ noServer: true })
  const tails = new Set<Tail>()
  server.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (url.pathname !== '/loki/api/v1/tail' && url.pathname !== '/api/prom/tail')
      return refuse(socket, 404, 'not found')
    try {
      options.authorize(request)
      const parameters = readParameters(url.searchParams, options)
      if (tails.size >= options.limits.maxConcurrentTails)
        return refuse(
          socket,
          400,
          `max concurrent tail requests limit exceeded, count > limit (${tails.size + 1} > ${options.limits.maxConcurrentTails})`,
        )
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        const tail = new Tail(webSocket, {
          ...options,
          ...parameters,
          categorize: /categorize-labels/.test(String(request.headers['x-loki-response-encoding-flags'] ?? '')),
        })
        tails.add(tail)
        webSocket.on('close', () => {
          tail.stop()
          tails.delete(tail)
        })
        tail.start().catch((error: unknown) => {
          options.logger.error({ err: error }, 'tail failed')
          webSocket.close(1011, 'tail failed')
        })
      })
    } catch (error) {
      const known = toAnswer(error)
      if (!known) options.logger.error({ err: error }, 'tail failed')
      refuse(socket, known?.status ?? 500, known?.message ?? 'internal server error')
    }
  })
  return () => {
    for (const tail of tails) tail.close()
  }
}

function refuse(socket: Duplex, status: number, message: string): void {
  socket.end(
    `HTTP/1.1 ${status} ${status === 404 ? 'Not Found' : 'Bad Request'}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
  )
}

interface TailParameters {
  readonly node: SelectorNode
  readonly query: string
  readonly startNs: bigint
  readonly limit: number
  readonly delayMs: number
}

function readParameters(values: URLSearchParams, { clock }: TailOptions): TailParameters {
  const query = values.get('query') ?? ''
  const delay = Number(values.get('delay_for') ?? 0) || 0
  return {
    query,
    node: parseLogSelector(query),
    startNs: parseTimeNs(values.get('start') ?? '', clock.nowNs() - SINCE_NS),
    limit: parseLimit(values),
    delayMs: Math.min(Math.max(delay, 0), MAX_DELAY_SECONDS) * 1000,
  }
}

class Tail {
  readonly #socket: WebSocket
  readonly #options: TailOptions & TailParameters & { categorize: boolean }
  readonly #controller = new AbortController()
  #waiting: Waiting[] = []
  #dropped: { timestamp: string; labels: string }[] = []
  #unsubscribe: (() => void) | undefined
  #timer: Timer | undefined

  constructor(socket: WebSocket, options: TailOptions & TailParameters & { categorize: boolean }) {
    this.#socket = socket
    this.#options = options
  }

  async start(): Promise<void> {
    const { node, store, clock, categorize } = this.#options
    const pipeline = new Pipeline(node.stages, () => clock.nowNs())
    // Live entries are collected from now on, so that none is missed while the last ones are read.
    this.#unsubscribe = store.subscribe((stream, seconds, nanos, bytes, lineStart, lineEnd, metadataEnd) => {
      if (
        !node.matchers.every((matcher) =>
          matcher.matches(stream.labels.find(([name]) => name === matcher.name)?.[1] ?? ''),
        )
      )
        return
      const entry = pipeline.runLine(stream, {
        line: Buffer.from(bytes.buffer, bytes.byteOffset + lineStart, lineEnd - lineStart),
        seconds,
        nanos,
        metadata: metadataPairs(bytes, lineEnd, metadataEnd),
      })
      if (!entry) return
      const labels = labelsJson(categorize ? entry.streamLabels() : entry.labels())
      const extra = categorize ? `,${categories(entry.categorized('metadata'), entry.categorized('parsed'))}` : ''
      this.#add({ labels, timeNs: entry.timeNs, value: `["${entry.timeNs}",${JSON.stringify(entry.line)}${extra}]` })
    })
    const beganNs = clock.nowNs()
    const result = await new Queries(store, this.#options.limits, clock).run({
      query: this.#options.query,
      startNs: this.#options.startNs,
      endNs: beganNs,
      stepNs: 1_000_000_000n,
      intervalNs: 0n,
      limit: this.#options.limit,
      direction: 'backward',
      categorize,
      signal: this.#controller.signal,
    })
    if (result.kind === 'streams') {
      const live = new Set(this.#waiting.map(({ labels, value }) => labels + value))
      const last = result.streams.flatMap(({ labels, entries }) =>
        entries.map((entry) => ({
          labels: labelsJson(labels),
          timeNs: entry.timeNs,
          value: `["${entry.timeNs}",${JSON.stringify(entry.line)}${categorize ? `,${categories(entry.structuredMetadata, entry.parsed)}` : ''}]`,
        })),
      )
      this.#waiting.unshift(...last.filter(({ labels, value }) => !live.has(labels + value)).reverse())
    }
    this.#timer = clock.every(FLUSH_MS, () => this.#flush())
    this.#flush()
  }

  stop(): void {
    this.#controller.abort()
    this.#unsubscribe?.()
    this.#timer?.cancel()
  }

  close(): void {
    this.#socket.close(1001, 'server is shutting down')
  }

  #add(entry: Waiting): void {
    if (this.#waiting.length < MAX_WAITING) {
      this.#waiting.push(entry)
      return
    }
    if (this.#dropped.length < MAX_DROPPED)
      this.#dropped.push({ timestamp: String(entry.timeNs), labels: entry.labels })
  }

  #flush(): void {
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) return
    const { clock, delayMs } = this.#options
    const until = clock.nowNs() - BigInt(delayMs) * 1_000_000n
    const due = delayMs === 0 ? this.#waiting : this.#waiting.filter((entry) => entry.timeNs <= until)
    if (due.length === 0 && this.#dropped.length === 0) return
    this.#waiting = delayMs === 0 ? [] : this.#waiting.filter((entry) => entry.timeNs > until)
    const streams = new Map<string, string[]>()
    for (const { labels, value } of due.sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0))) {
      const values = streams.get(labels)
      if (values) values.push(value)
      else streams.set(labels, [value])
    }
    const rows = [...streams].map(([labels, values]) => `{"stream":${labels},"values":[${values.join(',')}]}`)
    const dropped =
      this.#dropped.length === 0
        ? ''
        : `,"dropped_entries":[${this.#dropped.map(({ timestamp, labels }) => `{"timestamp":"${timestamp}","labels":${labels}}`).join(',')}]`
    const flags = this.#options.categorize ? ',"encodingFlags":["categorize-labels"]' : ''
    this.#dropped = []
    this.#socket.send(`{"streams":[${rows.join(',')}]${dropped}${flags}}`)
  }
}
