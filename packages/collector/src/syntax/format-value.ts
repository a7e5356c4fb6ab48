import { quoteGo } from '@quartet/query'
import { FunctionValue, isArray, isObject, OptionalSecret, Secret } from './value.ts'
import type { Capsule, Value } from './value.ts'
import { isValidIdentifier } from './identifier.ts'

/** A value as Alloy source, on one line; secrets and opaque values in parentheses. For messages and the UI. */
export function formatValue(value: Value): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return quoteGo(value)
  if (typeof value === 'number') return formatFloat(value)
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (isArray(value)) return `[${value.map(formatValue).join(', ')}]`
  if (isObject(value)) {
    if (value.size === 0) return '{}'
    const fields = [...value]
      .sort((a, b) => (a[0] < b[0] ? -1 : 1))
      .map(([key, item]) => `${formatKey(key)} = ${formatValue(item)}`)
    return `{ ${fields.join(', ')} }`
  }
  if (value instanceof Secret) return '(secret)'
  if (value instanceof OptionalSecret) return value.isSecret ? '(secret)' : quoteGo(value.text)
  if (value instanceof FunctionValue) return 'function'
  return formatCapsule(value)
}

export function formatKey(key: string): string {
  return isValidIdentifier(key) ? key : quoteGo(key)
}

export function formatCapsule(capsule: Capsule): string {
  return capsule.description !== '' ? capsule.description : `capsule(${quoteGo(capsule.typeName)})`
}

/** As Go's strconv.FormatFloat(…, 'f' or 'g', -1, 64) shows it where Alloy turns a float into text. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const magnitude = Math.abs(value)
  if (magnitude >= 1e21 || (magnitude < 1e-4 && magnitude > 0)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  }
  return String(value)
}
