import { readFileSync } from 'node:fs'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Replaces in every text of a provisioning file, as upstream does after parsing it: `$NAME` and `${NAME}` by the environment,
 * `$$` by a dollar sign, `$__env{NAME}` and `$__file{path}`. Keys stay as they are.
 * @throws the error of reading a `$__file{}`
 */
export function expandValues<T>(value: T, environment: Environment): T {
  if (typeof value === 'string') return expandText(value, environment) as T
  if (Array.isArray(value)) return value.map((item) => expandValues(item, environment)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expandValues(item, environment)])) as T
}

/** As {@link expandValues}; a file that cannot be read becomes a problem at `at`, and the result `undefined`. */
export function expandOrReport<T>(value: T, environment: Environment, at: string, problems: string[]): T | undefined {
  try {
    return expandValues(value, environment)
  } catch (error) {
    problems.push(`${at}: error: $__file{} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

const REFERENCE = /\$\$|\$__(env|file)\{([^}]*)\}|\$\{([^}]*)\}|\$([A-Za-z_][A-Za-z0-9_]*)/g

function expandText(text: string, environment: Environment): string {
  return text.replaceAll(
    REFERENCE,
    (whole, provider?: string, argument?: string, braced?: string, plain?: string): string => {
      if (whole === '$$') return '$'
      if (provider === 'file') return readFileSync(argument ?? '', 'utf8').trim()
      return environment[argument ?? braced ?? plain ?? ''] ?? ''
    },
  )
}
