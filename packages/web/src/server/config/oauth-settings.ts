import type { Finding } from '@quartet/runtime'
import type { Settings } from './setting-values.ts'
import { splitList } from './split-list.ts'

/** `[auth.generic_oauth]` and what belongs to it in `[auth]`, `[users]` and `[server]`. */
export interface OAuthSettings {
  /** Shown on the button. */
  readonly name: string
  readonly icon: string
  readonly clientId: string
  readonly clientSecret: string
  readonly authStyle: 'InParams' | 'InHeader' | 'AutoDetect'
  /** Empty for none. */
  readonly scope: string
  /** Where discovery begins; empty when the three URLs below say everything. */
  readonly issuer: string
  readonly authUrl: string
  readonly tokenUrl: string
  readonly apiUrl: string
  readonly jwkSetUrl: string
  readonly prompt: string
  readonly usesPkce: boolean
  readonly usesRefreshToken: boolean
  readonly idTokenName: string
  readonly paths: AttributePaths
  readonly emailAttributeName: string
  readonly isRoleStrict: boolean
  readonly canAssignServerAdmin: boolean
  readonly isRoleSyncSkipped: boolean
  readonly defaultRole: string
  readonly allowedGroups: readonly string[]
  readonly allowedDomains: readonly string[]
  readonly allowedOrganizations: readonly string[]
  readonly isSignUpAllowed: boolean
  readonly isEmailLookupAllowed: boolean
  readonly isAutomatic: boolean
  readonly signoutUrl: string
  readonly flowMaxAgeMs: number
  readonly tls: {
    readonly caPath: string
    readonly certPath: string
    readonly keyPath: string
    readonly isSkipped: boolean
  }
  /** Exactly what must be registered at the provider. */
  readonly redirectUri: string
}

/** JMESPath expressions over the claims; empty when not set. */
export interface AttributePaths {
  readonly login: string
  readonly name: string
  readonly email: string
  readonly role: string
  readonly groups: string
}

const SECTION = 'auth.generic_oauth'
export const CALLBACK_PATH = '/login/generic_oauth'

/** `undefined` when single sign-on is off. */
export function oauthSettings(settings: Settings): OAuthSettings | undefined {
  if (!settings.flag(SECTION, 'enabled')) return undefined
  const text = (key: string): string => settings.text(SECTION, key).trim()
  const flag = (key: string): boolean => settings.flag(SECTION, key)
  const list = (key: string): readonly string[] => splitList(text(key))
  const issuer = text('issuer')
  const authStyle = text('auth_style')
  // Upstream's default fits GitHub only; whoever names an issuer speaks OpenID Connect.
  const scopes = text('scopes') === '' && issuer !== '' ? 'openid profile email' : text('scopes') || 'user:email'
  return {
    name: text('name') || 'OAuth',
    icon: text('icon'),
    clientId: text('client_id'),
    clientSecret: text('client_secret'),
    authStyle: authStyle === 'InParams' || authStyle === 'InHeader' ? authStyle : 'AutoDetect',
    scope: flag('empty_scopes') ? '' : splitList(scopes).join(' '),
    issuer,
    authUrl: text('auth_url'),
    tokenUrl: text('token_url'),
    apiUrl: text('api_url'),
    jwkSetUrl: text('jwk_set_url'),
    prompt: text('login_prompt'),
    usesPkce: flag('use_pkce'),
    usesRefreshToken: flag('use_refresh_token'),
    idTokenName: text('id_token_attribute_name') || 'id_token',
    paths: {
      login: text('login_attribute_path'),
      name: text('name_attribute_path'),
      email: text('email_attribute_path'),
      role: text('role_attribute_path'),
      groups: text('groups_attribute_path'),
    },
    emailAttributeName: text('email_attribute_name'),
    isRoleStrict: flag('role_attribute_strict'),
    canAssignServerAdmin: flag('allow_assign_grafana_admin'),
    isRoleSyncSkipped: flag('skip_org_role_sync'),
    defaultRole: settings.text('users', 'auto_assign_org_role'),
    allowedGroups: list('allowed_groups'),
    allowedDomains: list('allowed_domains'),
    allowedOrganizations: list('allowed_organizations'),
    isSignUpAllowed: flag('allow_sign_up'),
    isEmailLookupAllowed: settings.flag('auth', 'oauth_allow_insecure_email_lookup'),
    isAutomatic: flag('auto_login') || settings.flag('auth', 'oauth_auto_login'),
    signoutUrl: text('signout_redirect_url') || settings.text('auth', 'signout_redirect_url').trim(),
    flowMaxAgeMs: settings.number('auth', 'oauth_state_cookie_max_age') * 1000,
    tls: {
      caPath: text('tls_client_ca'),
      certPath: text('tls_client_cert'),
      keyPath: text('tls_client_key'),
      isSkipped: flag('tls_skip_verify_insecure'),
    },
    redirectUri: settings.text('server', 'root_url').replace(/\/$/, '') + CALLBACK_PATH,
  }
}

/** The path that root_url adds before every other: empty or `/grafana`, without a slash at the end. */
export function subPathOf(settings: Settings): string {
  return new URL(settings.text('server', 'root_url')).pathname.replace(/\/$/, '')
}

/** What is wrong with the settings taken together. */
export function checkOAuthSettings(settings: Settings): Finding[] {
  if (!settings.flag(SECTION, 'enabled')) return []
  const findings: Finding[] = []
  const text = (key: string): string => settings.text(SECTION, key).trim()
  const report = (severity: Finding['severity'], key: string, message: string): void => {
    const at = settings.origin(SECTION, key) ?? settings.origin(SECTION, 'enabled')
    findings.push({ severity, at, message: `[${SECTION}] ${key}: ${message}` })
  }
  if (text('client_id') === '') report('error', 'client_id', 'is missing')
  for (const key of ['auth_url', 'token_url']) {
    if (text('issuer') === '' && text(key) === '')
      report('error', key, 'is missing, and there is no issuer to ask for it')
  }
  for (const key of ['issuer', 'auth_url', 'token_url', 'api_url', 'jwk_set_url', 'signout_redirect_url']) {
    const value = text(key)
    if (value !== '' && !/^https?:\/\/./.test(value)) report('error', key, `"${value}" is not an http URL`)
    else if (value !== '' && !URL.canParse(value)) report('error', key, `"${value}" is not a URL`)
    else if (value.startsWith('http:') && !isNearby(new URL(value).hostname))
      report('warning', key, 'passwords and tokens travel unencrypted; use https')
  }
  if (settings.flag(SECTION, 'role_attribute_strict') && text('role_attribute_path') === '')
    report('error', 'role_attribute_strict', 'nobody can sign in without role_attribute_path')
  if (settings.flag(SECTION, 'tls_skip_verify_insecure'))
    report('warning', 'tls_skip_verify_insecure', 'anybody on the way to the provider can pose as it')
  return findings
}

/** This machine, or a name without a dot such as a compose service. */
function isNearby(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.') || !host.includes('.')
}
