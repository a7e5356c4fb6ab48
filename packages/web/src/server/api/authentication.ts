import { HttpError } from '@quartet/runtime'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { OrgRole } from '../../common/api.ts'
import type { Services } from './services.ts'
import type { UserRow } from '../storage/users.ts'
import { formatCookie, parseCookies } from './cookies.ts'

const signedIn = new WeakMap<IncomingMessage, UserRow>()

/** Who sends this request, once {@link authenticate} has run. */
export function userOf(request: FastifyRequest): UserRow | undefined {
  return signedIn.get(request.raw)
}

/** @throws HttpError 401 */
export function requireUser(request: FastifyRequest): UserRow {
  const user = userOf(request)
  if (!user) throw new HttpError(401, 'Unauthorized')
  return user
}

const RANK: Record<OrgRole, number> = { None: 0, Viewer: 1, Editor: 2, Admin: 3 }

/** @throws HttpError 401, 403 */
export function requireRole(request: FastifyRequest, role: OrgRole): UserRow {
  const user = requireUser(request)
  if (RANK[user.org_role] < RANK[role]) throw new HttpError(403, 'Permission denied')
  return user
}

/** @throws HttpError 401, 403 */
export function requireServerAdmin(request: FastifyRequest): UserRow {
  const user = requireUser(request)
  if (user.is_admin !== 1) throw new HttpError(403, 'Permission denied')
  return user
}

/** Finds the user by session cookie or basic auth; a rotated session gets its new cookie with the answer. */
export async function authenticate(services: Services, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const found = await findUser(services, request.raw)
  if (!found) return
  signedIn.set(request.raw, found.user)
  if (found.rotatedToken === undefined) return
  await services.users.markSeen(found.user.id, services.clock.nowMs())
  void reply.header('set-cookie', sessionCookies(services, found.rotatedToken))
}

/** As {@link authenticate}, without a reply: for WebSocket upgrades. */
export async function findUser(
  services: Services,
  request: IncomingMessage,
): Promise<{ user: UserRow; rotatedToken?: string } | undefined> {
  const basic = basicCredentials(request.headers.authorization)
  if (basic) {
    if (!services.settings.flag('auth.basic', 'enabled')) return undefined
    const user = await services.login.checkOften(basic.login, basic.password)
    return user && { user }
  }
  const token = sessionToken(services, request)
  const session = token === undefined ? undefined : await services.sessions.find(token)
  const user = session && (await services.users.get(session.userId))
  if (!user) return undefined
  if (services.singleSignOn && !(await services.singleSignOn.sessions.isAlive(session.id))) {
    await services.sessions.endOne(user.id, session.id)
    return undefined
  }
  return session.rotatedToken === undefined ? { user } : { user, rotatedToken: session.rotatedToken }
}

export function sessionToken(services: Services, request: IncomingMessage): string | undefined {
  return parseCookies(request.headers.cookie).get(services.settings.text('auth', 'login_cookie_name'))
}

/** The session's cookie, and one that scripts may read to see how long it lasts, as upstream has it. */
export function sessionCookies(services: Services, token: string): string[] {
  const { settings, sessions, clock } = services
  const shared = {
    path: '/',
    maxAgeSeconds: token === '' ? 0 : Math.floor(sessions.limits.maxLifetimeMs / 1000),
    isSecure: settings.flag('security', 'cookie_secure'),
    sameSite: settings.text('security', 'cookie_samesite'),
  }
  const name = settings.text('auth', 'login_cookie_name')
  const rotatesAt = token === '' ? '' : String(Math.floor((clock.nowMs() + sessions.limits.rotationMs) / 1000))
  return [
    formatCookie(name, token, { ...shared, isHttpOnly: true }),
    formatCookie(`${name}_expiry`, rotatesAt, { ...shared, isHttpOnly: false }),
  ]
}

function basicCredentials(header: string | undefined): { login: string; password: string } | undefined {
  const encoded = /^Basic\s+([A-Za-z0-9+/=_-]+)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const pair = Buffer.from(encoded, 'base64').toString()
  const separator = pair.indexOf(':')
  return separator < 0 ? undefined : { login: pair.slice(0, separator), password: pair.slice(separator + 1) }
}
