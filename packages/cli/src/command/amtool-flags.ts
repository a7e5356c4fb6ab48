export class AmtoolError extends Error {}

export interface FlagSpec {
  readonly name: string
  readonly short?: string
  readonly kind: 'text' | 'list' | 'switch'
  readonly default?: string | boolean
  readonly help: string
}

export type FlagValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

export const COMMON_FLAGS: readonly FlagSpec[] = [
  { name: 'date.format', kind: 'text', default: '2006-01-02 15:04:05 MST', help: 'Format of date output' },
  { name: 'verbose', short: 'v', kind: 'switch', help: 'Verbose running information' },
  { name: 'alertmanager.url', kind: 'text', default: 'http://localhost:9093/', help: 'Alertmanager to talk to' },
  { name: 'output', short: 'o', kind: 'text', default: 'simple', help: 'Output formatter (simple, extended, json)' },
  { name: 'timeout', kind: 'text', default: '30s', help: 'Timeout for the executed command' },
  { name: 'http.config.file', kind: 'text', default: '', help: 'HTTP client configuration file' },
  { name: 'version-check', kind: 'switch', default: true, help: 'Check alertmanager version' },
]

/**
 * Flags and words in any order, as kingpin reads them: `--name=value`, `--name value`, `-n value`, `--no-name`.
 * @param configured values of the configuration file, below those given
 * @throws AmtoolError
 */
export function readFlags(
  args: readonly string[],
  specs: readonly FlagSpec[],
  configured: Readonly<Record<string, unknown>>,
): { readonly flags: FlagValues; readonly words: readonly string[] } {
  const flags: Record<string, string | boolean | string[] | undefined> = {}
  for (const { default: value, kind, name } of specs) {
    const given = configured[name]
    if (given === undefined) flags[name] = kind === 'list' ? [] : value
    else if (kind === 'switch') flags[name] = given === true || given === 'true'
    else flags[name] = kind === 'list' ? [given].flat().map(String) : String(given)
  }
  const words: string[] = []
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') {
      words.push(...rest)
      break
    }
    const match = /^(?:--([^=]+)|-([A-Za-z]))(?:=?([^]*))?$/.exec(arg)
    if (!match || arg === '-') {
      words.push(arg)
      continue
    }
    const [, long, short] = match
    const inline =
      long === undefined ? match[3] || undefined : arg.includes('=') ? arg.slice(arg.indexOf('=') + 1) : undefined
    const spec = specs.find(({ name, short: letter }) => name === long || (short !== undefined && letter === short))
    const negated = long?.startsWith('no-')
      ? specs.find(({ kind, name }) => kind === 'switch' && `no-${name}` === long)
      : undefined
    if (negated) flags[negated.name] = false
    else if (!spec)
      throw new AmtoolError(`unknown ${long === undefined ? 'short' : 'long'} flag '${arg.split('=')[0]}'`)
    else if (spec.kind === 'switch') flags[spec.name] = true
    else {
      const value = inline ?? rest.shift()
      if (value === undefined) throw new AmtoolError(`expected argument for flag '${arg}'`)
      if (spec.kind === 'list') (flags[spec.name] as string[]).push(value)
      else flags[spec.name] = value
    }
  }
  return { flags, words }
}
