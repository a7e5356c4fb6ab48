import type { Document } from 'yaml'
import type { $ZodIssue } from 'zod/v4/core'
import { scalarAt } from './yaml-position.ts'

/** Turns null values of mappings into `undefined`, in place: Go's decoders leave such fields at their defaults. */
export function plainValue(value: unknown): unknown {
  if (Array.isArray(value)) {
    for (const item of value) plainValue(item)
    return value
  }
  if (typeof value !== 'object' || value === null) return value
  for (const [key, item] of Object.entries(value)) {
    if (item === null) (value as Record<string, unknown>)[key] = undefined
    else plainValue(item)
  }
  return value
}

/**
 * Where a string was wanted and the document has an unquoted number or boolean, puts the text as it was written.
 * @returns whether anything changed
 */
export function restoreText(
  root: unknown,
  issues: readonly $ZodIssue[],
  document: Document,
  base: PropertyKey[] = [],
): boolean {
  let hasChanged = false
  for (const issue of issues) {
    const path = [...base, ...issue.path]
    if (issue.code === 'invalid_union') {
      for (const branch of issue.errors) hasChanged = restoreText(root, branch, document, path) || hasChanged
    } else if (issue.code === 'invalid_type' && issue.expected === 'string') {
      hasChanged = restoreOne(root, path, document) || hasChanged
    }
  }
  return hasChanged
}

function restoreOne(root: unknown, path: readonly PropertyKey[], document: Document): boolean {
  const last = path.at(-1)
  const scalar = scalarAt(document, path)
  if (last === undefined || !scalar) return false
  let holder = root as Record<PropertyKey, unknown> | undefined
  for (const step of path.slice(0, -1)) holder = holder?.[step] as Record<PropertyKey, unknown> | undefined
  const current = holder?.[last]
  if (!holder || (typeof current !== 'number' && typeof current !== 'boolean' && typeof current !== 'bigint'))
    return false
  holder[last] = scalar.source
  return true
}
