import type { HttpServer } from '@quartet/runtime'
import { ConfigError } from '@quartet/runtime'
import type { Controller } from '../graph/index.ts'
import { componentDetail, componentSummary } from './component-json.ts'
import { detailPage, listPage, notFoundPage } from './component-pages.ts'
import { graphPage } from './graph-page.ts'

/** The user interface, its API and `/-/reload`. Health and metrics belong to the server itself. */
export function addRoutes(server: HttpServer, controller: Controller, reload: () => Promise<void>): void {
  const { api } = server
  const html = 'text/html; charset=utf-8'
  api.get('/', async (_, reply) => reply.type(html).send(listPage(controller.components())))
  api.get('/graph', async (_, reply) => reply.type(html).send(graphPage(controller.components())))
  api.get<{ Params: { '*': string } }>('/component/*', async (request, reply) => {
    const id = request.params['*'].replace(/\/$/, '')
    const view = controller.component(id)
    return reply
      .code(view ? 200 : 404)
      .type(html)
      .send(view ? detailPage(view) : notFoundPage(id))
  })
  api.get('/api/v0/web/components', async () => controller.components().map(componentSummary))
  api.get<{ Params: { '*': string } }>('/api/v0/web/components/*', async (request, reply) => {
    const view = controller.component(request.params['*'])
    if (view) return componentDetail(view)
    return reply.code(404).type('text/plain; charset=utf-8').send(`component "${request.params['*']}" does not exist\n`)
  })
  api.get('/api/v0/web/peers', async () => [])
  for (const method of ['GET', 'POST'] as const) {
    api.route({
      method,
      url: '/-/reload',
      ...(method === 'GET' ? { exposeHeadRoute: false } : {}),
      handler: async (_, reply) => {
        try {
          await reload()
          return await reply.type('text/plain; charset=utf-8').send('config reloaded')
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error
          return reply.code(400).type('text/plain; charset=utf-8').send(`${error.message}\n`)
        }
      },
    })
  }
}
