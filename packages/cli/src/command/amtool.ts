import { ConfigError, systemClock } from '@quartet/runtime'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { text as readStream } from 'node:stream/consumers'
import { ALERT_COMMANDS } from './amtool-alert.ts'
import { AmtoolClient } from './amtool-client.ts'
import { CONFIG_COMMANDS } from './amtool-config.ts'
import type { AmtoolCommand } from './amtool-context.ts'
import { AmtoolError, COMMON_FLAGS, readFlags } from './amtool-flags.ts'
import { createFormatter } from './amtool-format.ts'
import { SILENCE_COMMANDS } from './amtool-silence.ts'

export interface AmtoolOptions {
  /** Behind `amtool`. */
  readonly args: readonly string[]
  readonly print: (line: string) => void
  readonly printError: (line: string) => void
  readonly readInput?: () => Promise<string>
  /** Where the configuration is looked for. */
  readonly home?: string
}

const COMMANDS: readonly AmtoolCommand[] = [...ALERT_COMMANDS, ...SILENCE_COMMANDS, ...CONFIG_COMMANDS]
/** What a group does when no command is named. */
const DEFAULTS: Readonly<Record<string, string>> = {
  alert: 'alert query',
  silence: 'silence query',
  config: 'config show',
  'config routes': 'config routes show',
  cluster: 'cluster show',
}

/** `quartet amtool …`: upstream's command line for an Alertmanager, ours or another. @returns the exit code */
export async function amtool(options: AmtoolOptions): Promise<number> {
  const { args, print, printError } = options
  if (args.some((arg) => arg === '--help' || arg === '-h') || args.length === 0 || args[0] === 'help') {
    help(args, print)
    return args.length === 0 ? 1 : 0
  }
  if (args[0] === '--version') {
    print('amtool, version 0.30.0 (quartet)')
    return 0
  }
  try {
    const { loadTool } = await import('@quartet/alerts')
    const tool = await loadTool()
    const home = options.home ?? homedir()
    const configured =
      (await tool.readToolConfig(join(home, '.config', 'amtool', 'config.yml'))) ??
      (await tool.readToolConfig('/etc/amtool/config.yml')) ??
      {}
    const { command, rest } = findCommand(args)
    const known = { ...configured, 'require-comment': configured['require-comment'] ?? configured['comment_required'] }
    const { flags, words } = readFlags(rest, [...COMMON_FLAGS, ...command.flags], known)
    const output = flags['output']
    if (output !== 'simple' && output !== 'extended' && output !== 'json') {
      throw new AmtoolError(`enum value must be one of extended,json,simple, got '${String(output)}'`)
    }
    let client: Promise<AmtoolClient> | undefined
    const connect = async (): Promise<AmtoolClient> => {
      const created = await AmtoolClient.create(flags, tool, printError)
      await created.checkVersion()
      return created
    }
    return await command.run({
      flags,
      words,
      tool,
      print,
      warn: printError,
      nowMs: systemClock.nowMs(),
      readInput: options.readInput ?? (() => readStream(process.stdin)),
      formatter: createFormatter(output, String(flags['date.format']), tool),
      client: () => (client ??= connect()),
    })
  } catch (error) {
    if (error instanceof AmtoolError) printError(`amtool: error: ${error.message}`)
    else if (error instanceof ConfigError) for (const problem of error.problems) printError(`amtool: error: ${problem}`)
    else if (error instanceof Error && 'code' in error) printError(`amtool: error: ${error.message}`)
    else throw error
    return 1
  }
}

/** The words of a command come first, but flags may stand before and between them. */
function findCommand(args: readonly string[]): { command: AmtoolCommand; rest: readonly string[] } {
  const takesValue = (arg: string): boolean =>
    /^--?[^=]+$/.test(arg) &&
    COMMON_FLAGS.some(({ kind, name, short }) => kind !== 'switch' && (arg === `--${name}` || arg === `-${short}`))
  const places: number[] = []
  for (let index = 0; index < args.length && places.length < 3; index++) {
    const arg = args[index]!
    if (!arg.startsWith('-')) places.push(index)
    else if (takesValue(arg)) index++
  }
  for (let count = places.length; count > 0; count--) {
    const used = places.slice(0, count)
    const name = used.map((place) => args[place]).join(' ')
    const command = COMMANDS.find((candidate) => candidate.name === (DEFAULTS[name] ?? name))
    if (command) return { command, rest: args.filter((_, index) => !used.includes(index)) }
  }
  throw new AmtoolError(`expected command but got ${JSON.stringify(args[places[0] ?? 0])}`)
}

function help(args: readonly string[], print: (line: string) => void): void {
  const wanted = args.filter((arg) => !arg.startsWith('-') && arg !== 'help').join(' ')
  const shown = COMMANDS.filter(({ name }) => wanted === '' || wanted.startsWith(name) || name.startsWith(wanted))
  print('usage: quartet amtool [flags] <command> [flags] [args]\n')
  for (const { flags, help: text, name } of shown) {
    print(`  ${name}\n      ${text}`)
    for (const flag of flags) print(flagLine(flag))
  }
  print('\nFlags of all commands (also in ~/.config/amtool/config.yml or /etc/amtool/config.yml):')
  for (const flag of COMMON_FLAGS) print(flagLine(flag))
}

function flagLine({ default: value, help: text, kind, name, short }: AmtoolCommand['flags'][number]): string {
  const argument =
    kind === 'switch' ? '' : `=${value === undefined || value === '' ? name.toUpperCase() : String(value)}`
  return `      ${short === undefined ? '    ' : `-${short}, `}--${name}${argument}  ${text}`
}
