import { resolve } from 'node:path'
import { findSystem } from '../system-table.ts'
import type { SystemEntry } from '../system-table.ts'
import { suggest, UsageError } from '../system-flags.ts'

export type CommandLine =
  | {
      readonly command: 'up' | 'serve' | 'check'
      readonly systems: readonly SystemArguments[]
      readonly options: OwnOptions
    }
  | { readonly command: Tool; readonly args: readonly string[] }
  | { readonly command: 'version' }
  | { readonly command: 'help' }

export interface SystemArguments {
  readonly entry: SystemEntry
  /** Its flags without the prefix, as given; the system's own thread reads them. */
  readonly args: readonly string[]
}

export interface OwnOptions {
  readonly dataDirectory: string
  readonly stackDirectory: string
  readonly listenHost: string
  readonly logLevel: LogLevelName
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevelName = (typeof LOG_LEVELS)[number]

const COMMANDS = ['up', 'serve', 'check', 'version', 'help'] as const
type Command = (typeof COMMANDS)[number]

/** Commands that read their arguments themselves. */
const TOOLS = ['backup', 'restore', 'verify'] as const
export type Tool = (typeof TOOLS)[number]

/** Commands that `run` knows before it reads a command line of ours. */
const EARLY = ['import', 'export', 'amtool'] as const

const OWN_DEFAULTS = { data: 'data', stack: 'stack', listen: '127.0.0.1', 'log-level': 'warn' }

/**
 * `quartet [command] [system…] [flags]`. Systems come before flags, so that a word after a flag is always its value.
 * @throws UsageError with every problem
 */
export function readCommandLine(args: readonly string[], systems: readonly SystemEntry[]): CommandLine {
  const tool = TOOLS.find((name) => name === args[0])
  if (tool) return { command: tool, args: args.slice(1) }
  const problems: string[] = []
  const { words, flags } = split(args)
  if (flags.some(({ name }) => name === 'help' || name === 'h')) return { command: 'help' }
  if (flags.some(({ name }) => name === 'version')) return { command: 'version' }
  const command = readCommand(words.shift(), problems)
  if (command === 'version' || command === 'help') return { command }

  const selected = readSystems(command, words, systems, problems)
  const own: Record<string, string> = { ...OWN_DEFAULTS }
  const bySystem = new Map<SystemEntry, string[]>(selected.map((entry) => [entry, []]))
  for (const flag of flags) {
    if (flag.name in OWN_DEFAULTS) {
      if (flag.value === undefined || flag.value === '') problems.push(`--${flag.name} needs a value`)
      else own[flag.name] = flag.value
      continue
    }
    const owner = findOwner(flag.name, selected)
    if (owner) bySystem.get(owner.entry)!.push(...joined(owner.name, flag))
    else problems.push(explainUnknown(flag.name, selected))
  }
  if (!LOG_LEVELS.includes(own['log-level'] as LogLevelName)) {
    problems.push(`--log-level is one of ${LOG_LEVELS.join(', ')}, not "${own['log-level']}"`)
  }
  if (problems.length > 0) throw new UsageError(problems)
  return {
    command,
    systems: selected.map((entry) => ({ entry, args: bySystem.get(entry)! })),
    options: {
      dataDirectory: resolve(own['data']!),
      stackDirectory: resolve(own['stack']!),
      listenHost: own['listen']!,
      logLevel: own['log-level'] as LogLevelName,
    },
  }
}

interface Flag {
  readonly name: string
  readonly value: string | undefined
}

function split(args: readonly string[]): { words: string[]; flags: Flag[] } {
  const words: string[] = []
  const flags: Flag[] = []
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!
    if (arg === '--') continue
    const flag = /^--?([^=]+)(?:=([\s\S]*))?$/.exec(arg)
    if (!flag) {
      words.push(arg)
      continue
    }
    const next = args[index + 1]
    if (flag[2] === undefined && next !== undefined && !next.startsWith('-')) {
      flags.push({ name: flag[1]!, value: next })
      index++
    } else flags.push({ name: flag[1]!, value: flag[2] })
  }
  return { words, flags }
}

function readCommand(word: string | undefined, problems: string[]): Command {
  if (word === undefined) return 'up'
  if ((COMMANDS as readonly string[]).includes(word)) return word as Command
  problems.push(`unknown command "${word}"; there are ${[...COMMANDS, ...TOOLS, ...EARLY].join(', ')}`)
  return 'up'
}

function readSystems(
  command: Command,
  words: readonly string[],
  systems: readonly SystemEntry[],
  problems: string[],
): readonly SystemEntry[] {
  if (command === 'up') {
    for (const word of words) problems.push(`unexpected argument "${word}"`)
    return systems
  }
  const selected = new Set<SystemEntry>()
  for (const word of words) {
    const entry = findSystem(systems, word)
    if (entry) selected.add(entry)
    else problems.push(`unknown system "${word}"; there are ${systems.map(({ service }) => service).join(', ')}`)
  }
  if (command === 'check' && words.length === 0) return systems
  if (words.length === 0) problems.push(`serve needs a system: ${systems.map(({ service }) => service).join(', ')}`)
  return [...selected]
}

/** A flag belongs to the system that prefixes it; with one system served, upstream's bare names work too. */
function findOwner(name: string, selected: readonly SystemEntry[]): { entry: SystemEntry; name: string } | undefined {
  for (const entry of selected) {
    for (const prefix of [`${entry.service}.`, `${entry.name}.`]) {
      if (name.startsWith(prefix) && !(selected.length === 1 && prefix === 'web.')) {
        return { entry, name: name.slice(prefix.length) }
      }
    }
  }
  return selected.length === 1 ? { entry: selected[0]!, name } : undefined
}

function joined(name: string, flag: Flag): string[] {
  return [flag.value === undefined ? `--${name}` : `--${name}=${flag.value}`]
}

function explainUnknown(name: string, selected: readonly SystemEntry[]): string {
  const near = suggest(name, Object.keys(OWN_DEFAULTS))
  if (near) return `unknown flag --${name}${near}`
  const example = selected[0]?.service ?? 'prometheus'
  return `unknown flag --${name}; flags of a system carry its name: --${example}.${name}`
}
