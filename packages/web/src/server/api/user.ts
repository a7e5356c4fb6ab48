import { HttpError } from '@quartet/runtime'
import type { FastifyInstance } from 'fastify'
import type { UserPreferences } from '../../common/api.ts'
import { GRAFANA_VERSION } from './services.ts'
import type { Services } from './services.ts'
import { isTheme } from '../storage/users.ts'
import { requireServerAdmin, requireUser } from './authentication.ts'
import { bootDataFor, defaultPreferences } from './boot-data.ts'
import { authLabelsOf } from './users.ts'

/** The person who asks, the organisation, and how the page is to look. */
export function addUserRoutes(api: FastifyInstance, services: Services): void {
  const { users, dashboards } = services

  api.get('/api/user', async (request) => {
    const user = requireUser(request)
    const { theme } = await users.preferences(user.id, defaultPreferences(services))
    const authLabels = authLabelsOf(await users.authModule(user.id))
    const isSynced = authLabels.length > 0 && services.singleSignOn?.settings.isRoleSyncSkipped === false
    return {
      id: user.id,
      uid: `user-${user.id}`,
      email: user.email,
      name: user.name,
      login: user.login,
      theme,
      orgId: 1,
      isGrafanaAdmin: user.is_admin === 1,
      isDisabled: false,
      isExternal: authLabels.length > 0,
      isExternallySynced: isSynced,
      isGrafanaAdminExternallySynced: isSynced && services.singleSignOn?.settings.canAssignServerAdmin === true,
      authLabels,
      updatedAt: new Date(user.updated_ms).toISOString(),
      createdAt: new Date(user.created_ms).toISOString(),
      avatarUrl: '',
      isProvisioned: false,
    }
  })
  api.get('/api/user/orgs', async (request) => {
    const user = requireUser(request)
    return [{ orgId: 1, name: 'Main Org.', role: user.org_role }]
  })
  api.get('/api/org', async (request) => {
    requireUser(request)
    return { id: 1, name: 'Main Org.', address: EMPTY_ADDRESS }
  })

  api.get('/api/user/preferences', async (request) =>
    users.preferences(requireUser(request).id, defaultPreferences(services)),
  )
  const change = async (userId: number, body: unknown): Promise<object> => {
    const known = await users.preferences(userId, defaultPreferences(services))
    await users.setPreferences(userId, { ...known, ...checkedPreferences(body) })
    return { message: 'Preferences updated' }
  }
  api.patch('/api/user/preferences', (request) => change(requireUser(request).id, request.body))
  api.put('/api/user/preferences', (request) => change(requireUser(request).id, request.body))

  const star =
    (isStarred: boolean) =>
    async (userId: number, uid: string): Promise<object> => {
      if (!(await dashboards.get(uid))) throw new HttpError(404, 'Dashboard not found')
      await dashboards.setStar(userId, uid, isStarred)
      return { message: isStarred ? 'Dashboard starred!' : 'Dashboard unstarred' }
    }
  const starPath = '/api/user/stars/dashboard/uid/:uid'
  api.post<{ Params: { uid: string } }>(starPath, (request) => star(true)(requireUser(request).id, request.params.uid))
  api.delete<{ Params: { uid: string } }>(starPath, (request) =>
    star(false)(requireUser(request).id, request.params.uid),
  )

  api.get('/api/bootdata', async (request) => bootDataFor(services, requireUser(request)))
  api.get('/api/frontend/settings', async (request) => {
    const { settings, dataSources } = await bootDataFor(services, requireUser(request))
    return {
      ...settings,
      datasources: Object.fromEntries(dataSources.map((source) => [source.name, source])),
      defaultDatasource: dataSources.find(({ isDefault }) => isDefault)?.name ?? '',
      buildInfo: { ...settings.buildInfo, edition: 'Open Source', version: GRAFANA_VERSION },
      authProxyEnabled: false,
      ldapEnabled: false,
      anonymousEnabled: false,
      unifiedAlertingEnabled: false,
    }
  })

  api.get('/api/admin/settings', async (request) => {
    requireServerAdmin(request)
    return maskedSettings(services)
  })
}

const EMPTY_ADDRESS = { address1: '', address2: '', city: '', zipCode: '', state: '', country: '' }
const SECRETS = /password|secret|key$/

function maskedSettings(services: Services): object {
  return Object.fromEntries(
    Object.entries(services.settings.values).map(([section, keys]) => [
      section,
      Object.fromEntries(
        Object.entries(keys).map(([key, value]) => [
          key,
          SECRETS.test(key) && value !== '' ? '*********' : String(value),
        ]),
      ),
    ]),
  )
}

function checkedPreferences(body: unknown): Partial<UserPreferences> {
  const { theme, timezone, weekStart } = (body ?? {}) as Record<string, unknown>
  const checked: { theme?: UserPreferences['theme']; timezone?: string; weekStart?: string } = {}
  if (theme !== undefined && theme !== '') {
    if (typeof theme !== 'string' || !isTheme(theme)) throw new HttpError(400, 'Invalid theme')
    checked.theme = theme
  }
  if (timezone !== undefined) checked.timezone = shortText('timezone', timezone)
  if (weekStart !== undefined) checked.weekStart = shortText('week start', weekStart)
  return checked
}

function shortText(name: string, value: unknown): string {
  if (typeof value === 'string' && value.length <= 64) return value
  throw new HttpError(400, `Invalid ${name}`)
}
