import type { FastifyInstance } from 'fastify'
import type { HealthDto } from '../../common/api.ts'
import { COMMIT, GRAFANA_VERSION } from './services.ts'
import type { Services } from './services.ts'

export function addHealthRoutes(api: FastifyInstance, services: Services): void {
  api.get('/api/health', async (_request, reply): Promise<HealthDto> => {
    const isFine = await services.isDatabaseFine()
    if (!isFine) void reply.code(503)
    return { database: isFine ? 'ok' : 'failing', version: GRAFANA_VERSION, commit: COMMIT }
  })
  api.get('/healthz', async (_request, reply) => reply.type('text/plain').send('Ok'))
}
