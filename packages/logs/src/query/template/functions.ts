import {
  compileRegex,
  escapeQuery,
  formatValue,
  GoTime,
  isTruthy,
  parseGoTime,
  RegexError,
  TemplateFunctionError,
} from '@quartet/query'
import type { TemplateFunction, TemplateFunctions } from '@quartet/query'
import { parseGoFloat } from '../stages/label-filter.ts'
import { parseBytes, parseDurationNs } from '../../config/units.ts'

const MAX_REPEAT = 64 * 1024

/** What `__line__` and `__timestamp__` read; the stage sets it before each execution. */
export interface TemplateContext {
  line(): string
  timeNs(): bigint
  nowNs(): bigint
}

/** The functions of line_format and label_format: Loki's own and the part of sprig that it lets through. */
export function lineFunctions(context: TemplateContext): TemplateFunctions {
  return {
    ...TEXT,
    ...NUMBERS,
    ...TIMES,
    __line__: { parameters: [], call: () => context.line() },
    __timestamp__: { parameters: [], call: () => new GoTime(context.timeNs()) },
    now: { parameters: [], call: () => new GoTime(context.nowNs()) },
  }
}

const text1 = (call: (text: string) => unknown): TemplateFunction => ({ parameters: ['string'], call })
const text2 = (call: (a: string, b: string) => unknown): TemplateFunction => ({
  parameters: ['string', 'string'],
  call,
})

