import { HttpError } from '@quartet/runtime'
import type { FastifyInstance } from 'fastify'
import type { ServerResponse } from 'node:http'
import type { Services } from './services.ts'
import { requireUser } from './authentication.ts'

const MAX_LISTENERS = 200
/** Proxies in between cut connections that say nothing. */
const HEARTBEAT_MS = 25_000

/** `/api/live/dashboards`: browsers hear of dashboards that are different now. */
export class LiveChanges {
  readonly #open = new Set<ServerResponse>()

  addRoutes(api: FastifyInstance, services: Services): void {
    api.get('/api/live/dashboards', { exposeHeadRoute: false }, async (request, reply) => {
      requireUser(request)
      if (this.#open.size >= MAX_LISTENERS) throw new HttpError(503, `more than ${MAX_LISTENERS} pages are listening`)
      const cookie = reply.getHeader('set-cookie')
      reply.hijack()
      const response = reply.raw
      if (cookie !== undefined) response.setHeader('set-cookie', cookie as string | string[])
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
      })
      response.write('retry: 3000\n\n')
      this.#open.add(response)
      const end = services.dashboards.onChange((change) => response.write(`data: ${JSON.stringify(change)}\n\n`))
      const heartbeat = services.clock.every(HEARTBEAT_MS, () => response.write(': still here\n\n'))
      response.once('close', () => {
        end()
        heartbeat.cancel()
        this.#open.delete(response)
      })
    })
  }

  /** Ends all streams, so that the server can stop. */
  close(): void {
    for (const response of this.#open) response.end()
  }
}
