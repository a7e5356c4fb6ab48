import { Agent, request } from 'node:http'

export interface Answer {
  readonly status: number
  readonly body: Buffer
  readonly ms: number
}

/** Kept-alive requests to one server on loopback, timed from the first byte sent to the last received. */
export class HttpClient {
  readonly #agent: Agent

  constructor(connections: number) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  close(): void {
    this.#agent.destroy()
  }

  send(options: {
    method?: string
    url: string
    headers?: Record<string, string>
    body?: Uint8Array
  }): Promise<Answer> {
    const started = performance.now()
    return new Promise((resolve, reject) => {
      const { method = 'GET', url, headers = {}, body } = options
      if (body) headers['content-length'] = String(body.length)
      const outgoing = request(url, { method, headers, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks), ms: performance.now() - started }),
        )
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  }

  /** @throws when the answer is not a success */
  async expectSuccess(options: Parameters<HttpClient['send']>[0]): Promise<Answer> {
    const answer = await this.send(options)
    if (answer.status >= 300)
      throw new Error(`${options.url} answered ${answer.status}: ${answer.body.toString().slice(0, 300)}`)
    return answer
  }
}
