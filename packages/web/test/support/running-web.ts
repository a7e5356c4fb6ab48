import { systemClock } from '@quartet/runtime'
import type { Clock, RunningSystem } from '@quartet/runtime'
import { recordingLogger, temporaryDirectory } from '@quartet/runtime/testing'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { startWeb } from '../../src/server/service.ts'

export const PASSWORD = 'test-password'

/** A web server on a free port with a store behind it that answers as a test says; for tests of the API. */
export class RunningWeb {
  readonly url: string
  readonly stackDirectory: string
  readonly running: RunningSystem
  readonly store: FakeStore
  readonly records: ReturnType<typeof recordingLogger>['records']
  readonly #remove: () => Promise<void>
  #cookie = ''

  private constructor(parts: {
    running: RunningSystem
    store: FakeStore
    directory: { path: string; remove(): Promise<void> }
    records: ReturnType<typeof recordingLogger>['records']
  }) {
    this.running = parts.running
    this.url = parts.running.endpoints[0].url
    this.store = parts.store
    this.records = parts.records
    this.stackDirectory = join(parts.directory.path, 'stack')
    this.#remove = () => parts.directory.remove()
  }

  static async start(
    options: {
      files?: Readonly<Record<string, string>>
      environment?: Record<string, string>
      clock?: Clock
      /** Where the page was built; by default an empty folder. */
      pageDirectory?: string
    } = {},
  ): Promise<RunningWeb> {
    const store = await FakeStore.start()
    const directory = await temporaryDirectory()
    const { logger, records } = recordingLogger()
    const files = { ...defaultFiles(store.url), ...options.files }
    for (const [name, text] of Object.entries(files)) {
      const path = join(directory.path, name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text)
    }
    const running = await startWeb({
      flags: { config: join(directory.path, 'stack/grafana/grafana.ini'), 'http-port': '0' },
      dataDirectory: join(directory.path, 'data'),
      stackDirectory: join(directory.path, 'stack'),
      listenHost: '127.0.0.1',
      clock: options.clock ?? systemClock,
      logger,
      pageDirectory: options.pageDirectory ?? join(directory.path, 'dist'),
      environment: { GF_SECURITY_ADMIN_PASSWORD: PASSWORD, ...options.environment },
    })
    return new RunningWeb({ running, store, directory, records })
  }

  /** Logs in; later requests carry the session. */
  async logIn(): Promise<void> {
    const response = await this.fetch('/login', { method: 'POST', json: { user: 'admin', password: PASSWORD } })
    if (response.status !== 200) throw new Error(`login answered ${response.status}`)
    this.#cookie = response.headers
      .getSetCookie()
      .map((cookie) => cookie.split(';')[0])
      .join('; ')
  }

  get cookie(): string {
    return this.#cookie
  }

  forget(): void {
    this.#cookie = ''
  }

  fetch(
    path: string,
    options: { method?: string; json?: unknown; headers?: Record<string, string>; body?: string } = {},
  ) {
    const headers: Record<string, string> = { ...options.headers }
    if (this.#cookie !== '') headers['cookie'] ??= this.#cookie
    if (options.json !== undefined) headers['content-type'] = 'application/json'
    const body = options.json === undefined ? options.body : JSON.stringify(options.json)
    return fetch(this.url + path, {
      method: options.method ?? 'GET',
      headers,
      redirect: 'manual',
      ...(body !== undefined && { body }),
    })
  }

  async json<T = Record<string, unknown>>(path: string, options: Parameters<RunningWeb['fetch']>[1] = {}): Promise<T> {
    const response = await this.fetch(path, options)
    return (await response.json()) as T
  }

  async stop(): Promise<void> {
    await this.running.stop()
    await this.store.stop()
    await this.#remove()
  }
}

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** Stands where Prometheus, Loki and Tempo would. */
export class FakeStore {
  readonly server: Server
  readonly seen: SeenRequest[] = []
  answer: (request: SeenRequest, response: ServerResponse) => void = (_request, response) => {
    response.setHeader('content-type', 'application/json').end('{"status":"success"}')
  }

  private constructor(server: Server) {
    this.server = server
  }

  static async start(): Promise<FakeStore> {
    const server = createServer(async (request, response) => {
      const parts: Buffer[] = []
      for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
      const { method = '', url = '', headers } = request
      const seen = { method, url, headers, body: Buffer.concat(parts).toString() }
      store.seen.push(seen)
      store.answer(seen, response)
    })
    const store = new FakeStore(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return store
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** Every answer from now on. */
  answerJson(value: unknown, status = 200): void {
    this.answer = (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    }
  }

  async stop(): Promise<void> {
    if (!this.server.listening) return
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }
}

function defaultFiles(storeUrl: string): Record<string, string> {
  const source = (name: string, type: string, rest = ''): string =>
    `  - { name: ${name}, type: ${type}, uid: ${type}, url: '${storeUrl}'${rest} }\n`
  return {
    'stack/grafana/provisioning/datasources/a.yaml':
      'datasources:\n' +
      source(
        'Prometheus',
        'prometheus',
        ', isDefault: true, jsonData: {httpHeaderName1: X-Scope-OrgID}, secureJsonData: {httpHeaderValue1: tenant}',
      ) +
      source('Loki', 'loki') +
      source('Tempo', 'tempo') +
      "  - { name: Gone, type: prometheus, uid: gone, url: 'http://127.0.0.1:9' }\n",
    'stack/grafana/provisioning/dashboards/a.yaml': 'providers:\n  - { name: files, options: { path: dashboards } }\n',
    'stack/grafana/provisioning/dashboards/one.json': '{"uid":"one","title":"One","tags":["shop"],"schemaVersion":42}',
  }
}
