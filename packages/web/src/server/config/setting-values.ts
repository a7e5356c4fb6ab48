/** grafana.ini, environment and flags, checked. Paths are as written; service.ts makes them absolute. */
export interface Settings {
  readonly values: Readonly<Record<string, Readonly<Record<string, SettingValue>>>>
  text(section: string, key: string): string
  flag(section: string, key: string): boolean
  number(section: string, key: string): number
  /** Milliseconds. */
  duration(section: string, key: string): number
  /** `file:line:col` or the environment variable that the value came from; `undefined` for a default. */
  origin(section: string, key: string): string | undefined
}

export type SettingValue = string | boolean | number
