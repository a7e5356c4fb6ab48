/** A key of grafana.ini that does something here. */
export type KnownKey =
  | { readonly kind: 'text'; readonly default: string; readonly secret?: true }
  | { readonly kind: 'boolean'; readonly default: boolean }
  | { readonly kind: 'integer'; readonly default: number; readonly min: number; readonly max: number }
  | { readonly kind: 'duration'; readonly default: string }
  | { readonly kind: 'choice'; readonly default: string; readonly choices: readonly string[] }

const text = (value = ''): KnownKey => ({ kind: 'text', default: value })
const secret = (): KnownKey => ({ kind: 'text', default: '', secret: true })
const flag = (value: boolean): KnownKey => ({ kind: 'boolean', default: value })
const integer = (value: number, min: number, max: number): KnownKey => ({ kind: 'integer', default: value, min, max })
const duration = (value: string): KnownKey => ({ kind: 'duration', default: value })
const choice = (value: string, choices: readonly string[]): KnownKey => ({ kind: 'choice', default: value, choices })

/** Sections and keys with upstream's defaults. Everything else is accepted and reported as having no effect. */
export const KNOWN_KEYS: Readonly<Record<string, Readonly<Record<string, KnownKey>>>> = {
  paths: { data: text(), provisioning: text() },
  server: {
    protocol: choice('http', ['http']),
    http_addr: text(),
    http_port: integer(3000, 0, 65_535),
    domain: text('localhost'),
    root_url: text('%(protocol)s://%(domain)s:%(http_port)s/'),
    serve_from_sub_path: choice('false', ['false']),
  },
  database: { type: choice('sqlite3', ['sqlite3']), path: text('grafana.db') },
  security: {
    admin_user: text('admin'),
    admin_password: secret(),
    admin_email: text('admin@localhost'),
    secret_key: secret(),
    cookie_secure: flag(false),
    cookie_samesite: choice('lax', ['lax', 'strict', 'none', 'disabled']),
    allow_embedding: flag(false),
    disable_brute_force_login_protection: flag(false),
    csrf_trusted_origins: text(),
  },
  dashboards: {
    min_refresh_interval: duration('5s'),
    default_home_dashboard_path: text(),
    versions_to_keep: integer(20, 1, 1000),
  },
  dataproxy: { timeout: integer(30, 1, 3600) },
  users: {
    auto_assign_org_role: choice('Viewer', ['Viewer', 'Editor', 'Admin', 'None']),
    default_theme: choice('dark', ['dark', 'light', 'system']),
  },
  auth: {
    login_cookie_name: text('grafana_session'),
    login_maximum_inactive_lifetime_duration: duration('7d'),
    login_maximum_lifetime_duration: duration('30d'),
    token_rotation_interval_minutes: integer(10, 2, 100_000),
    disable_login_form: flag(false),
    disable_signout_menu: flag(false),
    signout_redirect_url: text(),
    oauth_auto_login: flag(false),
    oauth_state_cookie_max_age: integer(600, 30, 86_400),
    oauth_allow_insecure_email_lookup: flag(false),
  },
  'auth.generic_oauth': {
    enabled: flag(false),
    name: text('OAuth'),
    icon: text('signin'),
    allow_sign_up: flag(true),
    auto_login: flag(false),
    login_prompt: choice('', ['', 'none', 'login', 'consent', 'select_account']),
    client_id: text(),
    client_secret: secret(),
    auth_style: choice('', ['', 'AutoDetect', 'InParams', 'InHeader']),
    scopes: text(),
    empty_scopes: flag(false),
    // Not upstream's: everything that the provider publishes about itself is read from <issuer>/.well-known/openid-configuration.
    issuer: text(),
    auth_url: text(),
    token_url: text(),
    api_url: text(),
    jwk_set_url: text(),
    signout_redirect_url: text(),
    use_pkce: flag(false),
    use_refresh_token: flag(false),
    id_token_attribute_name: text(),
    login_attribute_path: text(),
    name_attribute_path: text(),
    email_attribute_name: text('email:primary'),
    email_attribute_path: text(),
    role_attribute_path: text(),
    role_attribute_strict: flag(false),
    allow_assign_grafana_admin: flag(false),
    skip_org_role_sync: flag(false),
    groups_attribute_path: text(),
    allowed_groups: text(),
    allowed_domains: text(),
    allowed_organizations: text(),
    // These restrict who may sign in; without effect they would let everybody in, so they are errors.
    team_ids: choice('', ['']),
    teams_url: choice('', ['']),
    team_ids_attribute_path: choice('', ['']),
    tls_skip_verify_insecure: flag(false),
    tls_client_cert: text(),
    tls_client_key: text(),
    tls_client_ca: text(),
  },
  'auth.anonymous': { enabled: choice('false', ['false']) },
  'auth.basic': { enabled: flag(true) },
  log: { level: choice('info', ['debug', 'info', 'warn', 'error', 'critical']) },
  metrics: { enabled: flag(true) },
}
