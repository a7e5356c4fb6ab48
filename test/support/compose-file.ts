import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

/** The parts of compose.yaml that tests use, with variables filled in. */
export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly networks: Readonly<Record<string, { internal?: boolean }>>
  readonly volumes: Readonly<Record<string, unknown>>
}

export interface ComposeService {
  readonly image: string
  readonly build?: string
  readonly profiles?: readonly string[]
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly networks: readonly string[]
  readonly volumes?: readonly string[]
  readonly tmpfs?: readonly string[]
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly user?: string
  readonly group_add?: readonly string[]
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly restart?: string
  readonly cpus?: number
  readonly mem_limit?: string
  readonly pids_limit?: number
}

/** Reads a compose file with the variables of `env`; one that has neither a value nor a default is an error, where Compose warns. */
export function readComposeFile(path: string, env: Readonly<Record<string, string>>): ComposeFile {
  return interpolate(parse(readFileSync(path, 'utf8'), { merge: true }), env) as ComposeFile
}

function interpolate(value: unknown, env: Readonly<Record<string, string>>): unknown {
  if (Array.isArray(value)) return value.map((item) => interpolate(item, env))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, interpolate(item, env)]))
  }
  if (typeof value !== 'string') return value
  return value.replace(VARIABLE, (whole, name?: string, standard?: string) => {
    if (name === undefined) return whole === '$$' ? '$' : whole
    const text = env[name] || standard
    if (text === undefined) throw new Error(`\${${name}} has no value and no default`)
    return text
  })
}

const VARIABLE = /\$\$|\$\{([A-Z_]+)(?::-([^}]*))?\}/g

/** Every `${NAME:-default}` of a text; a variable with two defaults is in it twice. */
export function variablesOf(text: string): readonly { name: string; standard: string | undefined }[] {
  return [...text.matchAll(VARIABLE)].flatMap(([, name, standard]) => (name === undefined ? [] : [{ name, standard }]))
}

/** `.env`: `NAME=value` lines, comments, quotes. */
export function readEnvFile(path: string): Record<string, string> {
  const pairs = readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => /^([A-Z_]+)=(.*)$/.exec(line))
    .filter((match) => match !== null)
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value.replace(/^(['"])(.*)\1$/, '$2')]))
}
