import { expandEnvironment } from '@quartet/runtime'

export type Environment = Readonly<Record<string, string | undefined>>

/** Settings that are true or false: what comes from the environment is a text. */
const BOOLEAN_KEYS = new Set([
  'smtp_require_tls',
  'smtp_force_implicit_tls',
  'require_tls',
  'force_implicit_tls',
  'send_resolved',
  'insecure_skip_verify',
])
const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(:?-[^}]*)?\}/g

/**
 * A copy of a parsed document with `${NAME}` and `${NAME:-default}` filled in; a text without any stays as it is.
 * @param unset gets the names of variables without a default that are not set
 */
export function fillIn(value: unknown, environment: Environment, unset: Set<string>): unknown {
  if (typeof value === 'string') return fillText(value, environment, unset)
  if (Array.isArray(value)) return value.map((item) => fillIn(item, environment, unset))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const filled = fillIn(item, environment, unset)
      if (!BOOLEAN_KEYS.has(key) || filled === item) return [key, filled]
      return [key, filled === 'true' ? true : filled === 'false' ? false : filled === '' ? undefined : filled]
    }),
  )
}

function fillText(text: string, environment: Environment, unset: Set<string>): string {
  if (!text.includes('${')) return text
  for (const [, name, fallback] of text.matchAll(VARIABLE)) {
    if (fallback === undefined && !environment[name]) unset.add(name)
  }
  return expandEnvironment(text, environment)
}
