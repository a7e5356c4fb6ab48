/** `GET /api/alerting/summary`: how many alerts there are now, for the badge in the navigation. */
export interface AlertingSummaryDto {
  readonly firing: number
  readonly pending: number
  /** uids of the data sources that could not be asked. */
  readonly failed: readonly string[]
}

/** What `/api/alertmanager/:uid/api/v2/status` answers: Alertmanager's status with its configuration taken apart, as Grafana does. */
export interface AlertmanagerStatusDto {
  readonly cluster?: { readonly status: string; readonly peers?: readonly unknown[] }
  readonly versionInfo?: { readonly version: string }
  readonly uptime?: string
  readonly config: AlertmanagerConfigDto
}

/** alertmanager.yml; secrets read `<secret>`. */
export interface AlertmanagerConfigDto {
  readonly global?: Readonly<Record<string, unknown>>
  readonly route?: RouteDto
  readonly receivers?: readonly ReceiverDto[]
  readonly inhibit_rules?: readonly Readonly<Record<string, unknown>>[]
  readonly time_intervals?: readonly TimeIntervalDto[]
  readonly mute_time_intervals?: readonly TimeIntervalDto[]
  readonly templates?: readonly string[]
}

export interface RouteDto {
  readonly receiver?: string
  readonly group_by?: readonly string[]
  readonly continue?: boolean
  /** Either a list or one text. */
  readonly matchers?: readonly string[] | string
  readonly match?: Readonly<Record<string, string>>
  readonly match_re?: Readonly<Record<string, string>>
  readonly group_wait?: string
  readonly group_interval?: string
  readonly repeat_interval?: string
  readonly mute_time_intervals?: readonly string[]
  readonly active_time_intervals?: readonly string[]
  readonly routes?: readonly RouteDto[]
}

/** `name`, and a list for each kind of integration: `email_configs`, `webhook_configs` … */
export type ReceiverDto = { readonly name: string } & Readonly<Record<string, unknown>>

export interface TimeIntervalDto {
  readonly name: string
  readonly time_intervals?: readonly Readonly<Record<string, unknown>>[]
}
