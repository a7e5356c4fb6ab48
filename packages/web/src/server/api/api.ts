import type { FastifyInstance } from 'fastify'
import type { Services } from './services.ts'
import { addAlertingRoutes } from './alerting.ts'
import { authenticate } from './authentication.ts'
import { addDashboardRoutes } from './dashboards.ts'
import { addDataSourceProxy } from './data-source-proxy.ts'
import { addDataSourceRoutes } from './data-sources.ts'
import { errorHandler } from './errors.ts'
import { addHealthRoutes } from './health.ts'
import type { LiveChanges } from './live.ts'
import { addLoginRoutes } from './login.ts'
import { checkOrigin } from './origin-check.ts'
import { passOnTo } from './pass-on.ts'
import { addPage } from './page.ts'
import { addQueryRoutes } from './queries.ts'
import { addSignInRoutes } from './sign-in.ts'
import { addAuthenticationRoutes } from './sign-in-settings.ts'
import { addUserRoutes } from './user.ts'
import { addUserAdministration } from './users.ts'

/** All routes of port 3000, with what every answer has in common: who asks, where from, and headers that protect. */
export async function addApi(api: FastifyInstance, services: Services, live: LiveChanges): Promise<void> {
  api.setErrorHandler(errorHandler(services.logger))
  api.addHook('onRequest', async (request, reply) => {
    checkOrigin(request.raw, services.settings)
    void reply.headers(PROTECTION)
    if (!services.settings.flag('security', 'allow_embedding')) void reply.header('x-frame-options', 'deny')
    if (request.url.startsWith('/public/')) return
    void reply.header('cache-control', 'no-store')
    await authenticate(services, request, reply)
  })
  addHealthRoutes(api, services)
  addLoginRoutes(api, services)
  addSignInRoutes(api, services)
  addUserRoutes(api, services)
  addUserAdministration(api, services)
  addAuthenticationRoutes(api, services)
  addDashboardRoutes(api, services)
  addDataSourceRoutes(api, services)
  const passOn = passOnTo(services)
  addDataSourceProxy(api, services, passOn)
  addAlertingRoutes(api, services, passOn)
  addQueryRoutes(api, services)
  live.addRoutes(api, services)
  await addPage(api, services)
}

const PROTECTION = {
  'x-content-type-options': 'nosniff',
  'x-xss-protection': '1; mode=block',
  'referrer-policy': 'strict-origin-when-cross-origin',
}
