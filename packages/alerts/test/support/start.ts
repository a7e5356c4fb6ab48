import { silentLogger, systemClock } from '@quartet/runtime'
import type { RunningSystem } from '@quartet/runtime'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { system } from '../../src/index.ts'

/** A real Alertmanager on a free port of 127.0.0.1 with its files in `directory`. */
export async function startAlertmanager(
  directory: string,
  config: string,
  flags: Record<string, string> = {},
): Promise<{ url: string; path: string; running: RunningSystem }> {
  const path = join(directory, 'alertmanager.yml')
  await writeFile(path, config)
  const running = await system.start({
    flags: {
      'config.file': path,
      'storage.path': join(directory, 'alertmanager'),
      'web.listen-address': '127.0.0.1:0',
      ...flags,
    },
    dataDirectory: directory,
    stackDirectory: directory,
    listenHost: '127.0.0.1',
    clock: systemClock,
    logger: silentLogger,
  })
  return { url: running.endpoints[0].url, path, running }
}

export interface Answer {
  readonly status: number
  readonly body?: string
  readonly contentType?: string
}

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A receiver that keeps what it gets. `answer` gives status and body of each reply. */
export async function startReceiver(
  answer: (request: Received) => Answer = () => ({ status: 200 }),
): Promise<{ url: string; received: Received[]; next(): Promise<Received>; close(): Promise<void> }> {
  const received: Received[] = []
  const waiting: ((got: Received) => void)[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const got = {
        method: request.method!,
        path: request.url!,
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      }
      const { body = '', contentType = 'text/plain', status } = answer(got)
      response.writeHead(status, { 'content-type': contentType }).end(body)
      received.push(got)
      waiting.shift()?.(got)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  let taken = 0
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async next() {
      const at = taken++
      return received[at] ?? new Promise((resolve) => waiting.push(resolve))
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
