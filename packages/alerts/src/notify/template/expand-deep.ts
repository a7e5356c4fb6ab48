import type { Expander } from './notification-templates.ts'

/** Nested details: every text in them is a template. A text that expands to a JSON list or object becomes one. */
export function expandDeep(value: unknown, expand: Expander): unknown {
  if (typeof value === 'string') return expandValue(expand(value))
  if (Array.isArray(value)) return value.map((item) => expandDeep(item, expand))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [expand(key), expandDeep(item, expand)]),
  )
}

function expandValue(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}
