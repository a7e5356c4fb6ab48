/**
 * OTLP names as Prometheus names, with the rules, results and errors of prometheus/otlptranslator v1.0.0, so that dashboards find
 * what they look for.
 */
export type OtlpMetricType =
  | 'gauge'
  | 'counter'
  | 'upDownCounter'
  | 'histogram'
  | 'exponentialHistogram'
  | 'summary'
  | 'unknown'

export interface NameOptions {
  /** Keep names as they are, except for suffixes. */
  readonly allowUtf8: boolean
  readonly withSuffixes: boolean
  readonly namespace?: string
}

/** A name that cannot be translated. The message is upstream's. */
export class OtlpNameError extends Error {
  override name = 'OtlpNameError'
}

/** @throws OtlpNameError when nothing usable is left of the name */
export function metricName(
  metric: { readonly name: string; readonly unit: string; readonly type: OtlpMetricType },
  options: NameOptions,
): string {
  return options.allowUtf8 ? utf8MetricName(metric, options) : compliantMetricName(metric, options)
}

/** `By/s` → `bytes_per_second`; empty for units that say nothing. */
export function unitName(unit: string, allowUtf8: boolean): string {
  let { main, per } = unitSuffixes(unit)
  if (!allowUtf8) [main, per] = [cleanUnit(main), cleanUnit(per)]
  const name = main !== '' && per !== '' ? `${main}_${per}` : main || per
  return name.replace(/^_/, '').replace(/_$/, '')
}

export interface LabelNameOptions {
  readonly allowUtf8: boolean
  /** `label_name_underscore_sanitization`: `_x` becomes `key_x`. */
  readonly underscoreSanitization: boolean
  /** `label_name_preserve_multiple_underscores`. */
  readonly preserveMultipleUnderscores: boolean
}

/** @throws OtlpNameError when nothing usable is left of the name */
export function labelName(label: string, options: LabelNameOptions): string {
  if (label === '') throw new OtlpNameError('label name is empty')
  if (options.allowUtf8) return hasOnlyUnderscores(label) ? refuseLabel(label, label) : label
  let name = sanitizeLabel(label, options.preserveMultipleUnderscores)
  if (/^[0-9]/.test(name)) name = `key_${name}`
  else if (options.underscoreSanitization && /^_(?!_)/.test(name)) name = `key${name}`
  if (name !== label && hasOnlyUnderscores(name)) return refuseLabel(label, name)
  return name
}

function refuseLabel(label: string, name: string): never {
  throw new OtlpNameError(`normalization for label name ${JSON.stringify(label)} resulted in invalid name "${name}"`)
}

/** `__reserved__` names keep their underscores at both ends. */
function sanitizeLabel(label: string, preserveMultiple: boolean): string {
  const replaced = label.replace(/[^a-zA-Z0-9_]/gu, '_')
  if (preserveMultiple) return replaced
  const isReserved = label.length > 4 && label.startsWith('__') && label.endsWith('__')
  return isReserved ? `__${replaced.slice(2, -2).replace(/_+/g, '_')}__` : replaced.replace(/_+/g, '_')
}

function compliantMetricName(
  { name, unit, type }: { readonly name: string; readonly unit: string; readonly type: OtlpMetricType },
  { withSuffixes, namespace = '' }: NameOptions,
): string {
  const normalized = withSuffixes ? normalizedName(name, unit, type, namespace) : escapedName(name, namespace)
  if (normalized === '')
    throw new OtlpNameError(`normalization for metric ${JSON.stringify(name)} resulted in empty name`)
  if (normalized !== name && hasOnlyUnderscores(normalized)) {
    const message = `normalization for metric ${JSON.stringify(name)} resulted in invalid name "${normalized}"`
    throw new OtlpNameError(message)
  }
  return normalized
}

/** Without suffixes: runs of foreign characters become one underscore, those at the ends vanish. */
function escapedName(name: string, namespace: string): string {
  const escaped = joinFields(name, /[^a-zA-Z0-9:_]+/u)
  if (namespace !== '') return `${joinFields(namespace, /[^a-zA-Z0-9:_]+/u)}_${escaped}`
  return /^[0-9]/.test(escaped) ? `_${escaped}` : escaped
}

function joinFields(text: string, separators: RegExp): string {
  return text
    .split(separators)
    .filter((field) => field !== '')
    .join('_')
}

