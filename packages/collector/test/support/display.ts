import type { Value } from '../../src/syntax/index.ts'

/** A value as plain JavaScript, for comparing. */
export function display(value: Value | undefined): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, item]) => [name, display(item as Value)]))
  return Array.isArray(value) ? value.map(display) : value
}
