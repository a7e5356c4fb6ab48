import {
  compileRegex,
  escapeQuery,
  formatGoDuration,
  RegexError,
  sprint,
  sprintf,
  TemplateFunctionError,
  GoTime,
} from '@quartet/query'
import type { Regex, TemplateFunctions } from '@quartet/query'
import { goJson } from '../go-json.ts'

/** Text that an HTML template takes for what its kind says, instead of escaping it as any text. */
export class SafeText {
  readonly text: string
  /** `query` is escaped for a query already. */
  readonly kind: 'html' | 'url' | 'query'
  constructor(text: string, kind: SafeText['kind']) {
    this.text = text
    this.kind = kind
  }

  toString(): string {
    return this.text
  }
}

/** What HTML templates have instead: escaped twice a link would be another one. */
export const HTML_FUNCTIONS: TemplateFunctions = {
  urlquery: {
    parameters: [],
    variadic: 'any',
    call: (...values: unknown[]) => new SafeText(escapeQuery(sprint(values)), 'query'),
  },
}

/** Upstream's functions for notification templates. */
export function notificationFunctions(nowMs: () => number): TemplateFunctions {
  return {
    toUpper: { parameters: ['string'], call: (text: string) => text.toUpperCase() },
    toLower: { parameters: ['string'], call: (text: string) => text.toLowerCase() },
    title: { parameters: ['string'], call: titleCase },
    trimSpace: { parameters: ['string'], call: (text: string) => text.trim() },
    join: { parameters: ['string', 'any'], call: join },
    match: { parameters: ['string', 'string'], call: (pattern: string, text: string) => regex(pattern).test(text) },
    safeHtml: { parameters: ['string'], call: (text: string) => new SafeText(text, 'html') },
    safeUrl: { parameters: ['string'], call: (text: string) => new SafeText(text, 'url') },
    urlUnescape: { parameters: ['string'], call: urlUnescape },
    reReplaceAll: {
      parameters: ['string', 'string', 'string'],
      call: (pattern: string, replacement: string, text: string) => regex(pattern).replaceAll(text, replacement),
    },
    stringSlice: { parameters: [], variadic: 'string', call: (...items: string[]) => items },
    date: { parameters: ['string', 'any'], call: (layout: string, time: unknown) => asTime(time).Format(layout) },
    tz: { parameters: ['string', 'any'], call: inZone },
    since: {
      parameters: ['any'],
      call: (time: unknown) => formatGoDuration(BigInt(nowMs() - asTime(time).ms) * 1_000_000n),
    },
    humanizeDuration: { parameters: ['any'], call: humanizeDuration },
    toJson: { parameters: ['any'], call: (value: unknown) => goJson(jsonValue(value)) },
  }
}

function titleCase(text: string): string {
  return text.replace(
    /(^|[^\p{L}\p{N}'_])(\p{L})/gu,
    (_match, before: string, letter: string) => before + letter.toUpperCase(),
  )
}

function join(separator: string, items: unknown): string {
  if (!Array.isArray(items)) throw new TemplateFunctionError('expected []string')
  return Array.from(items, String).join(separator)
}

function regex(pattern: string): Regex {
  try {
    return compileRegex(pattern)
  } catch (error) {
    if (error instanceof RegexError) throw new TemplateFunctionError(error.message)
    throw error
  }
}

function urlUnescape(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    const escape = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(text)?.[0] ?? text
    throw new TemplateFunctionError(`invalid URL escape ${JSON.stringify(escape)}`)
  }
}

function asTime(value: unknown): GoTime {
  if (value instanceof GoTime) return value
  throw new TemplateFunctionError('expected time.Time')
}

function inZone(name: string, value: unknown): GoTime {
  const time = asTime(value).inZone(name)
  if (!time) throw new TemplateFunctionError(`unknown time zone ${name}`)
  return time
}

const SMALL_UNITS = ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y']

function humanizeDuration(value: unknown): string {
  const seconds = toNumber(value)
  if (!Number.isFinite(seconds)) return sprintf('%.4g', [seconds])
  const size = Math.abs(seconds)
  if (seconds === 0) return '0s'
  if (size >= 60) {
    const whole = Math.trunc(size)
    const sign = seconds < 0 ? '-' : ''
    const parts: [number, string][] = [
      [Math.floor(whole / 86_400), 'd'],
      [Math.floor(whole / 3600) % 24, 'h'],
      [Math.floor(whole / 60) % 60, 'm'],
      [whole % 60, 's'],
    ]
    const shown = parts.slice(parts.findIndex(([count]) => count > 0))
    return sign + shown.map(([count, unit]) => `${count}${unit}`).join(' ')
  }
  let scaled = seconds
  let prefix = ''
  for (const unit of SMALL_UNITS) {
    if (Math.abs(scaled) >= 1) break
    prefix = unit
    scaled *= 1000
  }
  return `${sprintf('%.4g', [scaled])}${prefix}s`
}

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN
  if (!Number.isNaN(number) || value === 'NaN') return number
  if (typeof value !== 'string') throw new TemplateFunctionError(`can't convert ${typeof value} to float`)
  throw new TemplateFunctionError(`strconv.ParseFloat: parsing ${JSON.stringify(value)}: invalid syntax`)
}

function jsonValue(value: unknown): unknown {
  if (value instanceof GoTime) return value.toJSON()
  if (value instanceof SafeText) return value.text
  return value ?? null
}