const TEXT: TemplateFunctions = {
  ToLower: text1((text) => text.toLowerCase()),
  ToUpper: text1((text) => text.toUpperCase()),
  Replace: {
    parameters: ['string', 'string', 'string', 'int'],
    call: (text: string, from: string, to: string, count: bigint) => replaceCount(text, from, to, Number(count)),
  },
  Trim: text2((text, set) => trimSet(text, set, true, true)),
  TrimLeft: text2((text, set) => trimSet(text, set, true, false)),
  TrimRight: text2((text, set) => trimSet(text, set, false, true)),
  TrimPrefix: text2((text, prefix) => (text.startsWith(prefix) ? text.slice(prefix.length) : text)),
  TrimSuffix: text2((text, suffix) => (text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text)),
  TrimSpace: text1((text) => text.trim()),
  regexReplaceAll: {
    parameters: ['string', 'string', 'string'],
    call: (pattern: string, text: string, to: string) => regex(pattern).replaceAll(text, to),
  },
  regexReplaceAllLiteral: {
    parameters: ['string', 'string', 'string'],
    call: (pattern: string, text: string, to: string) => regex(pattern).replaceAll(text, to.replaceAll('$', '$$$$')),
  },
  count: text2((pattern, text) => countMatches(pattern, text)),
  urldecode: text1((text) => decodeQuery(text)),
  urlencode: text1((text) => escapeQuery(text)),
  alignLeft: { parameters: ['int', 'string'], call: (count: bigint, text: string) => align(Number(count), text, true) },
  alignRight: {
    parameters: ['int', 'string'],
    call: (count: bigint, text: string) => align(Number(count), text, false),
  },
  b64enc: text1((text) => Buffer.from(text).toString('base64')),
  b64dec: text1((text) => decodeBase64(text)),
  lower: text1((text) => text.toLowerCase()),
  upper: text1((text) => text.toUpperCase()),
  title: text1((text) =>
    text.replace(/(^|[^\p{L}\p{N}_'])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase()),
  ),
  trunc: { parameters: ['int', 'string'], call: (count: bigint, text: string) => truncate(Number(count), text) },
  substr: {
    parameters: ['int', 'int', 'string'],
    call: (start: bigint, end: bigint, text: string) => substring(Number(start), Number(end), text),
  },
  contains: text2((part, text) => text.includes(part)),
  hasPrefix: text2((prefix, text) => text.startsWith(prefix)),
  hasSuffix: text2((suffix, text) => text.endsWith(suffix)),
  indent: { parameters: ['int', 'string'], call: (count: bigint, text: string) => indent(count, text) },
  nindent: { parameters: ['int', 'string'], call: (count: bigint, text: string) => `\n${indent(count, text)}` },
  replace: {
    parameters: ['string', 'string', 'string'],
    call: (from: string, to: string, text: string) => text.replaceAll(from, () => to),
  },
  repeat: { parameters: ['int', 'string'], call: (count: bigint, text: string) => repeat(text, Number(count)) },
  trim: text1((text) => text.trim()),
  trimAll: text2((set, text) => trimSet(text, set, true, true)),
  trimSuffix: text2((suffix, text) => (suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text)),
  trimPrefix: text2((prefix, text) => (text.startsWith(prefix) ? text.slice(prefix.length) : text)),
  fromJson: text1((text) => fromJson(text)),
  default: {
    parameters: ['any'],
    variadic: 'any',
    call: (fallback: unknown, ...given: unknown[]) => (given.length > 0 && isTruthy(given[0]) ? given[0] : fallback),
  },
}

const NUMBERS: TemplateFunctions = {
  int: { parameters: ['any'], call: toInt },
  float64: { parameters: ['any'], call: toFloat },
  add: {
    parameters: [],
    variadic: 'any',
    call: (...args: unknown[]) => args.reduce((sum: bigint, arg) => sum + toInt(arg), 0n),
  },
  sub: { parameters: ['any', 'any'], call: (a: unknown, b: unknown) => toInt(a) - toInt(b) },
  mul: {
    parameters: ['any'],
    variadic: 'any',
    call: (...args: unknown[]) => args.reduce((product: bigint, arg) => product * toInt(arg), 1n),
  },
  div: { parameters: ['any', 'any'], call: (a: unknown, b: unknown) => toInt(a) / notZero(toInt(b)) },
  mod: { parameters: ['any', 'any'], call: (a: unknown, b: unknown) => toInt(a) % notZero(toInt(b)) },
  addf: {
    parameters: [],
    variadic: 'any',
    call: (...args: unknown[]) => args.reduce((sum: number, arg) => sum + toFloat(arg), 0),
  },
  subf: {
    parameters: ['any'],
    variadic: 'any',
    call: (first: unknown, ...rest: unknown[]) =>
      rest.reduce((value: number, arg) => value - toFloat(arg), toFloat(first)),
  },
  mulf: {
    parameters: ['any'],
    variadic: 'any',
    call: (first: unknown, ...rest: unknown[]) =>
      rest.reduce((value: number, arg) => value * toFloat(arg), toFloat(first)),
  },
  divf: {
    parameters: ['any'],
    variadic: 'any',
    call: (first: unknown, ...rest: unknown[]) =>
      rest.reduce((value: number, arg) => value / toFloat(arg), toFloat(first)),
  },
  max: {
    parameters: ['any'],
    variadic: 'any',
    call: (...args: unknown[]) => args.map(toInt).reduce((a, b) => (b > a ? b : a)),
  },
  min: {
    parameters: ['any'],
    variadic: 'any',
    call: (...args: unknown[]) => args.map(toInt).reduce((a, b) => (b < a ? b : a)),
  },
  maxf: { parameters: ['any'], variadic: 'any', call: (...args: unknown[]) => Math.max(...args.map(toFloat)) },
  minf: { parameters: ['any'], variadic: 'any', call: (...args: unknown[]) => Math.min(...args.map(toFloat)) },
  ceil: { parameters: ['any'], call: (value: unknown) => Math.ceil(toFloat(value)) },
  floor: { parameters: ['any'], call: (value: unknown) => Math.floor(toFloat(value)) },
  round: {
    parameters: ['any', 'int'],
    variadic: 'float',
    call: (value: unknown, places: bigint, ...roundOn: number[]) =>
      round(toFloat(value), Number(places), roundOn[0] ?? 0.5),
  },
  bytes: text1((text) =>
    orFail(parseBytes(text), `strconv.ParseFloat: parsing ${JSON.stringify(text)}: invalid syntax`),
  ),
  duration: text1((text) => seconds(text)),
  duration_seconds: text1((text) => seconds(text)),
}

const TIMES: TemplateFunctions = {
  date: { parameters: ['string', 'any'], call: (layout: string, time: unknown) => asTime(time).Format(layout) },
  toDate: text2((layout, text) => parseGoTime(layout, text) ?? GoTime.ZERO),
  toDateInZone: {
    parameters: ['string', 'string', 'string'],
    call: (layout: string, zone: string, text: string) => parseGoTime(layout, text, zone) ?? GoTime.ZERO,
  },
  unixEpoch: { parameters: ['any'], call: (time: unknown) => String(asTime(time).Unix()) },
  unixEpochMillis: { parameters: ['any'], call: (time: unknown) => String(asTime(time).UnixMilli()) },
  unixEpochNanos: { parameters: ['any'], call: (time: unknown) => String(asTime(time).ns) },
  unixToTime: text1((text) => unixToTime(text)),
}

function asTime(value: unknown): GoTime {
  if (value instanceof GoTime) return value
  if (typeof value === 'bigint') return new GoTime(value * 1_000_000_000n)
  throw new TemplateFunctionError(`wrong type for value; expected time.Time; got ${typeof value}`)
}

function unixToTime(text: string): GoTime {
  if (!/^-?[0-9]+$/.test(text))
    throw new TemplateFunctionError(
      `unable to parse time '${text}': strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`,
    )
  const value = BigInt(text)
  switch (text.length) {
    case 5:
      return new GoTime(value * 86_400_000_000_000n)
    case 10:
      return new GoTime(value * 1_000_000_000n)
    case 13:
      return new GoTime(value * 1_000_000n)
    case 16:
      return new GoTime(value * 1000n)
    case 19:
      return new GoTime(value)
    default:
      throw new TemplateFunctionError(`unable to parse time '${text}': unknown length`)
  }
}

function toInt(value: unknown): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n
  if (typeof value === 'boolean') return value ? 1n : 0n
  const text = formatValue(value).trim()
  if (/^[-+]?[0-9]+$/.test(text)) return BigInt(text.replace(/^\+/, ''))
  const number = parseGoFloat(text)
  return number === undefined || !Number.isFinite(number) || /^[-+]?0x/i.test(text) ? 0n : BigInt(Math.trunc(number))
}

function toFloat(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'boolean') return value ? 1 : 0
  return parseGoFloat(formatValue(value).trim()) ?? 0
}

function notZero(value: bigint): bigint {
  if (value === 0n) throw new TemplateFunctionError('runtime error: integer divide by zero')
  return value
}

function seconds(text: string): number {
  try {
    return parseDurationNs(text) / 1e9
  } catch (error) {
    throw new TemplateFunctionError(error instanceof Error ? error.message : String(error))
  }
}

function orFail<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new TemplateFunctionError(message)
  return value
}

