import { HttpError } from '@quartet/runtime'
import type { FastifyInstance } from 'fastify'
import type { LoginResponse } from '../../common/api.ts'
import type { Services } from './services.ts'
import { requireUser, sessionCookies, sessionToken } from './authentication.ts'
import { signedOutCookie, signOutTarget } from './sign-in.ts'

export function addLoginRoutes(api: FastifyInstance, services: Services): void {
  const { login, sessions, settings, logger, metrics } = services
  const posts = metrics.counter('grafana_api_login_post_total', 'api login post counter')

  api.post('/login', async (request, reply): Promise<LoginResponse | object> => {
    posts.inc()
    const { user: name, password } = credentialsOf(request.body)
    const isFormHidden = settings.flag('auth', 'disable_login_form')
    // The administrator gets in all the same: single sign-on may be broken.
    if (isFormHidden && !login.isAdminName(name)) throw new HttpError(401, 'Login form is disabled')
    const user = await login.checkForm(name, password)
    if (!user) {
      logger.warn({ user: name, ip: request.ip }, 'login refused')
      void reply.code(401)
      return REFUSED
    }
    const token = await sessions.begin(user.id, { ip: request.ip, userAgent: request.headers['user-agent'] ?? '' })
    logger.info({ user: user.login, ip: request.ip }, 'logged in')
    void reply.header('set-cookie', sessionCookies(services, token))
    return { message: 'Logged in', redirectUrl: '/' }
  })

  api.route({
    method: ['GET', 'POST'],
    url: '/logout',
    exposeHeadRoute: false,
    async handler(request, reply) {
      const token = sessionToken(services, request.raw)
      const session = token === undefined ? undefined : await sessions.find(token)
      const target = await signOutTarget(services, session?.id)
      if (token !== undefined) await sessions.end(token)
      if (session?.rotatedToken !== undefined) await sessions.end(session.rotatedToken)
      const cookies = sessionCookies(services, '')
      if (services.singleSignOn) cookies.push(signedOutCookie(services, true))
      return reply.header('set-cookie', cookies).redirect(target, 302)
    },
  })

  api.get('/api/login/ping', async (request) => {
    requireUser(request)
    return { message: 'Logged in' }
  })

  api.post('/api/user/auth-tokens/rotate', async (request) => {
    requireUser(request)
    return {}
  })
}

/** One answer for an unknown name, a wrong password and a locked name, with upstream's fields. */
const REFUSED = {
  message: 'Invalid username or password',
  messageId: 'password-auth.failed',
  statusCode: 401,
  traceID: '',
}

function credentialsOf(body: unknown): { user: string; password: string } {
  const fields = body instanceof URLSearchParams ? Object.fromEntries(body) : body
  const { user, password } = (fields ?? {}) as Record<string, unknown>
  if (typeof user !== 'string' || typeof password !== 'string') throw new HttpError(400, 'bad login data')
  return { user, password }
}
