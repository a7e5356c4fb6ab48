import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { RequestOptions } from 'node:https'
import type { Duplex, Readable } from 'node:stream'
import { nodeHttp } from '@quartet/runtime'
import type { Clock, SelfMetrics } from '@quartet/runtime'
import type { DataSource } from '../provisioning/data-sources.ts'

/** A store that does not answer. `status` is 502 when it cannot be reached, 504 when it takes too long. */
export class StoreError extends Error {
  readonly status: number

  constructor(status: number, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'StoreError'
    this.status = status
  }
}

export interface StoreRequest {
  readonly method: string
  /** Path and query, appended to the data source's URL; begins with a slash. */
  readonly path: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Readable
  readonly signal?: AbortSignal
}

/** The largest answer that is read as a whole. Streams through the proxy have no limit. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024

/** Talks to the stores behind the data sources, with their credentials and limits. */
export class StoreClient {
  readonly #timeoutMs: number
  readonly #clock: Clock
  readonly #http = new nodeHttp.Agent({ keepAlive: true, maxSockets: 64 })
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: 64 })
  readonly #requests
  readonly #durations

  constructor(options: { timeoutMs: number; clock: Clock; metrics: SelfMetrics }) {
    this.#timeoutMs = options.timeoutMs
    this.#clock = options.clock
    const labels = ['datasource', 'datasource_type', 'code', 'method'] as const
    this.#requests = options.metrics.counter(
      'grafana_datasource_request_total',
      'A counter for outgoing requests for an external data source.',
      labels,
    )
    this.#durations = options.metrics.histogram(
      'grafana_datasource_request_duration_seconds',
      'Histogram of durations of outgoing external data source requests sent from Grafana.',
      [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100],
      labels,
    )
  }

  /**
   * Sends a request and waits for the head of the answer; the caller reads or destroys the rest.
   * @throws StoreError
   */
  send(source: DataSource, request: StoreRequest): Promise<IncomingMessage> {
    const startMs = this.#clock.monotonicMs()
    const timeoutMs = timeoutOf(source, this.#timeoutMs)
    return new Promise((resolve, reject) => {
      // Silence of this length ends it, before the answer or in the middle of it.
      const outgoing = this.#open(source, request, { timeout: timeoutMs })
      const observe = (code: string): void => {
        const labels = {
          datasource: source.name,
          datasource_type: source.type,
          code,
          method: request.method.toLowerCase(),
        }
        this.#requests.inc(labels)
        this.#durations.observe(labels, (this.#clock.monotonicMs() - startMs) / 1000)
      }
      const fail = (error: StoreError): void => {
        observe(String(error.status))
        reject(error)
      }
      outgoing.once('timeout', () => outgoing.destroy(new StoreTimeout()))
      outgoing.once('response', (response) => {
        observe(String(response.statusCode))
        resolve(response)
      })
      outgoing.once('error', (error) => fail(explain(source, error, timeoutMs)))
      if (typeof request.body === 'object') {
        request.body.once('error', (error) => outgoing.destroy(error))
        request.body.pipe(outgoing)
      } else outgoing.end(request.body)
    })
  }

  /** As {@link send}, with the whole answer as text. */
  async read(source: DataSource, request: StoreRequest): Promise<{ status: number; text: string }> {
    const response = await this.send(source, request)
    const parts: Buffer[] = []
    let size = 0
    try {
      for await (const part of response as AsyncIterable<Buffer>) {
        size += part.length
        if (size > MAX_ANSWER_BYTES)
          throw new StoreError(502, `${nameOf(source)} answered with more than ${MAX_ANSWER_BYTES} bytes`)
        parts.push(part)
      }
    } catch (error) {
      response.destroy()
      throw error instanceof StoreError ? error : explain(source, error, timeoutOf(source, this.#timeoutMs))
    }
    return { status: response.statusCode ?? 502, text: Buffer.concat(parts).toString() }
  }

  /** Opens a WebSocket to a store; resolves with its answer to the upgrade and the connection. */
  upgrade(
    source: DataSource,
    request: StoreRequest,
  ): Promise<
    { response: IncomingMessage; socket: Duplex; head: Buffer } | { response: IncomingMessage; socket?: undefined }
  > {
    return new Promise((resolve, reject) => {
      const outgoing = this.#open(source, request, { agent: false })
      outgoing.once('upgrade', (response, socket, head) => resolve({ response, socket, head }))
      outgoing.once('response', (response) => resolve({ response }))
      outgoing.once('error', (error) => reject(explain(source, error, this.#timeoutMs)))
      outgoing.end()
    })
  }

  close(): void {
    this.#http.destroy()
    this.#https.destroy()
  }

  #open(source: DataSource, request: StoreRequest, extra: RequestOptions) {
    const url = new URL(source.url + request.path)
    const isSecure = url.protocol === 'https:'
    const options: RequestOptions = {
      method: request.method,
      agent: isSecure ? this.#https : this.#http,
      headers: { ...request.headers, ...credentials(source) },
      ...(isSecure && tlsOptions(source)),
      ...(request.signal && { signal: request.signal }),
      ...extra,
    }
    return isSecure ? httpsRequest(url, options) : nodeHttp.request(url, options)
  }
}

/** For messages: `Prometheus (http://127.0.0.1:9090)`. */
export function nameOf(source: DataSource): string {
  return `${source.name} (${source.url})`
}

class StoreTimeout extends Error {}

function explain(source: DataSource, error: unknown, timeoutMs: number): StoreError {
  if (error instanceof StoreTimeout) {
    return new StoreError(504, `${nameOf(source)} did not answer within ${timeoutMs / 1000} s`, error)
  }
  if (error instanceof Error && error.name === 'AbortError') return new StoreError(499, 'the client went away', error)
  const reason = error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error)
  return new StoreError(502, `${nameOf(source)} cannot be reached: ${reason}`, error)
}

function timeoutOf(source: DataSource, defaultMs: number): number {
  const seconds = Number(source.jsonData['timeout'])
  return seconds > 0 ? seconds * 1000 : defaultMs
}

/** Basic auth and `httpHeaderName1` … with their secret values, as upstream's data sources have them. */
function credentials(source: DataSource): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {}
  if (source.basicAuth) {
    const pair = `${source.basicAuthUser}:${source.secrets['basicAuthPassword'] ?? ''}`
    headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`
  }
  for (const [key, name] of Object.entries(source.jsonData)) {
    const number = /^httpHeaderName(\d+)$/.exec(key)?.[1]
    const value = number === undefined ? undefined : source.secrets[`httpHeaderValue${number}`]
    if (value !== undefined && typeof name === 'string') headers[name.toLowerCase()] = value
  }
  return headers
}

function tlsOptions(source: DataSource): RequestOptions {
  const { jsonData, secrets } = source
  return {
    ...(jsonData['tlsSkipVerify'] === true && { rejectUnauthorized: false }),
    ...(jsonData['tlsAuthWithCACert'] === true && { ca: secrets['tlsCACert'] }),
    ...(jsonData['tlsAuth'] === true && { cert: secrets['tlsClientCert'], key: secrets['tlsClientKey'] }),
    ...(typeof jsonData['serverName'] === 'string' && { servername: jsonData['serverName'] }),
  }
}
