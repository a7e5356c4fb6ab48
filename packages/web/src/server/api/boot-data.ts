import type { BootData, BootSettings, BootUser, UserPreferences } from '../../common/api.ts'
import { describeDataSource } from '../provisioning/data-sources.ts'
import { COMMIT, GRAFANA_VERSION, QUARTET_VERSION } from './services.ts'
import type { Services } from './services.ts'
import { isTheme } from '../storage/users.ts'
import type { UserRow } from '../storage/users.ts'

/** What the page starts with. A stranger learns nothing but how to log in. */
export async function bootDataFor(services: Services, user: UserRow | undefined): Promise<BootData> {
  return {
    user: await bootUser(services, user),
    settings: await bootSettings(services, user),
    dataSources: user ? services.dataSources.list.map(describeDataSource) : [],
    version: QUARTET_VERSION,
    navTree: [],
  }
}

export function defaultPreferences(services: Services): UserPreferences {
  const theme = services.settings.text('users', 'default_theme')
  return { theme: isTheme(theme) ? theme : 'dark', timezone: 'browser', weekStart: 'browser' }
}

async function bootUser(services: Services, user: UserRow | undefined): Promise<BootUser> {
  const defaults = defaultPreferences(services)
  const preferences = user ? await services.users.preferences(user.id, defaults) : defaults
  return {
    ...preferences,
    isSignedIn: user !== undefined,
    id: user?.id ?? 0,
    login: user?.login ?? '',
    name: user?.name ?? '',
    email: user?.email ?? '',
    orgId: user ? 1 : 0,
    orgName: user ? 'Main Org.' : '',
    orgRole: user?.org_role ?? 'None',
    isGrafanaAdmin: user?.is_admin === 1,
  }
}

async function bootSettings(services: Services, user: UserRow | undefined): Promise<BootSettings> {
  const { settings } = services
  return {
    appUrl: settings.text('server', 'root_url'),
    appSubUrl: '',
    buildInfo: { version: user ? GRAFANA_VERSION : '', commit: user ? COMMIT : '', env: 'production' },
    featureToggles: {},
    disableLoginForm: settings.flag('auth', 'disable_login_form'),
    oauth: oauthButtons(services),
    disableSignoutMenu: settings.flag('auth', 'disable_signout_menu'),
    isAutoLogin: services.singleSignOn?.settings.isAutomatic ?? false,
    minRefreshInterval: settings.text('dashboards', 'min_refresh_interval'),
    homeDashboardUid: user ? await homeDashboardUid(services) : '',
  }
}

function oauthButtons({ singleSignOn }: Services): BootSettings['oauth'] {
  if (!singleSignOn) return {}
  const { name, icon } = singleSignOn.settings
  return { generic_oauth: { name, icon } }
}

/** The provisioned dashboard that default_home_dashboard_path names, if there is one. */
export async function homeDashboardUid(services: Services): Promise<string> {
  const path = services.settings.text('dashboards', 'default_home_dashboard_path')
  if (path === '') return ''
  for (const provider of services.provisioner.status) {
    if (!path.startsWith(`${provider.path}/`)) continue
    const file = path.slice(provider.path.length + 1)
    const found = (await services.dashboards.provisioned(provider.provider)).find((row) => row.external_id === file)
    if (found) return found.uid
  }
  return ''
}
