import { DurationError, formatDuration, parseDuration, quoteGo } from '@quartet/query'
import { z } from 'zod'

/*
 * The building bricks of prometheus.yml. Each reads what the file says and, for `/api/v1/status/config`, writes back what is in
 * effect: secrets as `<secret>`, passwords in URLs as `xxxxx`. So a field that is declared here cannot leak by being forgotten.
 */

const SECRET_TEXT = '<secret>'

/** A text that is never written back. */
export const secret = z.codec(z.string(), z.string(), {
  decode: (text) => text,
  encode: (text) => (text === '' ? '' : SECRET_TEXT),
})

/** Milliseconds from a Prometheus duration. */
export const duration = z.codec(z.string(), z.number(), {
  decode: (text, context) => {
    try {
      return parseDuration(text)
    } catch (error) {
      if (!(error instanceof DurationError)) throw error
      context.issues.push({ code: 'custom', input: text, message: error.message })
      return z.NEVER
    }
  },
  encode: formatDuration,
})

const SIZE = /^(\d+(?:\.\d+)?)(B|KB|KiB|MB|MiB|GB|GiB|TB|TiB|PB|PiB|EB|EiB|K|M|G|T|P|E)?$/
const SIZE_UNITS = 'KMGTPE'

/** Bytes from `512MB`, powers of 1024 as upstream's units.Base2Bytes; a bare number is bytes. @returns undefined when malformed */
export function parseBytes(text: string): number | undefined {
  const match = SIZE.exec(text)
  if (match === null) return undefined
  const power = match[2] === undefined ? 0 : SIZE_UNITS.indexOf(match[2][0]) + 1
  return Math.floor(Number(match[1]) * 1024 ** power)
}

/** Upstream's notation: `1536` is `1KiB512B`. */
export function formatBytes(bytes: number): string {
  let rest = bytes
  let text = ''
  for (let power = SIZE_UNITS.length; power > 0; power--) {
    const unit = 1024 ** power
    if (rest >= unit) text += `${Math.floor(rest / unit)}${SIZE_UNITS[power - 1]}iB`
    rest %= unit
  }
  return rest > 0 || text === '' ? `${text}${rest}B` : text
}

/** A size; unlike the flags', it needs a unit. */
export const bytes = z.codec(z.string(), z.number(), {
  decode: (text, context) => {
    const size = parseBytes(text)
    if (size !== undefined && (size === 0 || !/^[\d.]+$/.test(text))) return size
    const unit = text.replace(/^[\d.]+/, '')
    context.issues.push({ code: 'custom', input: text, message: `units: unknown unit ${unit} in ${text}` })
    return z.NEVER
  },
  encode: formatBytes,
})

/** An absolute or relative URL, as lenient as Go's url.Parse. A problem with it never quotes it: there may be a password in it. */
export const url = z.codec(z.string(), z.string(), {
  decode: (text, context) => {
    const problem = urlProblem(text)
    if (problem === undefined) return text
    context.issues.push({ code: 'custom', input: text, message: problem })
    return z.NEVER
  },
  encode: redactUrl,
})

function urlProblem(text: string): string | undefined {
  if (text.startsWith(':')) return 'parse URL: missing protocol scheme'
  const authority = /^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?\/\/([^/?#]*)/.exec(text)?.[1]
  const host = authority?.slice(authority.lastIndexOf('@') + 1)
  const port = host === undefined ? undefined : /:([^:\]]*)$/.exec(host)?.[1]
  return port !== undefined && !/^\d*$/.test(port) ? 'parse URL: invalid port after host' : undefined
}

/** Go's URL.Redacted: the password becomes `xxxxx`. */
export function redactUrl(text: string): string {
  return text.replace(/^([a-zA-Z][a-zA-Z0-9+.-]*:)?(\/\/)?([^/?#:@]*):([^/?#]*)@/, '$1$2$3:xxxxx@')
}

/** Why a URL is no address of an HTTP server. */
export function httpUrlProblem(text: string): string | undefined {
  if (text === '') return 'URL is missing'
  const [, scheme, authority = ''] = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?/.exec(text) ?? []
  if (scheme?.toLowerCase() !== 'http' && scheme?.toLowerCase() !== 'https')
    return "URL scheme must be 'http' or 'https'"
  return authority === '' ? 'host is missing in URL' : undefined
}

export const optionalText = z.string().optional()
export const texts = z.array(z.string()).optional()
export const stringMap = z.record(z.string(), z.string())
export const limit = z.number().int().nonnegative()
export const refreshInterval = (ms: number) => duration.default(ms)
export const port = (fallback: number) => z.number().int().default(fallback)

/**
 * A mapping whose unknown keys are refused in upstream's words. Like all texts about sections it quotes no values, which may be
 * secrets that stand in the wrong place.
 * @param type upstream's name of it, as its messages have it
 * @param empty what is said about a list entry that is null
 */
export function section<Shape extends z.ZodRawShape>(type: string, shape: Shape, empty?: string) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') return `field {key} not found in type ${type}`
      if (empty !== undefined && issue.input === null) return empty
      return `cannot unmarshal ${yamlTag(issue.input)} into ${type}`
    },
  })
}

/** A list; what stands in its place is not quoted. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.array(item, { error: (issue) => `cannot unmarshal ${yamlTag(issue.input)} into a list` })
}

/** A mapping with free keys; what stands in its place is not quoted. */
export function mapOf<Item extends z.ZodType>(item: Item) {
  return z.record(z.string(), item, { error: (issue) => `cannot unmarshal ${yamlTag(issue.input)} into a mapping` })
}

function yamlTag(value: unknown): string {
  if (value === null || value === undefined) return '!!null'
  if (Array.isArray(value)) return '!!seq'
  if (typeof value === 'object') return '!!map'
  if (typeof value === 'number') return Number.isInteger(value) ? '!!int' : '!!float'
  return typeof value === 'boolean' ? '!!bool' : '!!str'
}

/** Adds a rule over several keys. @param rule what is wrong, in upstream's words */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  ...rules: ((value: z.output<Schema>) => string | undefined)[]
): Schema {
  return schema.superRefine((value, context) => {
    for (const rule of rules) {
      const message = rule(value)
      if (message !== undefined) context.addIssue({ code: 'custom', message })
    }
  })
}

/** How many of the values are set to something. */
export function countSet(...values: readonly unknown[]): number {
  return values.filter((value) => value !== undefined && value !== '' && value !== false).length
}

/** Label names of the given scheme; UTF-8 allows any text that is not empty. */
export function isLabelName(name: string, isLegacy: boolean): boolean {
  return isLegacy ? /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) : name !== '' && name.isWellFormed()
}

/** Upstream's complaint about the first name or value that a label cannot have. */
export function labelsProblem(labels: Readonly<Record<string, string>>, isLegacy = false): string | undefined {
  for (const [name, value] of Object.entries(labels)) {
    if (!isLabelName(name, isLegacy)) return `${quoteBytes(name)} is not a valid label name`
    if (!value.isWellFormed()) return `${quoteBytes(value)} is not a valid label value`
  }
  return undefined
}

/** Bytes that are no UTF-8 are lone surrogates after `!!binary`; Go shows them as `\xff`. */
function quoteBytes(text: string): string {
  return quoteGo(text).replace(/\\udc([89a-f][0-9a-f])/g, '\\x$1')
}
