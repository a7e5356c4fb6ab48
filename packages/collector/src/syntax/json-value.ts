import { formatCapsule } from './format-value.ts'
import { FunctionValue, isArray, isObject, OptionalSecret, Secret, typeOf } from './value.ts'
import type { Value } from './value.ts'

/** A value in the JSON that upstream's UI and API speak: `{"type": …, "value": …}`. */
export type JsonValue = { readonly type: string; readonly value: unknown }

export function jsonValue(value: Value): JsonValue {
  if (isArray(value)) return { type: 'array', value: value.map(jsonValue) }
  if (isObject(value)) {
    const keys = [...value.keys()].sort()
    return { type: 'object', value: keys.map((key) => ({ key, value: jsonValue(value.get(key) ?? null) })) }
  }
  if (typeof value === 'bigint') return { type: 'number', value: Number(value) }
  if (value instanceof FunctionValue) return { type: 'function', value: 'function' }
  if (value instanceof Secret) return { type: 'capsule', value: '(secret)' }
  if (value instanceof OptionalSecret) {
    return value.isSecret ? { type: 'capsule', value: '(secret)' } : { type: 'string', value: value.text }
  }
  if (typeof value === 'object' && value !== null) return { type: 'capsule', value: formatCapsule(value) }
  return { type: typeOf(value), value }
}
