import { ConfigError } from '@quartet/runtime'
import type { Finding } from '@quartet/runtime'
import { readFileSync } from 'node:fs'
import { parseGrafanaDuration } from './duration.ts'
import { parseIni } from './ini.ts'
import { KNOWN_KEYS } from './known-keys.ts'
import { checkOAuthSettings } from './oauth-settings.ts'
import type { Settings, SettingValue } from './setting-values.ts'
import type { KnownKey } from './known-keys.ts'

export type { Settings, SettingValue }

export interface SettingsSource {
  /** `undefined` when there is no file: defaults and environment only. */
  readonly ini: { readonly path: string; readonly text: string } | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
}

interface RawValue {
  readonly text: string
  /** `file:line:col` or the environment variable. */
  readonly at: string
}

/** Everything that is wrong or without effect, and the settings when nothing is wrong. */
export function readSettings(source: SettingsSource): { settings: Settings | undefined; findings: readonly Finding[] } {
  const findings: Finding[] = []
  const raw = new Map<string, RawValue>()
  readIniFile(source, raw, findings)
  readEnvironment(source.environment, raw, findings)
  const values: Record<string, Record<string, SettingValue>> = {}
  for (const [section, keys] of Object.entries(KNOWN_KEYS)) {
    values[section] = {}
    for (const [key, known] of Object.entries(keys)) {
      values[section][key] = checkedValue({ section, key, known, raw: raw.get(`${section}.${key}`) }, source, findings)
    }
  }
  interpolateRootUrl(values, raw.get('server.root_url'), findings)
  const settings = new CheckedSettings(values, raw)
  findings.push(...checkOAuthSettings(settings))
  const isUsable = !findings.some(({ severity }) => severity === 'error')
  return { settings: isUsable ? settings : undefined, findings }
}

/** @throws ConfigError with every problem */
export function requireSettings(source: SettingsSource): Settings {
  const { settings, findings } = readSettings(source)
  if (settings) return settings
  const errors = findings.filter(({ severity }) => severity === 'error')
  throw new ConfigError(errors.map(({ at, message }) => `${at}: error: ${message}`))
}

class CheckedSettings implements Settings {
  readonly values: Settings['values']
  readonly #raw: ReadonlyMap<string, RawValue>

  constructor(values: Settings['values'], raw: ReadonlyMap<string, RawValue>) {
    this.values = values
    this.#raw = raw
  }

  text(section: string, key: string): string {
    return String(this.values[section][key])
  }

  flag(section: string, key: string): boolean {
    return this.values[section][key] === true
  }

  number(section: string, key: string): number {
    return Number(this.values[section][key])
  }

  duration(section: string, key: string): number {
    return parseGrafanaDuration(this.text(section, key)) ?? 0
  }

  origin(section: string, key: string): string | undefined {
    return this.#raw.get(`${section}.${key}`)?.at
  }
}

function readIniFile(source: SettingsSource, raw: Map<string, RawValue>, findings: Finding[]): void {
  if (!source.ini) return
  const file = parseIni(source.ini.path, source.ini.text)
  for (const { message, range } of file.diagnostics) {
    findings.push({ severity: 'error', at: file.place(range.start), message })
  }
  for (const { section, key, value, offset } of file.entries) {
    const at = file.place(offset)
    if (KNOWN_KEYS[section]?.[key]) raw.set(`${section}.${key}`, { text: value, at })
    else
      findings.push({
        severity: 'warning',
        at,
        message: `${section === '' ? '' : `[${section}] `}${key} has no effect`,
      })
  }
}