function normalizedName(name: string, unit: string, type: OtlpMetricType, namespace: string): string {
  let tokens = name.split(/[^a-zA-Z0-9:]+/u).filter((token) => token !== '')
  const { main, per } = unitSuffixes(unit)
  tokens = withUnitTokens(tokens, cleanUnit(main), cleanUnit(per))
  if (type === 'counter') tokens = [...tokens.filter((token) => token !== 'total'), 'total']
  if (unit === '1' && type === 'gauge') tokens = [...tokens.filter((token) => token !== 'ratio'), 'ratio']
  if (namespace !== '') tokens.unshift(namespace)
  const joined = tokens.join('_')
  return /^[0-9]/.test(joined) ? `_${joined}` : joined
}

function withUnitTokens(tokens: readonly string[], mainUnit: string, perUnit: string): string[] {
  let main = tokens.includes(mainUnit) ? '' : mainUnit
  let per = perUnit === 'per_' ? '' : perUnit.replace(/_$/, '')
  if (tokens.includes(per)) per = ''
  if (per !== '') main = main.replace(/_$/, '')
  return [...tokens, main, per].filter((token) => token !== '')
}

function utf8MetricName(
  { name, unit, type }: { readonly name: string; readonly unit: string; readonly type: OtlpMetricType },
  { withSuffixes, namespace = '' }: NameOptions,
): string {
  let result = namespace === '' ? name : `${namespace}_${name}`
  if (!withSuffixes) return result
  // Suffixes are taken off from the outside in, then put back from the inside out.
  let suffixes = ''
  if (unit === '1' && type === 'gauge') {
    result = trimSuffix(result, 'ratio')
    suffixes = '_ratio'
  }
  if (type === 'counter') {
    result = trimSuffix(result, 'total')
    suffixes = `_total${suffixes}`
  }
  const { main, per } = unitSuffixes(unit)
  if (per !== '') {
    result = trimSuffix(result, per)
    suffixes = `_${per}${suffixes}`
  }
  if (main !== '' && !result.endsWith(main)) result += `_${main}`
  return result + suffixes
}

/** Takes off a suffix and the character before it. */
function trimSuffix(name: string, suffix: string): string {
  return name.endsWith(suffix) && name.length > suffix.length + 1 ? name.slice(0, -(suffix.length + 1)) : name
}

function unitSuffixes(unit: string): { main: string; per: string } {
  const slash = unit.indexOf('/')
  const mainUnit = (slash < 0 ? unit : unit.slice(0, slash)).trim()
  const perUnit = slash < 0 ? '' : unit.slice(slash + 1).trim()
  const main = mainUnit === '' || /[{}]/.test(mainUnit) ? '' : (UNITS.get(mainUnit) ?? mainUnit)
  const per = perUnit === '' || /[{}]/.test(perUnit) ? '' : `per_${PER_UNITS.get(perUnit) ?? perUnit}`
  return { main, per }
}

function cleanUnit(unit: string): string {
  return unit
    .replace(/[^a-zA-Z0-9:]/gu, '_')
    .replace(/_+/g, '_')
    .replace(/^_/, '')
}

function hasOnlyUnderscores(name: string): boolean {
  return /^_*$/.test(name)
}

/** UCUM units that have a Prometheus word. */
const UNITS = new Map([
  ['d', 'days'],
  ['h', 'hours'],
  ['min', 'minutes'],
  ['s', 'seconds'],
  ['ms', 'milliseconds'],
  ['us', 'microseconds'],
  ['ns', 'nanoseconds'],
  ['By', 'bytes'],
  ['KiBy', 'kibibytes'],
  ['MiBy', 'mebibytes'],
  ['GiBy', 'gibibytes'],
  ['TiBy', 'tibibytes'],
  ['KBy', 'kilobytes'],
  ['MBy', 'megabytes'],
  ['GBy', 'gigabytes'],
  ['TBy', 'terabytes'],
  ['m', 'meters'],
  ['V', 'volts'],
  ['A', 'amperes'],
  ['J', 'joules'],
  ['W', 'watts'],
  ['g', 'grams'],
  ['Cel', 'celsius'],
  ['Hz', 'hertz'],
  ['1', ''],
  ['%', 'percent'],
])

const PER_UNITS = new Map([
  ['s', 'second'],
  ['m', 'minute'],
  ['h', 'hour'],
  ['d', 'day'],
  ['w', 'week'],
  ['mo', 'month'],
  ['y', 'year'],
])
