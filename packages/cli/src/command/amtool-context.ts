import type { loadTool } from '@quartet/alerts'
import type { AmtoolClient } from './amtool-client.ts'
import type { FlagSpec, FlagValues } from './amtool-flags.ts'
import type { Formatter } from './amtool-format.ts'

/** What a command of amtool has at hand. */
export interface AmtoolContext {
  readonly flags: FlagValues
  readonly words: readonly string[]
  readonly tool: Awaited<ReturnType<typeof loadTool>>
  readonly print: (text: string) => void
  readonly warn: (text: string) => void
  readonly nowMs: number
  readonly readInput: () => Promise<string>
  readonly formatter: Formatter
  readonly client: () => Promise<AmtoolClient>
}

export interface AmtoolCommand {
  /** `silence add` */
  readonly name: string
  readonly help: string
  readonly flags: readonly FlagSpec[]
  /** @returns the exit code */
  run(context: AmtoolContext): Promise<number>
}

export function text(flags: FlagValues, name: string): string {
  const value = flags[name]
  return typeof value === 'string' ? value : ''
}

export function list(flags: FlagValues, name: string): readonly string[] {
  const value = flags[name]
  return Array.isArray(value) ? (value as readonly string[]) : []
}
