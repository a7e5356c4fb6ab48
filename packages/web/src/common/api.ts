import type { SignInProblem } from './sign-in-problem.ts'

/**
 * The JSON that the browser part and the web server exchange. Shapes are Grafana 12's wherever Grafana has the endpoint,
 * so that upstream tooling can call the same server. Everything is plain data: no code, no dependency.
 *
 * | method and path | request | response |
 * |---|---|---|
 * | GET /api/health | – | HealthDto |
 * | GET /api/bootdata | – | BootData |
 * | POST /login | LoginRequest | 200 LoginResponse, 401 ApiError |
 * | GET, POST /logout | – | 302 to /login |
 * | GET /api/search?query=&type=dash-db&tag=&starred=true&limit= | – | DashboardHitDto[] |
 * | GET /api/dashboards/uid/:uid | – | DashboardWithMetaDto, 404 ApiError |
 * | POST /api/dashboards/db | SaveDashboardRequest | 200 SaveDashboardResponse, 400/404/412 ApiError |
 * | GET /api/datasources | – | DataSourceDto[] |
 * | GET /api/datasources/uid/:uid/health | – | DataSourceHealthDto (200 also when the store is down, status says so) |
 * | ANY /api/datasources/proxy/uid/:uid/* | the store's | the store's |
 * | POST /api/ds/query | DataQueryRequestDto | DataQueryResponseDto |
 * | GET /api/live/dashboards | – | text/event-stream, each `data:` line is one DashboardChange |
 * | GET /api/user/preferences, PATCH the same | Partial<UserPreferences> | UserPreferences / MessageDto |
 * | POST, DELETE /api/user/stars/dashboard/uid/:uid | – | MessageDto |
 *
 * Every other GET that accepts text/html is answered with the page (page.ts), /public/* with built files.
 * An API call without a session answers 401 with ApiError.
 */

export interface ApiError {
  readonly message: string
  readonly error?: string
  readonly status?: string
}

export interface MessageDto {
  readonly message: string
}

export interface HealthDto {
  readonly commit: string
  readonly database: 'ok' | 'failing'
  readonly version: string
}

/** What the page starts with; also `window.grafanaBootData`, which Grafana's libraries read. */
export interface BootData {
  readonly user: BootUser
  readonly settings: BootSettings
  readonly dataSources: readonly DataSourceDto[]
  /** Quartet's version, shown in the help menu. */
  readonly version: string
  /** Why the sign-in that led to this page failed. */
  readonly signInProblem?: SignInProblem
  /** Read by Grafana's libraries; always empty, the navigation is the browser's. */
  readonly navTree: readonly never[]
}

export type OrgRole = 'Viewer' | 'Editor' | 'Admin' | 'None'
export type ThemeName = 'dark' | 'light' | 'system'

export interface BootUser extends UserPreferences {
  readonly isSignedIn: boolean
  readonly id: number
  readonly login: string
  readonly name: string
  readonly email: string
  readonly orgId: number
  readonly orgName: string
  readonly orgRole: OrgRole
  readonly isGrafanaAdmin: boolean
}

export interface UserPreferences {
  readonly theme: ThemeName
  /** `browser`, `utc` or an IANA name. */
  readonly timezone: string
  /** `browser`, `monday`, `sunday` or `saturday`. */
  readonly weekStart: string
}

export interface BootSettings {
  readonly appUrl: string
  /** `''` or `/grafana`, without a slash at the end. */
  readonly appSubUrl: string
  readonly buildInfo: { readonly version: string; readonly commit: string; readonly env: string }
  readonly featureToggles: Readonly<Record<string, boolean>>
  readonly disableLoginForm: boolean
  /** Buttons under the login form, one per configured single sign-on provider. */
  readonly oauth: Readonly<Record<string, { readonly name: string; readonly icon?: string }>>
  readonly disableSignoutMenu: boolean
  /** Strangers are sent to the provider at once, unless the address says otherwise. */
  readonly isAutoLogin: boolean
  /** Go-style duration; the shortest refresh that the server allows. */
  readonly minRefreshInterval: string
  /** uid of the dashboard to show at `/` instead of the home page; empty for none. */
  readonly homeDashboardUid: string
}

