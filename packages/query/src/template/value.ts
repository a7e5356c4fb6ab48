/*
 * How Go values are represented: string, boolean, `bigint` for every integer type, `number` for float64, `null` or `undefined` for
 * nil, arrays for slices, `Map` or plain objects for maps and structs. Any other object (a time, say) prints through its `toString`.
 */

export function isMapLike(value: unknown): value is Map<unknown, unknown> | Record<string, unknown> {
  if (value instanceof Map) return true
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Go's notion of truth: the zero value of a type and everything empty is false. */
export function isTruthy(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '' || value === 0 || value === 0n)
    return false
  if (Array.isArray(value)) return value.length > 0
  if (value instanceof Map) return value.size > 0
  if (isMapLike(value)) return Object.keys(value).length > 0
  return true
}

/** The type's name as Go's `%T` would print the closest type. */
export function typeName(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return 'float64'
    default:
      if (value === null || value === undefined) return '<nil>'
      if (Array.isArray(value)) return value.constructor === Array ? '[]interface {}' : value.constructor.name
      return isMapLike(value) ? 'map[string]interface {}' : (value as object).constructor.name
  }
}

/** Entries of a map or struct sorted by key, as Go ranges over maps. */
export function sortedEntries(value: Map<unknown, unknown> | Record<string, unknown>): [unknown, unknown][] {
  const entries: [unknown, unknown][] = value instanceof Map ? [...value.entries()] : Object.entries(value)
  return entries.sort(([a], [b]) => compareKeys(a, b))
}

export function compareKeys(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  return Number(a) - Number(b)
}

/** Go's `%v`. */
export function formatValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
      return formatGeneral(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    default:
      break
  }
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(formatValue).join(' ')}]`
  if (isMapLike(value)) {
    return `map[${sortedEntries(value)
      .map(([key, entry]) => `${formatValue(key)}:${formatValue(entry)}`)
      .join(' ')}]`
  }
  return String(value)
}

/** Go's `strconv.FormatFloat(value, 'g', -1, 64)`. */
export function formatGeneral(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [digits, exponentText] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  // strconv/ftoa.go: with the shortest digits, an exponent is used below -4 and from 6 on: `fmt.Sprint(3000000.0)` is `3e+06`.
  if (exponent < -4 || exponent >= 6) return `${digits}e${formatExponent(exponent)}`
  return formatFixed(value)
}

export function formatExponent(exponent: number): string {
  const magnitude = Math.abs(exponent)
  return `${exponent < 0 ? '-' : '+'}${magnitude < 10 ? '0' : ''}${magnitude}`
}

/** Go's `strconv.FormatFloat(value, 'f', -1, 64)`: the shortest digits that round-trip, never an exponent. */
export function formatFixed(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
  const text = Object.is(value, -0) ? '-0' : String(value)
  const at = text.indexOf('e')
  if (at < 0) return text
  const exponent = Number(text.slice(at + 1))
  const negative = text.startsWith('-')
  const [whole, fraction = ''] = text.slice(negative ? 1 : 0, at).split('.')
  const digits = whole + fraction
  const point = whole.length + exponent
  const body =
    point <= 0
      ? `0.${'0'.repeat(-point)}${digits}`
      : point >= digits.length
        ? digits + '0'.repeat(point - digits.length)
        : `${digits.slice(0, point)}.${digits.slice(point)}`
  return negative ? `-${body}` : body
}
