import { FunctionValue, isArray, isObject, OptionalSecret, Secret } from '../value.ts'
import type { Value } from '../value.ts'

/** The first argument that is not the zero value of its type, else the last. */
export const coalesce = new FunctionValue('coalesce', (values) => {
  for (const value of values) if (!isZero(value)) return value
  return values.at(-1) ?? null
})

function isZero(value: Value): boolean {
  if (isArray(value)) return value.length === 0
  if (isObject(value)) return value.size === 0
  if (value instanceof Secret) return value.text === ''
  if (value instanceof OptionalSecret) return value.text === '' && !value.isSecret
  return value === null || value === '' || value === false || value === 0n || value === 0
}
