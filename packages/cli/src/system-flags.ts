import type { FlagDefinition, SystemOptions } from '@quartet/runtime'
import { parseArgs } from 'node:util'

/** What is wrong with a command line; one line per problem. */
export class UsageError extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'UsageError'
    this.problems = problems
  }
}

export interface Placeholders {
  readonly data: string
  readonly stack: string
  readonly listen: string
}

/**
 * Reads one system's flags as upstream's programs do: `--name=value`, `--name value`, Go's single dash, `--no-name` and
 * `--name=false` for booleans. What is not given gets its default with the placeholders filled in.
 * @throws UsageError with every problem
 */
export function readSystemFlags(
  definitions: readonly FlagDefinition[],
  args: readonly string[],
  placeholders: Placeholders,
): SystemOptions['flags'] {
  const byName = new Map(definitions.map((definition) => [definition.name, definition]))
  const values: Record<string, string | boolean | string[]> = defaultsOf(definitions, placeholders)
  const given = new Set<string>()
  const problems: string[] = []
  const { tokens } = parseArgs({
    args: args.map(withTwoDashes),
    options: Object.fromEntries(definitions.map(({ name, kind }) => [name, { type: kind }])),
    strict: false,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`unexpected argument "${token.value}"`)
    if (token.kind !== 'option') continue
    const definition = byName.get(token.name)
    const negated = definition ? undefined : byName.get(token.name.replace(/^no-/, ''))
    if (definition?.kind === 'string') {
      if (token.value === undefined || (!token.inlineValue && token.value.startsWith('--'))) {
        problems.push(`--${token.name} needs a value`)
      } else if (definition.repeatable && given.has(token.name)) (values[token.name] as string[]).push(token.value)
      else values[token.name] = definition.repeatable ? [token.value] : token.value
      given.add(token.name)
    } else if (definition) {
      const value = BOOLEANS.get(token.value ?? 'true')
      if (value === undefined) problems.push(`--${token.name} is true or false, not "${token.value}"`)
      else values[token.name] = value
    } else if (negated?.kind === 'boolean' && token.value === undefined) values[negated.name] = false
    else problems.push(`unknown flag --${token.name}${suggest(token.name, byName.keys())}`)
  }
  if (problems.length > 0) throw new UsageError(problems)
  return values
}

const BOOLEANS = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])

function defaultsOf(
  definitions: readonly FlagDefinition[],
  placeholders: Placeholders,
): Record<string, string | boolean | string[]> {
  const values: Record<string, string | boolean | string[]> = {}
  for (const { name, kind, repeatable, default: text } of definitions) {
    if (text === undefined) {
      if (repeatable) values[name] = []
      continue
    }
    const filled = text.replace(/\$\{(data|stack|listen)\}/g, (_whole, key: keyof Placeholders) => placeholders[key])
    values[name] = kind === 'boolean' ? filled === 'true' : repeatable ? [filled] : filled
  }
  return values
}

/** Go's flag package takes `-config.file` for `--config.file`. */
function withTwoDashes(arg: string): string {
  return /^-[A-Za-z][\w.-]/.test(arg) ? `-${arg}` : arg
}

/** `; did you mean --x?` when a known name is at most two edits away. */
export function suggest(name: string, known: Iterable<string>): string {
  let best: string | undefined
  let bestDistance = 3
  for (const candidate of known) {
    const distance = editDistance(name, candidate)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best === undefined ? '' : `; did you mean --${best}?`
}

function editDistance(left: string, right: string): number {
  if (Math.abs(left.length - right.length) > 2) return 3
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const substitution = previous[column - 1]! + (left[row - 1] === right[column - 1] ? 0 : 1)
      current.push(Math.min(substitution, previous[column]! + 1, current[column - 1]! + 1))
    }
    previous = current
  }
  return previous[right.length]!
}
