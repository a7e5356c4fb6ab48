import { parseArgs } from 'node:util'
import type { ParseArgsConfig } from 'node:util'

export interface PromtoolOptions {
  /** Behind `promtool`. */
  readonly args: readonly string[]
  readonly print: (line: string) => void
  readonly printError: (line: string) => void
}

/** A mistake in how the tool is called. */
export class PromtoolError extends Error {
  override name = 'PromtoolError'
}

type Flags = NonNullable<ParseArgsConfig['options']>

/** @throws PromtoolError */
export function readFlags(
  args: readonly string[],
  flags: Flags,
): {
  readonly words: string[]
  readonly one: (name: string) => string | undefined
  readonly many: (name: string) => string[]
  readonly isOn: (name: string) => boolean
} {
  try {
    const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options: flags })
    const many = (name: string): string[] => [values[name] ?? []].flat().map(String)
    return { words: positionals, many, one: (name) => many(name).at(-1), isOn: (name) => values[name] === true }
  } catch (error) {
    throw new PromtoolError(error instanceof Error ? error.message : String(error))
  }
}