/** `GF_<SECTION>_<KEY>` wins over the file, as does `…__FILE`, which names a file that holds the value. */
function readEnvironment(
  environment: SettingsSource['environment'],
  raw: Map<string, RawValue>,
  findings: Finding[],
): void {
  const unused = new Set(Object.keys(environment).filter((name) => name.startsWith('GF_')))
  for (const [section, keys] of Object.entries(KNOWN_KEYS)) {
    for (const key of Object.keys(keys)) {
      const name = `GF_${section}_${key}`.toUpperCase().replaceAll(/[.-]/g, '_')
      unused.delete(name)
      unused.delete(`${name}__FILE`)
      const direct = environment[name]
      const file = environment[`${name}__FILE`]
      if (direct) raw.set(`${section}.${key}`, { text: direct, at: name })
      else if (file) {
        const at = `${name}__FILE`
        const text = readValueFile(file, at, findings)
        if (text !== undefined) raw.set(`${section}.${key}`, { text, at })
      }
    }
  }
  for (const [variable, key] of BOOTSTRAP_VARIABLES) {
    const value = environment[variable]
    if (value && !environment[`GF_SECURITY_${key.toUpperCase()}`])
      raw.set(`security.${key}`, { text: value, at: variable })
  }
  for (const name of unused) findings.push({ severity: 'warning', at: name, message: `${name} has no effect` })
}

/** Names that compose files of the LGTM stack use for the first administrator. */
const BOOTSTRAP_VARIABLES = [
  ['GRAFANA_ADMIN_USERNAME', 'admin_user'],
  ['GRAFANA_ADMIN_PASSWORD', 'admin_password'],
] as const

interface Candidate {
  readonly section: string
  readonly key: string
  readonly known: KnownKey
  readonly raw: RawValue | undefined
}

function checkedValue(candidate: Candidate, source: SettingsSource, findings: Finding[]): SettingValue {
  const { section, key, known, raw } = candidate
  if (!raw) return known.default
  const text = expandValue(raw, source.environment, findings)
  const fail = (message: string): SettingValue => {
    findings.push({ severity: 'error', at: raw.at, message: `[${section}] ${key}: ${message}` })
    return known.default
  }
  switch (known.kind) {
    case 'text':
      return text
    case 'boolean':
      if (/^(1|t|true|y|yes|on)$/i.test(text)) return true
      if (/^(0|f|false|n|no|off)$/i.test(text)) return false
      return fail(`"${text}" is not true or false`)
    case 'integer': {
      const value = Number(text)
      if (text !== '' && Number.isInteger(value) && value >= known.min && value <= known.max) return value
      return fail(`"${text}" is not a whole number from ${known.min} to ${known.max}`)
    }
    case 'duration':
      return parseGrafanaDuration(text) === undefined ? fail(`"${text}" is not a duration such as 30d or 1h30m`) : text
    case 'choice':
      if (known.choices.includes(text)) return text
      return fail(
        choiceProblem(
          text,
          known.choices.filter((choice) => choice !== ''),
        ),
      )
  }
}

function choiceProblem(text: string, choices: readonly string[]): string {
  if (choices.length === 0) return 'is not supported, and without effect it would let in whom it is to keep out'
  if (choices.length === 1) return `"${text}" is not supported yet, only "${choices[0]}"`
  return `"${text}" is not one of ${choices.join(', ')}`
}

/** Replaces `$__env{NAME}` and `$__file{path}`. */
function expandValue(raw: RawValue, environment: SettingsSource['environment'], findings: Finding[]): string {
  return raw.text.replaceAll(/\$__(env|file|vault)\{([^}]*)\}/g, (_whole, provider: string, name: string) => {
    if (provider === 'env') return environment[name] ?? ''
    if (provider === 'file') return readValueFile(name, raw.at, findings) ?? ''
    findings.push({ severity: 'error', at: raw.at, message: '$__vault{} is not supported' })
    return ''
  })
}

function readValueFile(path: string, at: string, findings: Finding[]): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    findings.push({ severity: 'error', at, message: `cannot be read: ${reason}` })
    return undefined
  }
}

function interpolateRootUrl(
  values: Record<string, Record<string, SettingValue>>,
  raw: RawValue | undefined,
  findings: Finding[],
): void {
  const { server } = values
  const url = String(server.root_url).replaceAll(/%\((\w+)\)s/g, (whole, name: string) => String(server[name] ?? whole))
  server.root_url = url.endsWith('/') ? url : `${url}/`
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    findings.push({ severity: 'error', at: raw?.at, message: `[server] root_url: "${url}" is not an http URL` })
  }
}
