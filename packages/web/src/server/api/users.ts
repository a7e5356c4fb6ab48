import { HttpError } from '@quartet/runtime'
import type { FastifyInstance } from 'fastify'
import type { UserDto, UserSearchDto } from '../../common/sign-in.ts'
import type { UserRow } from '../storage/users.ts'
import { ageText } from './age-text.ts'
import { requireRole, requireServerAdmin, requireUser, sessionToken } from './authentication.ts'
import type { Services } from './services.ts'

const DEFAULT_PER_PAGE = 1000
const MAX_PER_PAGE = 5000

/** All users, and where they are signed in. */
export function addUserAdministration(api: FastifyInstance, services: Services): void {
  const { users, sessions, clock } = services

  const search = async (query: Record<string, unknown>, defaultPerPage: number): Promise<UserSearchDto> => {
    const page = positive(query['page'], 1)
    const perPage = Math.min(positive(query['perpage'], defaultPerPage), MAX_PER_PAGE)
    const text = typeof query['query'] === 'string' ? query['query'] : ''
    const found = await users.search({ query: text, offset: (page - 1) * perPage, limit: perPage })
    const list = found.users.map((user) => describeUser(user, user.authModule, clock.nowMs()))
    return { totalCount: found.total, users: list, page, perPage }
  }
  api.get<{ Querystring: Record<string, unknown> }>('/api/users', async (request) => {
    requireServerAdmin(request)
    return (await search(request.query, DEFAULT_PER_PAGE)).users
  })
  api.get<{ Querystring: Record<string, unknown> }>('/api/users/search', async (request) => {
    requireServerAdmin(request)
    return search(request.query, DEFAULT_PER_PAGE)
  })
  const profile = async (user: UserRow | undefined): Promise<object> => {
    if (!user) throw new HttpError(404, 'user not found')
    const {
      role: _role,
      lastSeenAt: _at,
      lastSeenAtAge: _age,
      isAdmin,
      ...shared
    } = describeUser(user, await users.authModule(user.id), clock.nowMs())
    return {
      ...shared,
      theme: '',
      orgId: 1,
      isGrafanaAdmin: isAdmin,
      isExternal: shared.authLabels.length > 0,
      updatedAt: new Date(user.updated_ms).toISOString(),
      createdAt: new Date(user.created_ms).toISOString(),
    }
  }
  api.get<{ Querystring: { loginOrEmail?: string } }>('/api/users/lookup', async (request) => {
    requireServerAdmin(request)
    return profile(await users.findAny(request.query.loginOrEmail ?? ''))
  })
  api.get<{ Params: { id: string } }>('/api/users/:id', async (request) => {
    requireServerAdmin(request)
    return profile(await users.getAny(idOf(request.params.id)))
  })

  const members = async (): Promise<object[]> => {
    const found = await users.search({ query: '', offset: 0, limit: MAX_PER_PAGE })
    return found.users.map((user) => {
      const { id, isAdmin: _isAdmin, ...shared } = describeUser(user, user.authModule, clock.nowMs())
      const isExternallySynced = user.authModule !== null && services.singleSignOn?.settings.isRoleSyncSkipped === false
      return { orgId: 1, userId: id, ...shared, created: new Date(user.created_ms).toISOString(), isExternallySynced }
    })
  }
  for (const path of ['/api/org/users', '/api/orgs/1/users']) {
    api.get(path, async (request) => {
      requireRole(request, 'Admin')
      return members()
    })
  }

  api.get('/api/user/auth-tokens', async (request) => {
    const user = requireUser(request)
    const token = sessionToken(services, request.raw)
    const current = token === undefined ? undefined : (await sessions.find(token))?.id
    return (await sessions.list(user.id)).map((row) => ({
      id: row.id,
      isActive: row.id === current,
      clientIp: row.client_ip,
      ...describeBrowser(row.user_agent),
      createdAt: new Date(row.created_ms).toISOString(),
      seenAt: new Date(row.seen_ms).toISOString(),
    }))
  })
  api.post('/api/user/revoke-auth-token', async (request) => {
    const user = requireUser(request)
    const { authTokenId } = (request.body ?? {}) as { authTokenId?: unknown }
    if (!(await sessions.endOne(user.id, idOf(String(authTokenId)))))
      throw new HttpError(404, 'User auth token not found')
    return { message: 'User auth token revoked' }
  })

  const administer = (action: string, message: string, change: (user: UserRow) => Promise<void>): void => {
    api.post<{ Params: { id: string } }>(`/api/admin/users/:id/${action}`, async (request) => {
      const admin = requireServerAdmin(request)
      const user = await users.getAny(idOf(request.params.id))
      if (!user) throw new HttpError(404, 'user not found')
      if (user.id === admin.id) throw new HttpError(400, `You cannot ${action} yourself`)
      await change(user)
      return { message }
    })
  }
  administer('logout', 'User logged out', (user) => sessions.endAll(user.id))
  administer('disable', 'User disabled', async (user) => {
    await users.setDisabled(user.id, true, clock.nowMs())
    await sessions.endAll(user.id)
  })
  administer('enable', 'User enabled', async (user) => {
    await users.setDisabled(user.id, false, clock.nowMs())
  })
}

/** Upstream's labels of how somebody is known. */
export function authLabelsOf(authModule: string | null | undefined): readonly string[] {
  return authModule ? [AUTH_LABELS[authModule] ?? authModule] : []
}

const AUTH_LABELS: Readonly<Record<string, string>> = { oauth_generic_oauth: 'Generic OAuth' }

function describeUser(user: UserRow, authModule: string | null | undefined, nowMs: number): UserDto {
  return {
    id: user.id,
    uid: `user-${user.id}`,
    name: user.name,
    login: user.login,
    email: user.email,
    avatarUrl: '',
    isAdmin: user.is_admin === 1,
    isDisabled: user.is_disabled === 1,
    lastSeenAt: new Date(user.last_seen_ms).toISOString(),
    lastSeenAtAge: ageText(nowMs - user.last_seen_ms),
    authLabels: authLabelsOf(authModule),
    role: user.org_role,
  }
}

/** Good enough to tell one's own sessions apart. */
function describeBrowser(userAgent: string): { device: string; browser: string; os: string } {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari|curl)\//.exec(userAgent)?.[1] ?? ''
  const os = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(userAgent)?.[1] ?? ''
  return { device: /Mobile/.test(userAgent) ? 'Mobile' : 'Other', browser, os }
}

function positive(value: unknown, fallback: number): number {
  const parsed = Number(value)
  return Number.isInteger(parsed) && parsed > 0 ? parsed : fallback
}

function idOf(text: string): number {
  const id = Number(text)
  if (!Number.isInteger(id) || id < 1) throw new HttpError(400, 'id is invalid')
  return id
}
