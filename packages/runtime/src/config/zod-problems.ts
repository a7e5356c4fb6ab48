import type { $ZodIssue } from 'zod/v4/core'

export interface Problem {
  readonly path: PropertyKey[]
  /** Points at the key rather than at its value. */
  readonly atKey: boolean
  readonly message: string
}

/** Flattens zod's issues: one problem per unknown key, and of a union the branch that came closest. */
export function describeIssues(issues: readonly $ZodIssue[], root: unknown): Problem[] {
  return issues.flatMap((issue) => describe(issue, [], root))
}

function describe(issue: $ZodIssue, base: PropertyKey[], root: unknown): Problem[] {
  const path = [...base, ...issue.path]
  const own = ownText(issue)
  if (own !== undefined) {
    if (issue.code !== 'unrecognized_keys') return [{ path, atKey: false, message: own }]
    return issue.keys.map((key) => ({ path: [...path, key], atKey: true, message: own.replaceAll('{key}', key) }))
  }
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: [...path, key],
        atKey: true,
        message: `unknown key "${key}"${inside(path)}`,
      }))
    case 'invalid_type': {
      const value = valueAt(root, path)
      if (value === undefined)
        return [{ path, atKey: true, message: `"${nameOf(path)}" is missing${inside(path.slice(0, -1))}` }]
      return [
        { path, atKey: false, message: `"${nameOf(path)}" must be ${article(issue.expected)}, got ${kindOf(value)}` },
      ]
    }
    case 'invalid_union': {
      const closest = closestBranch(issue.errors)
      if (closest) return closest.flatMap((inner) => describe(inner, path, root))
      return [{ path, atKey: false, message: withName(path, issue.message) }]
    }
    case 'invalid_key':
      return [{ path, atKey: true, message: withName(path, issue.issues.map((inner) => inner.message).join('; ')) }]
    default:
      return [{ path, atKey: false, message: issue.code === 'custom' ? issue.message : withName(path, issue.message) }]
  }
}

/** The text that a schema gave through its `error` option, in which `{key}` stands for an unknown key. */
function ownText(issue: $ZodIssue): string | undefined {
  const isAboutShape = issue.code === 'unrecognized_keys' || issue.code === 'invalid_type'
  return isAboutShape && !/^(?:Unrecognized key|Invalid input)/.test(issue.message) ? issue.message : undefined
}

/**
 * A branch that wants another kind of value altogether says nothing, and one whose literal differs (`kind: keep`) is not the one
 * that was meant; among the others the one with the fewest problems.
 */
function closestBranch(branches: readonly (readonly $ZodIssue[])[]): readonly $ZodIssue[] | undefined {
  const sameKind = branches.filter(
    (issues) => !issues.some((issue) => issue.path.length === 0 && issue.code === 'invalid_type'),
  )
  const meant = sameKind.filter(
    (issues) => !issues.some((issue) => issue.path.length === 1 && issue.code === 'invalid_value'),
  )
  return (meant.length > 0 ? meant : sameKind).toSorted((left, right) => left.length - right.length)[0]
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root
  for (const step of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[step]
  return value
}

function nameOf(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : (index > 0 ? '.' : '') + String(step)))
    .join('')
}

function inside(path: readonly PropertyKey[]): string {
  return path.length > 0 ? ` in "${nameOf(path)}"` : ''
}

function withName(path: readonly PropertyKey[], message: string): string {
  return path.length > 0 ? `"${nameOf(path)}": ${message}` : message
}

function article(expected: string): string {
  if (expected === 'object' || expected === 'record') return 'a mapping'
  if (expected === 'array') return 'a list'
  return `${/^[aeiou]/.test(expected) ? 'an' : 'a'} ${expected}`
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a mapping'
  return typeof value === 'string' ? `"${value}"` : String(value)
}