export interface LoginRequest {
  readonly user: string
  readonly password: string
}

export interface LoginResponse {
  readonly message: 'Logged in'
  readonly redirectUrl: string
}

export interface DataSourceDto {
  readonly uid: string
  readonly name: string
  /** `prometheus`, `loki`, `tempo`, `alertmanager` … */
  readonly type: string
  /** Where the server reaches it; for display only, the browser goes through the proxy. */
  readonly url: string
  readonly isDefault: boolean
  readonly jsonData: Readonly<Record<string, unknown>>
  readonly readOnly: boolean
}

export interface DataSourceHealthDto {
  readonly status: 'OK' | 'ERROR' | 'UNKNOWN'
  readonly message: string
}

export interface DashboardHitDto {
  readonly id: number
  readonly uid: string
  readonly title: string
  /** Path of the dashboard below appSubUrl, `/d/uid/slug`. */
  readonly url: string
  readonly type: 'dash-db' | 'dash-folder'
  readonly tags: readonly string[]
  readonly isStarred: boolean
  readonly folderUid?: string
  readonly folderTitle?: string
}

/** Grafana's dashboard model; the browser migrates what is older than it understands. */
export type DashboardJson = Readonly<Record<string, unknown>> & {
  readonly uid?: string | null
  readonly title?: string
  readonly version?: number
  readonly schemaVersion?: number
}

export interface DashboardMetaDto {
  readonly slug: string
  readonly url: string
  readonly type: 'db'
  readonly canSave: boolean
  readonly canEdit: boolean
  readonly canStar: boolean
  readonly isStarred: boolean
  readonly provisioned: boolean
  /** File name relative to the provider's folder; empty unless provisioned. */
  readonly provisionedExternalId: string
  readonly folderUid: string
  readonly folderTitle: string
  readonly version: number
  readonly created: string
  readonly updated: string
  readonly createdBy: string
  readonly updatedBy: string
}

export interface DashboardWithMetaDto {
  readonly dashboard: DashboardJson
  readonly meta: DashboardMetaDto
}

export interface SaveDashboardRequest {
  readonly dashboard: DashboardJson
  readonly folderUid?: string
  readonly message?: string
  readonly overwrite?: boolean
}

export interface SaveDashboardResponse {
  readonly id: number
  readonly uid: string
  readonly url: string
  readonly status: 'success'
  readonly version: number
  readonly slug: string
}

/** One event of `/api/live/dashboards`: a provisioned or saved dashboard is different now. */
export interface DashboardChange {
  readonly uid: string
  readonly action: 'saved' | 'deleted'
  readonly version: number
}

export interface DataQueryRequestDto {
  /** Epoch milliseconds as text, or Grafana's relative form such as `now-1h`. */
  readonly from: string
  readonly to: string
  readonly queries: readonly DataQueryDto[]
}

export interface DataQueryDto {
  readonly refId: string
  readonly datasource: { readonly uid: string; readonly type?: string }
  readonly intervalMs?: number
  readonly maxDataPoints?: number
  readonly [property: string]: unknown
}

export interface DataQueryResponseDto {
  readonly results: Readonly<Record<string, DataQueryResultDto>>
}

export interface DataQueryResultDto {
  readonly status?: number
  readonly error?: string
  readonly frames: readonly DataFrameDto[]
}

/** Grafana's data frame JSON: a schema, and the values column by column. */
export interface DataFrameDto {
  readonly schema: {
    readonly refId?: string
    readonly name?: string
    readonly meta?: Readonly<Record<string, unknown>>
    readonly fields: readonly {
      readonly name: string
      readonly type: 'time' | 'number' | 'string' | 'boolean' | 'other'
      readonly labels?: Readonly<Record<string, string>>
      readonly config?: Readonly<Record<string, unknown>>
    }[]
  }
  readonly data: {
    readonly values: readonly (readonly unknown[])[]
    readonly nanos?: readonly (readonly number[] | null)[]
  }
}
