import type { Generated, Selectable } from 'kysely'

/** Tables of grafana.db. Names follow upstream's; times are epoch milliseconds; booleans 0 or 1. */
export interface Tables {
  user: UserTable
  user_auth_token: AuthTokenTable
  user_auth: UserAuthTable
  user_external_session: ExternalSessionTable
  login_attempt: LoginAttemptTable
  folder: FolderTable
  dashboard: DashboardTable
  dashboard_version: DashboardVersionTable
  star: StarTable
  preferences: PreferencesTable
  kv_store: KvStoreTable
  migration_log: MigrationTable
}

export interface UserTable {
  id: Generated<number>
  login: string
  email: string
  name: string
  /** `scrypt$…`, see auth/password.ts. */
  password: string
  org_role: 'Viewer' | 'Editor' | 'Admin' | 'None'
  is_admin: number
  is_disabled: number
  created_ms: number
  updated_ms: number
  last_seen_ms: number
}

export interface AuthTokenTable {
  id: Generated<number>
  user_id: number
  /** Keyed hash of the token in the cookie. */
  token_hash: string
  /** Of the token before the last rotation; good for a moment, since requests overlap. */
  previous_hash: string
  rotated_ms: number
  seen_ms: number
  created_ms: number
  client_ip: string
  user_agent: string
}

/** Who a user is at an identity provider. */
export interface UserAuthTable {
  id: Generated<number>
  user_id: number
  /** `oauth_generic_oauth`, as upstream names it. */
  auth_module: string
  /** The provider's `sub`. */
  auth_id: string
  created_ms: number
}

/** What the provider gave out for one session. */
export interface ExternalSessionTable {
  /** Of user_auth_token. */
  session_id: number
  auth_module: string
  /** Sealed JSON: refresh token and id token. */
  tokens: string
  /** When the access token expires; 0 for never, or when it is not to be refreshed. */
  expires_ms: number
}

export interface LoginAttemptTable {
  id: Generated<number>
  username: string
  created_ms: number
}

export interface FolderTable {
  id: Generated<number>
  uid: string
  title: string
  parent_uid: string
  /** Name of the provider that made it; empty for a person's. */
  provider: string
  created_ms: number
  updated_ms: number
}

export interface DashboardTable {
  id: Generated<number>
  uid: string
  slug: string
  title: string
  /** JSON array of texts. */
  tags: string
  /** The dashboard's JSON. */
  data: string
  version: number
  folder_uid: string
  created_ms: number
  updated_ms: number
  created_by: string
  updated_by: string
  /** Name of the provisioning provider; empty for a person's dashboard. */
  provider: string
  /** Path of the file, relative to the provider's folder. */
  external_id: string
  /** Of the file's content, to see changes. */
  checksum: string
}

export interface DashboardVersionTable {
  id: Generated<number>
  dashboard_uid: string
  version: number
  parent_version: number
  data: string
  message: string
  created_ms: number
  created_by: string
}

export interface StarTable {
  user_id: number
  dashboard_uid: string
}

export interface PreferencesTable {
  user_id: number
  theme: string
  timezone: string
  week_start: string
}

export interface KvStoreTable {
  key: string
  value: string
}

export interface MigrationTable {
  id: string
  applied_ms: number
}

export type UserRow = Selectable<UserTable>
export type DashboardRow = Selectable<DashboardTable>
export type FolderRow = Selectable<FolderTable>
export type AuthTokenRow = Selectable<AuthTokenTable>
