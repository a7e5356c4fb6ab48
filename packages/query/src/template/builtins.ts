import { TemplateFunctionError } from './errors.ts'
import type { TemplateFunctions } from './functions.ts'
import { sprint, sprintf } from './printf.ts'
import { formatValue, isMapLike, isTruthy, typeName } from './value.ts'

/** Go's predefined functions, except `and` and `or`, which the executor evaluates lazily. */
export const BUILTINS: TemplateFunctions = {
  not: { parameters: ['any'], call: (value: unknown) => !isTruthy(value) },
  len: { parameters: ['any'], call: length },
  index: { parameters: ['any'], variadic: 'any', call: index },
  slice: { parameters: ['any'], variadic: 'any', call: slice },
  print: { parameters: [], variadic: 'any', call: (...args: unknown[]) => sprint(args) },
  println: { parameters: [], variadic: 'any', call: (...args: unknown[]) => args.map(formatValue).join(' ') + '\n' },
  printf: {
    parameters: ['string'],
    variadic: 'any',
    call: (format: string, ...args: unknown[]) => sprintf(format, args),
  },
  html: { parameters: [], variadic: 'any', call: (...args: unknown[]) => escapeHtml(sprint(args)) },
  js: { parameters: [], variadic: 'any', call: (...args: unknown[]) => escapeJs(sprint(args)) },
  urlquery: { parameters: [], variadic: 'any', call: (...args: unknown[]) => escapeQuery(sprint(args)) },
  eq: { parameters: ['any'], variadic: 'any', call: equalsAny },
  ne: { parameters: ['any', 'any'], call: (a: unknown, b: unknown) => !equals(a, b) },
  lt: { parameters: ['any', 'any'], call: (a: unknown, b: unknown) => compare(a, b) < 0 },
  le: { parameters: ['any', 'any'], call: (a: unknown, b: unknown) => compare(a, b) <= 0 },
  gt: { parameters: ['any', 'any'], call: (a: unknown, b: unknown) => compare(a, b) > 0 },
  ge: { parameters: ['any', 'any'], call: (a: unknown, b: unknown) => compare(a, b) >= 0 },
}

/** Go's url.QueryEscape. */
export function escapeQuery(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}

export function escapeHtml(text: string): string {
  const escapes: Record<string, string> = {
    '\0': '\ufffd',
    '"': '&#34;',
    "'": '&#39;',
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
  }
  // oxlint-disable-next-line no-control-regex -- NUL is replaced, as Go does
  return text.replace(/[\0"'&<>]/g, (character) => escapes[character])
}

function escapeJs(text: string): string {
  const escapes: Record<string, string> = {
    '\\': '\\\\',
    "'": "\\'",
    '"': '\\"',
    '<': '\\u003C',
    '>': '\\u003E',
    '&': '\\u0026',
    '=': '\\u003D',
  }
  // oxlint-disable-next-line no-control-regex -- control characters are what has to be escaped
  return text.replace(/[\\'"<>&=\u0000-\u001f\u007f]/g, (character) => {
    return escapes[character] ?? `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
  })
}

function length(value: unknown): bigint {
  if (typeof value === 'string') return BigInt(Buffer.byteLength(value))
  if (Array.isArray(value)) return BigInt(value.length)
  if (value instanceof Map) return BigInt(value.size)
  if (isMapLike(value)) return BigInt(Object.keys(value).length)
  if (value === null || value === undefined) throw new TemplateFunctionError('len of nil pointer')
  throw new TemplateFunctionError(`len of type ${typeName(value)}`)
}

function index(item: unknown, ...keys: unknown[]): unknown {
  let value = item
  for (const key of keys) {
    if (value === null || value === undefined) throw new TemplateFunctionError('index of untyped nil')
    if (isMapLike(value))
      value = value instanceof Map ? value.get(key) : Object.hasOwn(value, String(key)) ? value[String(key)] : undefined
    else if (Array.isArray(value)) value = value[position(key, value.length)]
    else if (typeof value === 'string') {
      const bytes = Buffer.from(value)
      value = BigInt(bytes[position(key, bytes.length)])
    } else throw new TemplateFunctionError(`can't index item of type ${typeName(value)}`)
  }
  return value
}

function position(key: unknown, size: number): number {
  if (typeof key !== 'bigint') throw new TemplateFunctionError(`cannot index slice/array with type ${typeName(key)}`)
  if (key < 0n || key >= BigInt(size)) throw new TemplateFunctionError(`index out of range: ${key}`)
  return Number(key)
}

function slice(item: unknown, ...bounds: unknown[]): unknown {
  if (bounds.length > 3) throw new TemplateFunctionError(`too many slice indexes: ${bounds.length}`)
  if (typeof item !== 'string' && !Array.isArray(item))
    throw new TemplateFunctionError(`can't slice item of type ${typeName(item)}`)
  if (typeof item === 'string' && bounds.length === 3) throw new TemplateFunctionError('cannot 3-index slice a string')
  const source = typeof item === 'string' ? Buffer.from(item) : item
  const numbers = bounds.map((bound) => position(bound, source.length + 1))
  const [start = 0, end = source.length] = numbers
  if (start > end) throw new TemplateFunctionError(`invalid slice index: ${start} > ${end}`)
  const part = source.slice(start, end)
  return typeof item === 'string' ? part.toString() : part
}

function equalsAny(first: unknown, ...others: unknown[]): boolean {
  if (others.length === 0) throw new TemplateFunctionError('missing argument for comparison')
  return others.some((other) => equals(first, other))
}

function equals(a: unknown, b: unknown): boolean {
  if (a === null || a === undefined || b === null || b === undefined) return (a ?? null) === (b ?? null)
  if (basicKind(a) === undefined || basicKind(b) === undefined)
    throw new TemplateFunctionError('non-comparable type: ' + typeName(a))
  if (basicKind(a) !== basicKind(b)) throw new TemplateFunctionError('incompatible types for comparison')
  return a === b
}

function compare(a: unknown, b: unknown): number {
  const kind = basicKind(a)
  if (kind === undefined || kind === 'boolean' || basicKind(b) === undefined) {
    throw new TemplateFunctionError('invalid type for comparison')
  }
  if (kind !== basicKind(b)) throw new TemplateFunctionError('incompatible types for comparison')
  if (kind === 'string') return Buffer.compare(Buffer.from(a as string), Buffer.from(b as string))
  const [left, right] = [a as number | bigint, b as number | bigint]
  return left < right ? -1 : left > right ? 1 : 0
}

function basicKind(value: unknown): string | undefined {
  const kind = typeof value
  return kind === 'string' || kind === 'bigint' || kind === 'number' || kind === 'boolean' ? kind : undefined
}