function round(value: number, places: number, roundOn: number): number {
  const scale = 10 ** places
  const digit = value * scale
  const fraction = Math.abs(digit) % 1
  const whole = Math.trunc(digit)
  return (fraction >= roundOn ? whole + Math.sign(value) : whole) / scale
}

function regex(pattern: string): ReturnType<typeof compileRegex> {
  try {
    return compileRegex(pattern)
  } catch (error) {
    if (error instanceof RegexError) throw new TemplateFunctionError(error.message)
    throw error
  }
}

function countMatches(pattern: string, text: string): bigint {
  const compiled = regex(pattern)
  let count = 0n
  for (let at = 0; at <= text.length;) {
    const match = compiled.exec(text, at)
    if (!match) break
    count++
    at = match.end > match.start ? match.end : match.end + 1
  }
  return count
}

function replaceCount(text: string, from: string, to: string, count: number): string {
  if (count < 0) return text.replaceAll(from, () => to)
  let result = text
  let at = 0
  for (let done = 0; done < count; done++) {
    const found = result.indexOf(from, at)
    if (found < 0) break
    result = result.slice(0, found) + to + result.slice(found + from.length)
    at = found + to.length + (from === '' ? 1 : 0)
  }
  return result
}

function trimSet(text: string, set: string, left: boolean, right: boolean): string {
  const members = new Set(set)
  const characters = [...text]
  let start = 0
  let end = characters.length
  if (left) while (start < end && members.has(characters[start])) start++
  if (right) while (end > start && members.has(characters[end - 1])) end--
  return characters.slice(start, end).join('')
}

function truncate(count: number, text: string): string {
  const characters = [...text]
  if (count < 0) return characters.length + count > 0 ? characters.slice(count).join('') : text
  return characters.length > count ? characters.slice(0, count).join('') : text
}

function substring(start: number, end: number, text: string): string {
  const characters = [...text]
  if (start < 0) return end < 0 ? '' : characters.slice(0, end).join('')
  if (end < 0) return characters.slice(start).join('')
  return end < start ? '' : characters.slice(start, end).join('')
}

function align(count: number, text: string, isLeft: boolean): string {
  const characters = [...text]
  if (count < 0) return text
  if (characters.length > count)
    return (isLeft ? characters.slice(0, count) : characters.slice(characters.length - count)).join('')
  const padding = repeat(' ', count - characters.length)
  return isLeft ? text + padding : padding + text
}

function indent(count: bigint, text: string): string {
  const padding = repeat(' ', Number(count))
  return padding + text.replaceAll('\n', `\n${padding}`)
}

function repeat(text: string, count: number): string {
  if (count <= 0) return ''
  if (text.length * count > MAX_REPEAT) throw new TemplateFunctionError(`result exceeds ${MAX_REPEAT} characters`)
  return text.repeat(count)
}

function decodeQuery(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw new TemplateFunctionError(`invalid URL escape ${JSON.stringify(/%.{0,2}/.exec(text)?.[0] ?? text)}`)
  }
}

function decodeBase64(text: string): string {
  if (!/^[A-Za-z0-9+/\r\n]*={0,2}$/.test(text) || text.replace(/[\r\n]/g, '').length % 4 !== 0) {
    return `illegal base64 data at input byte ${text.search(/[^A-Za-z0-9+/\r\n]/) < 0 ? text.length : text.search(/[^A-Za-z0-9+/\r\n]/)}`
  }
  return Buffer.from(text, 'base64').toString('utf8')
}

function fromJson(text: string): unknown {
  try {
    return goValue(JSON.parse(text))
  } catch {
    return undefined // sprig's fromJson gives nil for text that is not JSON
  }
}

/** JSON numbers are float64 in Go too, so only objects need a new shape. */
function goValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(goValue)
  if (typeof value !== 'object' || value === null) return value
  return new Map(Object.entries(value).map(([key, entry]) => [key, goValue(entry)]))
}
