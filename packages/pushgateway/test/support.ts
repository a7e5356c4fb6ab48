import { silentLogger, systemClock } from '@quartet/runtime'
import { system } from '../src/index.ts'

export interface Pushgateway {
  readonly url: string
  request(method: string, path: string, body?: string | Uint8Array, headers?: Record<string, string>): Promise<Answer>
  /** Lines of /metrics that say nothing about the Pushgateway itself. */
  pushed(): Promise<string[]>
  stop(): Promise<void>
}

export interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

/** A running Pushgateway on a port that the kernel chose; in memory unless a directory is given. */
export async function startPushgateway(flags: Record<string, string | boolean> = {}): Promise<Pushgateway> {
  const running = await system.start({
    flags: { 'web.listen-address': '127.0.0.1:0', 'persistence.file': '', ...flags },
    dataDirectory: '/nonexistent',
    stackDirectory: '/nonexistent',
    listenHost: '127.0.0.1',
    clock: systemClock,
    logger: silentLogger,
  })
  const { url } = running.endpoints[0]!
  const request: Pushgateway['request'] = async (method, path, body, headers = {}) => {
    const response = await fetch(url + path, {
      method,
      headers,
      redirect: 'manual',
      ...(body !== undefined && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    })
    return { status: response.status, text: await response.text(), headers: response.headers }
  }
  return {
    url,
    request,
    async pushed() {
      const { text } = await request('GET', '/metrics')
      return text
        .split('\n')
        .filter((line) => line !== '' && !/^(# (HELP|TYPE) )?(process_|nodejs_|quartet_|pushgateway_|push_)/.test(line))
    },
    stop: () => running.stop(),
  }
}

export async function withPushgateway(
  run: (gateway: Pushgateway) => Promise<void>,
  flags: Record<string, string | boolean> = {},
): Promise<void> {
  const gateway = await startPushgateway(flags)
  try {
    await run(gateway)
  } finally {
    await gateway.stop()
  }
}
