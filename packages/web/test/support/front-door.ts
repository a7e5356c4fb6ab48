import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A reverse proxy whose address is known before the server behind it starts, as root_url must be. */
export class FrontDoor {
  readonly url: string
  readonly #server: Server
  #target = ''

  private constructor(server: Server, subPath: string) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${subPath}`
  }

  /** @param subPath taken off before a request is passed on, as proxies do in front of Grafana */
  static async open(subPath = ''): Promise<FrontDoor> {
    const server = createServer((incoming, outgoing) => {
      const path = incoming.url ?? '/'
      if (!path.startsWith(subPath)) return outgoing.writeHead(404).end()
      const target = new URL(door.#target)
      const options = { method: incoming.method, headers: incoming.headers, host: target.hostname, port: target.port }
      const sent = request({ ...options, path: path.slice(subPath.length) || '/' }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      })
      sent.on('error', () => outgoing.writeHead(502).end())
      outgoing.on('close', () => sent.destroy())
      return incoming.pipe(sent)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const door = new FrontDoor(server, subPath)
    return door
  }

  leadTo(url: string): void {
    this.#target = url
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
